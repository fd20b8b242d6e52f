"""How customers are related to each other."""
