"""A lead export is the same bytes from either store, however many processes read it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
import pytest

from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.export_request import (
    CreatedLeads,
    InstantRange,
    SmartListMembers,
    StaticListMembers,
    UpdatedLeads,
)
from tailrace.domain.instants import parse_instant
from tailrace.domain.lead_fields import DataType
from tailrace.extract.lead_scan import snapshot_frames
from tailrace.store.lead_batch import insert_leads
from tailrace.store.lead_query import LeadSelection
from tailrace.store.tables import lead, smart_list, static_list, static_list_member
from tests.support.application import SteppedApplication
from tests.support.stores import POSTGRESQL, SQLITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.domain.caller import Caller
    from tailrace.domain.export_request import LeadFilter
    from tailrace.domain.lead_fields import LeadField
    from tailrace.store.database import Database

LEADS = 60
RULE = {"any": [{"field": "firstName", "operator": "contains", "values": ["Ä", "b%"]}]}
TEXTS = (None, "Ada", "a,b", 'say "x"', "two\nlines", "Ärger", "B%", "b%", "_", "\\N", "\\.")
FIELDS = ("id", "firstName", "createdAt", "leadScore", "unsubscribed", "ownText", "ownFlag")
ALL_TIME = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-31T00:00:00Z"}
RANGE = InstantRange(parse_instant(ALL_TIME["startAt"]), parse_instant(ALL_TIME["endAt"]))
FILTERS: dict[str, LeadFilter] = {
    "createdAt": CreatedLeads(RANGE),
    "updatedAt": UpdatedLeads(RANGE),
    "staticListId": StaticListMembers(11),
    "smartListId": SmartListMembers(12),
}


@dataclass(frozen=True, slots=True)
class Product:
    stepped: SteppedApplication
    caller: Caller

    def exported(self, wanted: str) -> bytes:
        values = {"createdAt": ALL_TIME, "updatedAt": ALL_TIME, "staticListId": 11}
        body = {"fields": [*FIELDS], "filter": {wanted: values.get(wanted, 12)}}
        return self.stepped.export(self.caller, ObjectFamily.LEADS, body).content


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Product]]:
    found = [
        made(SteppedApplication.open(tmp_path_factory.mktemp(one), one))
        for one in (SQLITE, POSTGRESQL)
    ]
    yield found
    for one in found:
        one.stepped.close()


def made(stepped: SteppedApplication) -> Product:
    """The same leads in every store, many of them in one second."""
    caller = stepped.new_subscription()
    subscriptions, database = stepped.application.subscriptions, stepped.application.database
    for name, data_type in (("ownText", DataType.STRING), ("ownFlag", DataType.BOOLEAN)):
        subscriptions.create_lead_field(
            caller.subscription_id, name=name, display_name=name, data_type=data_type
        )
    dice = random.Random(7)
    with database.write() as connection:
        insert_leads(connection, caller.subscription_id, [_lead(dice, at) for at in range(LEADS)])
        key = {"subscription_id": caller.subscription_id, "created_at": stepped.clock()}
        connection.execute(static_list.insert().values(**key, id=11, name="list"))
        rule = msgspec.json.encode(RULE).decode()
        connection.execute(smart_list.insert().values(**key, id=12, name="smart", rule=rule))
        members = [{"list_id": 11, "lead_id": one, "added_at": stepped.clock()} for one in (9, 3)]
        own = {"subscription_id": caller.subscription_id}
        connection.execute(static_list_member.insert(), [{**own, **one} for one in members])
    return Product(stepped, caller)


def _lead(dice: random.Random, place: int) -> dict[str, Any]:
    moment = f"2024-03-{1 + place // 20:02}T00:00:0{dice.randrange(3)}Z"
    own = {"ownText": dice.choice(TEXTS), "ownFlag": dice.choice([True, False, None])}
    return {
        "id": place + 1,
        "createdAt": moment,
        "updatedAt": moment,
        "changed_at": f"2024-03-{1 + dice.randrange(9):02}T00:00:00Z",
        "firstName": dice.choice(TEXTS),
        "leadScore": dice.choice([None, -1, 2**40]),
        "unsubscribed": dice.choice([True, False, None]),
        "isAnonymous": dice.choice([None, False, False, True]),
        "custom": msgspec.json.encode(
            {name: value for name, value in own.items() if value is not None}
        ).decode(),
    }


@pytest.mark.parametrize("wanted", FILTERS)
def test_export__has_the_same_bytes_from_either_store(products: list[Product], wanted: str) -> None:
    first, second = (product.exported(wanted) for product in products)
    assert first == second
    assert first.count(b"\n") > 2


@pytest.mark.parametrize("wanted", FILTERS)
@pytest.mark.parametrize("rows_per_range", [1, 7, 1000])
def test_ranges__together_are_the_whole(
    products: list[Product], wanted: str, rows_per_range: int
) -> None:
    product = products[-1]
    application, own = product.stepped.application, product.caller.subscription_id
    catalogue = application.subscriptions.lead_fields(own)
    condition = lead.c.firstName.is_not(None) if wanted == "smartListId" else None
    selection = LeadSelection(own, FILTERS[wanted], condition)
    fields = [catalogue[name] for name in FIELDS]
    frames = {
        rows: _rows(application.database, selection, fields, rows)
        for rows in (10_000, rows_per_range)
    }
    assert frames[rows_per_range].equals(frames[10_000])
    assert frames[10_000].height > 1


def _rows(
    database: Database, selection: LeadSelection, fields: list[LeadField], rows_per_range: int
) -> pl.DataFrame:
    with snapshot_frames(database, selection, fields, rows_per_range) as found:
        return pl.concat(found)
