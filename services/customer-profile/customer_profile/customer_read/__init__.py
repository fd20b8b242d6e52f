"""Reading many customers' files at once."""
