"""One-time tickets for event streams."""
