"""The activities of each subscription: an append-only Delta table that any Delta reader can open."""
