"""Typed identifiers of customers and their contact persons."""
