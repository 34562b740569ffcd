"""Stands in for the package `certifi` in a client that `tailrace redirect` runs.

Python's HTTP libraries take the authorities to trust from `certifi`, and some of their calls look
nowhere else: `requests` reads REQUESTS_CA_BUNDLE, but not where a session sends a request that was
prepared before, as tap-marketo does. Runs in whatever Python the client has.
"""

from __future__ import annotations

import os
from pathlib import Path

__version__ = "0"


def where() -> str:
    """The file of the authority that the client is to trust."""
    return os.environ["SSL_CERT_FILE"]


def contents() -> str:
    """What is in that file."""
    return Path(where()).read_text(encoding="ascii")
