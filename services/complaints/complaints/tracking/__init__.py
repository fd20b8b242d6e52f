"""What customers see of their own complaint."""
