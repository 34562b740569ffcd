"""A directory for PYTHONPATH: what `tailrace redirect` puts in the way of a Python client."""
