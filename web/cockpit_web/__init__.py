"""The web room: pages a person uses in a browser. It calls acts and readers, and holds no rule of its own."""
