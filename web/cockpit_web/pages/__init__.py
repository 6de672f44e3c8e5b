"""One module a page; each has a ``router``, and none knows another."""
