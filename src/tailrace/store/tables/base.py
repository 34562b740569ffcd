"""What every table is made of: one metadata, instants as microseconds, keys of a subscription."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.ext.compiler import compiles
from typing_extensions import override

from tailrace.store.dialects.expressions import POSTGRESQL

if TYPE_CHECKING:
    from sqlalchemy import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _ByteOrdered(TypeDecorator[str]):
    """Texts that compare byte by byte, as SQLite does it, whatever the collation of the database."""

    impl = Text
    cache_ok = True


@compiles(_ByteOrdered, POSTGRESQL)
def _byte_ordered_column(*_: object, **_options: object) -> str:
    # Of the column alone: a type with the collation would give it to each value, too.
    return 'TEXT COLLATE "C"'


#: As wide as SQLite has it, in every database.
WHOLE_NUMBER = Integer().with_variant(BigInteger(), POSTGRESQL)

TEXT = Text().with_variant(_ByteOrdered(), POSTGRESQL)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Microseconds(TypeDecorator[datetime]):
    """An aware datetime kept as microseconds since 1970 UTC: exact, ordered, the same everywhere."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def short_text(characters: int) -> String:
    """A text of which the rules of its kind allow so many characters; no database counts them."""
    return String(characters).with_variant(_ByteOrdered(), POSTGRESQL)


def subscription_key() -> Column[int]:
    """The column that says whose row it is."""
    return Column("subscription_id", WHOLE_NUMBER, nullable=False)


def of_subscription(*columns: str, table: str) -> ForeignKeyConstraint:
    """A foreign key within the subscription, to the ids of `table`."""
    return ForeignKeyConstraint(
        ["subscription_id", *columns],
        [f"{table}.subscription_id", *(f"{table}.id" for _ in columns)],
    )
