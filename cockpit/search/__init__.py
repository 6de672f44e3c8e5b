"""Finding a record by what it says: words, an index in memory, and questions put to it. No SQLAlchemy, no keys."""
