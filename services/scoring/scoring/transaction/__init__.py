"""Orders and refunds, as partners send them."""
