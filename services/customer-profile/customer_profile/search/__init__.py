"""Finding customers by parts of their names and numbers."""
