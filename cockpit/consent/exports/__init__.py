"""A record said in other formats: each a pure function from the record to JSON values."""
