"""The pages of the auditor's house, one module each."""
