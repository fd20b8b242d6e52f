"""The composed customer overview."""
