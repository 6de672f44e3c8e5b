"""The core of the cockpit: it knows no HTTP and no template."""

__version__ = "0.1.0"
