"""One file an act, named by its verb. Acts are the only writers: one transaction and its log entries, or neither."""
