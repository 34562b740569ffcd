"""Tailrace: a self-hosted bulk extract server for leads and their activity log."""

__version__ = "0.1.0"
