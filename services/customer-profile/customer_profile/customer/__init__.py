"""The customer's file: names, facts with their sources, identifiers, tags, tier."""
