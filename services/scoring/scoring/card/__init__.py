"""Score cards: what a customer's purchases say by the models and the terms of a run."""
