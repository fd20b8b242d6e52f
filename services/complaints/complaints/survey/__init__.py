"""Survey answers that open a case."""
