"""Bulk lead imports: what an API user may do with them, reading the files, running them."""
