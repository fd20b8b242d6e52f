"""The course of a case: its states, the moves between them, and whose they are."""
