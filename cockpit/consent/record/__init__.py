"""The record of a consent: made from the clause, printed, read again, and said in plain words."""
