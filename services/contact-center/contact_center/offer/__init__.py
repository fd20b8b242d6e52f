"""An offer: a contact reserved for one agent for some seconds."""
