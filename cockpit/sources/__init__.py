"""All that a connector may see: its manifest, the port it implements, and the walls around it."""
