"""The doors of the auditor's house: its commands and its pages, in a process that cannot reach the store."""
