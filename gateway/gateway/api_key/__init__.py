"""API keys for simple partners."""
