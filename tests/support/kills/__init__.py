"""Servers that are killed at random moments while clients call, and what their history must show."""
