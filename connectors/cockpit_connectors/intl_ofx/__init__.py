"""Bank and card statements from OFX files, 1.x (SGML) and 2.x (XML)."""
