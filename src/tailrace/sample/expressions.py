"""Expressions that sample data of every kind is put together from."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tailrace.sample.dice import Dice


def sometimes(dice: Dice, name: str, percent: float, value: pl.Expr) -> pl.Expr:
    """The value for about so many rows of a hundred, null for the others."""
    return pl.when(dice.chance(f"has {name}", percent)).then(value)


def decimal_text(dice: Dice, name: str, below: int) -> pl.Expr:
    """A decimal number with at most two places, in its canonical spelling."""
    hundredths = dice.roll(name, below * 100)
    places = (hundredths % 100).cast(pl.String).str.zfill(2)
    text = pl.concat_str((hundredths // 100).cast(pl.String), pl.lit("."), places)
    return text.str.strip_chars_end("0").str.strip_chars_end(".")


def date_text(dice: Dice, name: str, first_year: int, years: int) -> pl.Expr:
    """A date as a result file shows it."""
    day = pl.lit(date(first_year, 1, 1)) + pl.duration(days=dice.roll(name, years * 365))
    return day.dt.to_string("%Y-%m-%d")


def json_text(text: str) -> str:
    """A text as it stands in a JSON document."""
    return json.dumps(text, ensure_ascii=False)


def json_object(members: Mapping[str, pl.Expr]) -> pl.Expr:
    """The compact JSON object of values that are JSON texts already; null ones are left out."""
    parts = [
        pl.concat_str(pl.lit(f"{json_text(name)}:"), value, pl.lit(","))
        for name, value in members.items()
    ]
    inside = pl.concat_str([pl.lit(""), *parts], ignore_nulls=True).str.strip_suffix(",")
    return pl.concat_str(pl.lit("{"), inside, pl.lit("}"))
