"""A witness of logs (C2SP tlog-witness): a process of its own, with its own key, that cosigns what only grew."""
