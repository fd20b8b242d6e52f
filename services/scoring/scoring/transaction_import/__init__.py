"""Sheets of transactions, read as long work."""
