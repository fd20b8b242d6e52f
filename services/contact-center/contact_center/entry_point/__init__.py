"""Entry points: which address that was called leads where."""
