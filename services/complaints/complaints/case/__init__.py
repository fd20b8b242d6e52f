"""The complaint itself: its steps, its moves and its record."""
