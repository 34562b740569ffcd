"""The directory of a home: its store or the mark of one elsewhere, its key, its locks."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tailrace.domain.errors import HomeError
from tailrace.durability import sync_path

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

#: The store of a home that has no other.
DATABASE_NAME = "tailrace.db"

#: The file that makes a directory a home whose store is elsewhere.
STORE_MARK_NAME = "store"

_STORE_MARK = (
    "The store of this home is a PostgreSQL database: --store or TAILRACE_STORE names it.\n"
)

_KEY_BYTES = 32


def check_store(home: Path, *, is_elsewhere: bool, must_exist: bool) -> None:
    """Raises HomeError for a home that is not there, or keeps its store in the other place."""
    has_file = (home / DATABASE_NAME).exists()
    has_mark = (home / STORE_MARK_NAME).exists()
    if has_mark and not is_elsewhere:
        raise HomeError(f"Home '{home}': {_STORE_MARK.strip()}")
    if has_file and is_elsewhere:
        raise HomeError(f"The store of the home '{home}' is its file '{DATABASE_NAME}'.")
    if must_exist and not (has_file or has_mark):
        raise HomeError(
            f"There is no home at '{home}'. `tailrace serve` makes one; --home names another."
        )


def mark_store(home: Path) -> None:
    """Have the home remember that its store is elsewhere."""
    path = home / STORE_MARK_NAME
    if not path.exists():
        path.write_text(_STORE_MARK, encoding="utf-8")
        sync_path(path)
        sync_path(home)


def key_of(path: Path) -> bytes:
    """The secret that tokens and secret hashes derive from; made once, readable by its owner."""
    if not path.exists():
        partial = path.with_suffix(".part")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        sync_path(path.parent)
    return path.read_bytes()


@contextmanager
def locked(path: Path, *, is_exclusive_now: bool) -> Generator[None]:
    """Hold the lock of `path`: wait for it, or with `is_exclusive_now` raise HomeError at once."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if is_exclusive_now else 0))
        except BlockingIOError as error:
            raise HomeError(f"Another server runs on the home '{path.parent}'.") from error
        yield
