"""The stream of an agent's desktop: offers and changes of contacts as they happen."""
