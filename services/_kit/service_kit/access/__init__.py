"""Who may see what, and how services ask one another."""
