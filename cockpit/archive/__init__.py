"""What a person takes away: one archive that opens without us, and the receipts in it."""
