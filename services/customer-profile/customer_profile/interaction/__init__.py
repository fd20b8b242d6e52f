"""Every touch with a customer, on any channel."""
