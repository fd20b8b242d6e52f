"""Importing customers from sheets as long work."""
