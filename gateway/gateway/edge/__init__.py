"""The outermost layer: who calls, what is allowed, and the answer's headers."""
