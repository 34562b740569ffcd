"""Leads to measure with: a home that holds so many, made in order of createdAt."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.activity_data import DAYS, MONTH_START

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Fields of the subscription's own, and their types in Polars.
CUSTOM_FIELDS = {"loyaltyPoints": "Int64", "isVip": "Boolean", "favouriteColour": "String"}
#: What a lead export asks for.
STANDARD_FIELDS = (
    "id", "email", "firstName", "lastName", "company", "createdAt", "leadScore",
)  # fmt: skip
_COLUMNS = ("id", "email", "firstName", "lastName", "company", "leadScore", "phone", "country")


def fill_leads(home: str, count: int) -> None:
    """The home with `count` leads, written past the product's own checks."""
    from tailrace.app import open_application
    from tailrace.domain.lead_fields import DataType
    from tailrace.settings import Settings

    application = open_application(Settings(home=Path(home)))
    subscription_id = application.subscriptions.default_id()
    application.subscriptions.set(subscription_id, "quota_megabytes", "0")
    types = (DataType.INTEGER, DataType.BOOLEAN, DataType.STRING)
    for name, data_type in zip(CUSTOM_FIELDS, types, strict=True):
        application.subscriptions.create_lead_field(
            subscription_id, name=name, display_name=name, data_type=data_type
        )
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    statement = (
        f'INSERT INTO lead (subscription_id, "createdAt", "updatedAt", changed_at, custom, {names})'
        f" VALUES ({', '.join('?' * (5 + len(_COLUMNS)))})"
    )
    with closing(sqlite3.connect(Path(home) / "tailrace.db")) as connection, connection:
        connection.executemany(statement, _leads(subscription_id, count))
    application.close()


def _leads(subscription_id: int, count: int) -> Iterator[tuple[object, ...]]:
    draw = random.Random(1)
    step = timedelta(days=DAYS) / (count + 1)
    for number in range(1, count + 1):
        moment = (MONTH_START + number * step).strftime("%Y-%m-%dT%H:%M:%SZ")
        own = {
            "loyaltyPoints": number % 1000,
            "isVip": number % 2 == 0,
            "favouriteColour": draw.choice(("red", "green", 'blue, "dark"')),
        }
        yield (
            subscription_id,
            moment,
            moment,
            moment,
            json.dumps(own),
            number,
            f"lead{number}@example.com",
            f"First{number % 1000}",
            'O"Neil' if number % 50 == 0 else "Miller",
            "Acme, Inc" if number % 3 == 0 else "Initech",
            number % 100,
            None if number % 3 else "+1 555 0100",
            "Germany",
        )
