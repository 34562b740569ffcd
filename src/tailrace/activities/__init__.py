"""The activities of a subscription as one: hot rows in the store, all others in the lake."""
