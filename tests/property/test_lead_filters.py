"""A lead export holds what a plain reading of contract sections 4 and 5 says, byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.lead_fields import DataType
from tailrace.store.tables import lead, smart_list, static_list, static_list_member
from tests.support.application import SteppedApplication
from tests.support.csv_text import document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from tailrace.domain.caller import Caller

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Seconds on both sides of midnight and of a month's end.
MOMENTS = [
    datetime(2024, month, day, hour, 0, second, tzinfo=UTC)
    for month, day, hour in ((3, 1, 0), (3, 15, 12), (3, 31, 23), (4, 1, 0))
    for second in (0, 1, 59)
]
TEXTS = ["Ada", "ada", "a,b", 'say "x"', "two\nlines", "a b", "a\tb", "Zoë"]
COUNTRIES = ["Germany", "germany", "GERMANY ", "Austria", None]
LIST, OTHER_LIST = 11, 12
OWN_FIELDS = {
    "ownText": DataType.STRING,
    "ownNumber": DataType.INTEGER,
    "ownFlag": DataType.BOOLEAN,
    "ownAmount": DataType.CURRENCY,
}
FIELDS = ("id", "createdAt", "updatedAt", "firstName", "country", "leadScore", "unsubscribed")
ALL_FIELDS = (*FIELDS, *OWN_FIELDS)

#: Smart lists by id: the rule as it is kept, and the same in plain Python.
SMART_LISTS: dict[int, object] = {
    21: {"field": "country", "operator": "is", "values": ["Germany"]},
    22: {"field": "leadScore", "operator": "at least", "values": [10]},
    23: {
        "all": [{"list": LIST}, {"field": "country", "operator": "is not", "values": ["austria"]}]
    },
    24: {"any": [{"list": OTHER_LIST, "isMember": False}, {"list": LIST}]},
}


@dataclass(frozen=True)
class Lead:
    number: int
    created_at: datetime
    updated_at: datetime
    changed_at: datetime
    is_anonymous: bool | None
    first_name: str | None
    country: str | None
    score: int | None
    unsubscribed: bool
    own_text: str | None
    own_number: int | None
    own_flag: bool | None
    own_amount: str | None
    lists: frozenset[int]

    def cells(self) -> dict[str, object]:
        """What an export shows of it."""
        instants = (text_of(self.created_at), text_of(self.updated_at))
        standard = (self.first_name, self.country, self.score, self.unsubscribed)
        own = (self.own_text, self.own_number, self.own_flag, self.own_amount)
        return dict(zip(ALL_FIELDS, (self.number, *instants, *standard, *own), strict=True))


moments = st.sampled_from(MOMENTS)
leads = st.builds(
    Lead,
    number=st.integers(1, 20) | st.integers(2**53, 2**53 + 5),
    created_at=moments,
    updated_at=moments,
    changed_at=moments,
    is_anonymous=st.sampled_from([None, False, False, True]),
    first_name=st.none() | st.sampled_from(TEXTS),
    country=st.sampled_from(COUNTRIES),
    score=st.none() | st.integers(-20, 20),
    unsubscribed=st.booleans(),
    own_text=st.none() | st.sampled_from(TEXTS),
    own_number=st.none() | st.integers(-(2**60), 2**60),
    own_flag=st.none() | st.booleans(),
    own_amount=st.sampled_from([None, "0.1", "-12", "1200000.5"]),
    lists=st.frozensets(st.sampled_from([LIST, OTHER_LIST])),
)
data_sets = st.lists(leads, max_size=15, unique_by=lambda one: one.number)


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, str]:
    start, end = sorted((draw(moments), draw(moments)))
    return {"startAt": text_of(start), "endAt": text_of(min(end, start + timedelta(days=31)))}


filters = (
    st.fixed_dictionaries({"createdAt": ranges()})
    | st.fixed_dictionaries({"updatedAt": ranges()})
    | st.sampled_from([{"staticListId": LIST}, {"staticListName": "Other list"}])
    | st.sampled_from([{"smartListId": number} for number in SMART_LISTS])
)
bodies = st.fixed_dictionaries(
    {
        "filter": filters,
        "fields": st.lists(st.sampled_from(ALL_FIELDS), min_size=1, unique=True),
        "format": st.sampled_from(["CSV", "TSV", "SSV"]),
    }
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteppedApplication]:
    product = SteppedApplication.open(tmp_path_factory.mktemp("filters") / "home")
    yield product
    product.close()


@settings(max_examples=15)
@given(known=data_sets, wanted=st.lists(bodies, min_size=1, max_size=3))
def test_lead_export__holds_what_the_model_picks(
    product: SteppedApplication, known: list[Lead], wanted: list[dict[str, object]]
) -> None:
    caller = product.new_subscription()
    store(product, caller, known)
    for body in wanted:
        done = product.export(caller, ObjectFamily.LEADS, body)
        found = picked(known, cast("dict[str, object]", body["filter"]))
        fields = cast("list[str]", body["fields"])
        rows = ([one.cells()[field] for field in fields] for one in found)
        assert done.content == document(fields, rows, str(body["format"]))
        assert done.job.result is not None
        assert done.job.result.row_count == len(found)


# The model.


def picked(known: list[Lead], wanted: dict[str, object]) -> list[Lead]:
    """In the order of section 4: by the time that the filter speaks of, then by id."""
    visible = [one for one in known if not one.is_anonymous]
    ((name, value),) = wanted.items()
    if name == "createdAt":
        found = [one for one in visible if is_within(one.created_at, value)]
        return sorted(found, key=lambda one: (one.created_at, one.number))
    if name == "updatedAt":
        found = [one for one in visible if is_within(one.changed_at, value)]
        return sorted(found, key=lambda one: (one.changed_at, one.number))
    if name == "smartListId":
        found = [one for one in visible if is_in_smart_list(one, cast("int", value))]
    else:
        number = LIST if name == "staticListId" else OTHER_LIST
        found = [one for one in visible if number in one.lists]
    return sorted(found, key=lambda one: one.number)


def is_within(moment: datetime, ends: object) -> bool:
    members = cast("dict[str, str]", ends)
    return members["startAt"] <= text_of(moment) <= members["endAt"]


def is_in_smart_list(one: Lead, number: int) -> bool:
    country = (one.country or "").lower()
    return {
        21: country == "germany",
        22: one.score is not None and one.score >= 10,
        23: LIST in one.lists and country != "austria",
        24: OTHER_LIST not in one.lists or LIST in one.lists,
    }[number]


# The data at rest.


def store(product: SteppedApplication, caller: Caller, known: list[Lead]) -> None:
    subscription_id = caller.subscription_id
    for name, data_type in OWN_FIELDS.items():
        product.application.subscriptions.create_lead_field(
            subscription_id, name=name, display_name=name, data_type=data_type
        )
    key = {"subscription_id": subscription_id}
    with product.application.database.write() as connection:
        lists = ((LIST, "List"), (OTHER_LIST, "Other list"))
        for number, name in lists:
            values = {**key, "id": number, "name": name, "created_at": EPOCH}
            connection.execute(insert(static_list).values(values))
        for number, rule in SMART_LISTS.items():
            values = {**key, "id": number, "name": f"smart {number}", "created_at": EPOCH}
            connection.execute(insert(smart_list).values({**values, "rule": json.dumps(rule)}))
        for one in known:
            store_lead(connection, key, one)


def store_lead(connection: Connection, key: Mapping[str, int], one: Lead) -> None:
    cells = one.cells()
    own = {name: cells[name] for name in OWN_FIELDS if cells[name] is not None}
    values = {
        **key,
        **{name: cells[name] for name in FIELDS},
        "changed_at": text_of(one.changed_at),
        "isAnonymous": one.is_anonymous,
        "custom": json.dumps(own, ensure_ascii=False),
    }
    connection.execute(insert(lead).values(values))
    for number in one.lists:
        member = {**key, "list_id": number, "lead_id": one.number, "added_at": EPOCH}
        connection.execute(insert(static_list_member).values(member))


def text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
