"""Which waiting contact goes to which agent:
the laws, and the matcher that keeps to them in memory.
"""
