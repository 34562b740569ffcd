"""Object storage (S3, Google, Azure) for all libraries of ours that speak to it: one way to say how.

Theory of operation: an address says where, and everything else, credentials above all, is read by
each library from the environment, under the same names. So an address is all that a process hands
to another, and no secret passes through our hands. All of them repeat what fails, with growing
pauses, for the same time.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, S3Store

if TYPE_CHECKING:
    from obstore.store import RetryConfig

Store: TypeAlias = S3Store | GCSStore | AzureStore

#: What the library raises when it is refused or cannot reach the storage.
REFUSALS = (BaseError, OSError)

#: For so long a look at whether the storage answers is repeated: whoever asks waits for it.
CHECK_SECONDS = 2.0

#: The object that says whose a place is.
OWNER_NAME = "tailrace-home"

#: Pauses between attempts, in milliseconds; the time for all of them is a setting.
_FIRST_PAUSE, _LONGEST_PAUSE = 100, 5000
_MOST_RETRIES = 1000

_STORES: dict[str, type[Store]] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}

#: What is longer is a document, of which nobody reads more.
_REASON_CHARACTERS = 400

#: How the Delta library lays out what is behind an error.
_LAID_OUT = re.compile(r"\s*\x1b\[\d+m↳\x1b\[0m\s*")


def store_at(address: str, retry_seconds: float) -> Store:
    """The objects below an address. Raises ValueError or BaseError for one that is none."""
    retry: RetryConfig = {
        "max_retries": _MOST_RETRIES,
        "retry_timeout": timedelta(seconds=retry_seconds),
        "backoff": {
            "init_backoff": timedelta(milliseconds=_FIRST_PAUSE),
            "max_backoff": timedelta(milliseconds=_LONGEST_PAUSE),
            "base": 2,
        },
    }
    scheme = address.partition("://")[0]
    if scheme not in _STORES:
        raise ValueError(f"no object storage is at {scheme}://")
    return _STORES[scheme].from_url(address, retry_config=retry)


def delta_options(address: str, retry_seconds: float) -> dict[str, str]:
    """What the Delta library is told of a table there, besides its address."""
    options = {
        "max_retries": str(_MOST_RETRIES),
        "retry_timeout": f"{round(retry_seconds * 1000)}ms",
        "backoff_config.init_backoff": f"{_FIRST_PAUSE}ms",
        "backoff_config.max_backoff": f"{_LONGEST_PAUSE}ms",
    }
    if address.startswith("s3://"):
        # An entry of the log is put only where there is none: so of two writers one is refused.
        options["aws_conditional_put"] = "etag"
    return options


def scan_options(retry_seconds: float) -> dict[str, Any]:
    """What Polars is told of files there, besides their addresses."""
    return {
        "max_retries": _MOST_RETRIES,
        "retry_timeout_ms": round(retry_seconds * 1000),
        "retry_init_backoff_ms": _FIRST_PAUSE,
        "retry_max_backoff_ms": _LONGEST_PAUSE,
    }


def owner_of(store: Store, would_be_owner: str | None = None) -> str | None:
    """Whose the place is; `would_be_owner` takes it first if it is nobody's.

    None if it is nobody's. Raises one of REFUSALS.
    """
    if would_be_owner is not None:
        with suppress(AlreadyExistsError):
            obstore.put(store, OWNER_NAME, would_be_owner.encode(), mode="create")
    try:
        return bytes(obstore.get(store, OWNER_NAME).bytes()).decode(errors="replace")
    except FileNotFoundError:
        return None


def heeds_conditions(store: Store) -> bool:
    """Whether it refuses to put what is there already, as the place's owner is. Raises REFUSALS."""
    try:
        obstore.put(store, OWNER_NAME, obstore.get(store, OWNER_NAME).bytes(), mode="create")
    except AlreadyExistsError:
        return True
    return False


def reason_of(error: BaseException) -> str:
    """What a library says, in one line: the request, how often, and the status."""
    said = _LAID_OUT.sub(" ", str(error)).strip()
    return said.partition("\n")[0][:_REASON_CHARACTERS]
