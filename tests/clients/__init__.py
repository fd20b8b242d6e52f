"""Clients that generators make of the contract, played against a running instance."""
