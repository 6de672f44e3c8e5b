"""OAuth: what a service asks, who it is, and the tokens that carry the key of what was granted."""
