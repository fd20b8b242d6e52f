"""Care plans and the tasks they make."""
