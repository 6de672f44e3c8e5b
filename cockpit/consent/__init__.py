"""Consent, pure: what may be asked, what is shown, what is decided, what may leave. No clock, no database."""
