"""A closed subset of Cedar, compiled: values, expressions, policies; and Cedar itself to check it."""
