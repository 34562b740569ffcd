"""Whose a shared store is: it remembers a hash of the key of its home."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from tailrace.domain.errors import HomeError
from tailrace.store.tables import home_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tailrace.store.database import Database


def confirm_key(database: Database, key: bytes) -> None:
    """See to it that the store is that of the home with this key.

    Raises HomeError if it is another's: tokens would mean nothing there, and its activities and
    files lie elsewhere.
    """
    fingerprint = hmac.digest(key, b"home", "sha256")
    with database.read() as connection:
        known = _known(connection)
    if known is None:
        with database.write() as connection:
            # Another home may have come first.
            known = _known(connection)
            if known is None:
                connection.execute(insert(home_key).values(fingerprint=fingerprint))
                return
    if not hmac.compare_digest(known, fingerprint):
        raise HomeError("The database is that of another home: their files `key` differ.")


def _known(connection: Connection) -> bytes | None:
    return connection.execute(select(home_key.c.fingerprint)).scalar()
