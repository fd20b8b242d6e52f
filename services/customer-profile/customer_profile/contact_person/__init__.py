"""People of an organization and their part in its decisions."""
