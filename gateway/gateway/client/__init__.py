"""Clients: the programs that get tokens."""
