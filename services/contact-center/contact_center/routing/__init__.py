"""Which waiting contact goes to which agent."""
