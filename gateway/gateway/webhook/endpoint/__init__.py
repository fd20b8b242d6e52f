"""Endpoints: where a partner wants which events."""
