"""Limits per client, shared among replicas."""
