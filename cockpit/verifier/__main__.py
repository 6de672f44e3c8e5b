"""``python -m cockpit.verifier FILE``."""

import sys

from cockpit.verifier.verify import main

sys.exit(main(sys.argv[1:]))
