"""What a person takes home of a decision: the signed version of its record, and the receipt of it."""
