"""Documents, not code: the vocabulary, the kinds of data, the uses."""
