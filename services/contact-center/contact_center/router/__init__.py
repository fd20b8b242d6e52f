"""The router: the one process that offers waiting contacts to agents, and what ends by itself."""
