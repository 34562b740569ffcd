"""Values of a file with types of its own, as the texts that files of other formats have."""

from __future__ import annotations

import polars as pl

from tailrace.domain.errors import AdministrationError

#: Types besides the numeric ones whose values have one text.
_PLAIN_KINDS = (pl.String, pl.Boolean, pl.Date, pl.Null, pl.Categorical, pl.Enum)


def is_type_of_ids_or_instants(kind: pl.DataType) -> bool:
    return kind.is_integer() or isinstance(kind, pl.Datetime)


def text_of(name: str, kind: pl.DataType) -> pl.Expr:
    """The column's values as texts, null where there is none or an empty one.

    Raises AdministrationError for a type whose values have no text.
    """
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        utc = column.dt.convert_time_zone("UTC") if kind.time_zone else column
        return utc.dt.to_string("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(kind, pl.Struct):
        text = column.struct.json_encode()
    elif kind.is_numeric() or isinstance(kind, _PLAIN_KINDS):
        text = column.cast(pl.String)
    else:
        raise AdministrationError(f"Column '{name}' holds {kind}, which cannot be loaded.")
    return pl.when(text != "").then(text).alias(name)
