"""Keys, envelopes and signatures: the only room, with the verifier, that touches ``cryptography``."""
