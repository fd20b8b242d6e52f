"""A contact: one piece of work on one channel, from its arrival to its completion."""
