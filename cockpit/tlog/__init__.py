"""The transparency log, in the words of RFC 6962, RFC 9162 and C2SP; pure: whoever stores hands in the hashes."""
