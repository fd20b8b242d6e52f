"""Business calendars: what counts as working time, and the arithmetic on it."""
