"""The only room that speaks SQL: one person's sealed space, the ledger, and the rows around them."""
