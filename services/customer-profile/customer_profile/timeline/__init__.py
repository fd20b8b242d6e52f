"""One list of all that happened with a customer, newest first."""
