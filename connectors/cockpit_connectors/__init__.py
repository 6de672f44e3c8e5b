"""One folder a source. Connectors see the contract in ``cockpit.sources`` and the words in ``cockpit.domain``."""
