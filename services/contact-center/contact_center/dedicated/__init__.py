"""Dedicated agents: who of the agents belongs to a customer."""
