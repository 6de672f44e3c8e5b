"""``python -m cockpit``: the same as the command ``cockpit``."""

from cockpit.cli import main

main()
