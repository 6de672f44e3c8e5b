"""The auditor's house: a process of its own that learns everything from the audit API, and cannot reach the store."""
