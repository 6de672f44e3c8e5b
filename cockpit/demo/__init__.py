"""The fictional citizens of the demonstration and their files, written in the real formats from a seed."""
