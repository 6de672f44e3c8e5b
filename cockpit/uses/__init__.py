"""Value with no third party, pure: what a person's own records say to that person. No clock, no store."""
