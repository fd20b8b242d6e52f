"""The token endpoint and access tokens."""
