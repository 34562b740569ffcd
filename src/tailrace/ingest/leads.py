"""Loading files of leads into the store.

Theory of operation: one thread reads records, one checks them, and this one stores them, some
thousand rows a transaction, so that a server on the same home is never kept waiting for long. A
lead is known by its id, else by its address; a row with neither has an id reserved for it by the
file's content and the row's place in it. So a file may be loaded again, also after a crash in the
middle; one that was loaded to its end without a rejection is not even looked at.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from itertools import batched
from typing import TYPE_CHECKING
