"""What other services tell, and what it changes here."""
