"""Declarative flows: what a caller hears and presses before somebody answers."""
