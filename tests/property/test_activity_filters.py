"""An activity export holds what a plain reading of contract sections 4 and 5 says, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tailrace.domain.export_job import ObjectFamily
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA
from tailrace.store.tables import form, program, static_list
from tests.support.application import SteppedApplication
from tests.support.csv_text import document
from tests.support.world import FORMS, PROGRAMS, STATIC_LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.domain.export_job import SubscriptionId

FIELDS = (
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValueId",
    "primaryAttributeValue",
    "attributes",
    "actionResult",
)
DELETE_LEAD = 37
GROUPS: tuple[tuple[int, ...], ...] = ((13, 22), (104,), (24, 25), (2,))

#: Seconds on both sides of midnight and of a month's end, where ranges and files begin and end.
MOMENTS = [
    datetime(2024, month, day, hour, 0, second, tzinfo=UTC)
    for month, day, hour in ((3, 1, 0), (3, 1, 12), (3, 2, 0), (3, 31, 23), (4, 1, 0))
    for second in (0, 1, 59)
]

#: Names as the log stores them, names that nothing has, and names that only the filter may use.
STORED_NAMES = [
    "API Test Program.123.airbyte",
    "Email Unsubscribe Form",
    "MPS v1.2.Outbound",
    "API Test Program.List 1",
    "Test list",
    "API Test Program 10",
    "Child",
    "123",
    "Lead Score",
]
ODD_NAMES = ["a,b", 'say "x"', "two\nlines", "a b", "a\tb", "null", "airbyte", "Zoë"]
FILTER_NAMES = [
    *STORED_NAMES,
    "123.airbyte",
    "API Test Program.Child",
    "API Test Program.123",
    "List 1",
    "child",
    "",
]

#: What the shorter names of section 5.3 stand for, written out for the assets of the test.
SHORT_NAMES: dict[tuple[int, ...], dict[str, str]] = {
    (2,): {"123.airbyte": "API Test Program.123.airbyte"},
    (104,): {"API Test Program.Child": "Child", "API Test Program.123": "123"},
}


@dataclass(frozen=True)
class Activity:
    guid: int
    lead: int
    at: datetime
    type_id: int
    campaign: int | None
    primary_id: int | None
    primary_name: str | None
    attributes: str
    result: str | None

    def cells(self) -> dict[str, object]:
        """What an export shows of it."""
        shown_at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        values = (self.guid, self.lead, shown_at, self.type_id, self.campaign)
        others = (self.primary_id, self.primary_name, self.attributes, self.result)
        return dict(zip(FIELDS, (*values, *others), strict=True))


moments = st.sampled_from(MOMENTS)
activities = st.builds(
    Activity,
    guid=st.integers(1, 30) | st.integers(2**63 - 30, 2**63 - 1),
    lead=st.integers(1, 3),
    at=moments | moments.map(lambda at: at.replace(microsecond=999_999)),
    type_id=st.sampled_from([1, 2, 12, 13, 22, 24, 25, DELETE_LEAD, 104]),
    campaign=st.none() | st.integers(1, 3),
    primary_id=st.none() | st.sampled_from([1006, 1016, 1017, 146, 53]),
    primary_name=st.none() | st.sampled_from(STORED_NAMES) | st.sampled_from(ODD_NAMES),
    attributes=st.sampled_from(["{}", '{"Reason":"a, \\"b\\""}', '{"Merge IDs":[887]}']),
    result=st.sampled_from([None, "succeeded", "skipped", "failed"]),
)
data_sets = st.lists(st.lists(activities, max_size=12), max_size=3)


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, str]:
    start, end = sorted((draw(moments), draw(moments)))
    return {
        "startAt": start.isoformat(),
        "endAt": min(end, start + timedelta(days=31)).isoformat(),
    }


@st.composite
def filters(draw: st.DrawFn) -> dict[str, object]:
    chosen: dict[str, object] = {"createdAt": draw(ranges())}
    group = draw(st.none() | st.sampled_from(GROUPS))
    if group is None:
        type_ids = st.lists(st.sampled_from([1, 2, 12, 13, 22, 24, 25, 104, 3]), max_size=4)
        chosen["activityTypeIds"] = draw(st.none() | type_ids)
        return chosen
    chosen["activityTypeIds"] = draw(st.lists(st.sampled_from(group), min_size=1, unique=True))
    if draw(st.booleans()):
        ids = st.lists(st.sampled_from([1006, 1016, 1017, 146, 99]), min_size=1, max_size=3)
        chosen["primaryAttributeValueIds"] = draw(ids)
    else:
        names = st.lists(st.sampled_from(FILTER_NAMES), min_size=1, max_size=3)
        chosen["primaryAttributeValues"] = draw(names)
    return chosen


bodies = st.fixed_dictionaries(
    {"filter": filters()},
    optional={
        "fields": st.lists(st.sampled_from(FIELDS), unique=True),
        "format": st.sampled_from(["CSV", "TSV", "SSV"]),
    },
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteppedApplication]:
    product = SteppedApplication.open(tmp_path_factory.mktemp("filters") / "home")
    yield product
    product.close()


@settings(max_examples=30)
@given(batches=data_sets, wanted=st.lists(bodies, min_size=1, max_size=4))
def test_activity_export__holds_what_the_model_picks(
    product: SteppedApplication, batches: list[list[Activity]], wanted: list[dict[str, object]]
) -> None:
    caller = product.new_subscription()
    add_assets(product, caller.subscription_id)
    stored = stored_activities(batches)
    for batch in stored:
        product.application.activity_log(caller.subscription_id).append(frame_of(batch))
    known = [activity for batch in stored for activity in batch]
    for body in wanted:
        done = product.export(caller, ObjectFamily.ACTIVITIES, body)
        expected = expected_file(known, body)
        assert done.content == expected
        assert done.job.result is not None
        assert done.job.result.row_count == len(picked(known, body))


def stored_activities(batches: list[list[Activity]]) -> list[list[Activity]]:
    """The batches without the GUIDs that an earlier row has: whoever loads leaves those out."""
    seen: set[int] = set()

    def is_new(activity: Activity) -> bool:
        is_known = activity.guid in seen
        seen.add(activity.guid)
        return not is_known

    return [[activity for activity in batch if is_new(activity)] for batch in batches]


def frame_of(batch: list[Activity]) -> pl.DataFrame:
    rows = [
        {**activity.cells(), "activityDate": activity.at, "marketoGUID": activity.guid}
        for activity in batch
    ]
    return pl.DataFrame(rows, schema=ACTIVITY_SCHEMA)


def expected_file(known: list[Activity], body: dict[str, object]) -> bytes:
    fields = cast("list[str] | None", body.get("fields")) or list(FIELDS[:-1])
    rows = ([one.cells()[field] for field in fields] for one in picked(known, body))
    return document(fields, rows, str(body.get("format", "CSV")))


def picked(known: list[Activity], body: dict[str, object]) -> list[Activity]:
    wanted = cast("dict[str, object]", body["filter"])
    found = [activity for activity in known if is_wanted(activity, wanted)]
    return sorted(found, key=lambda one: (one.at.replace(microsecond=0), one.guid))


def is_wanted(activity: Activity, wanted: dict[str, object]) -> bool:
    ends = cast("dict[str, str]", wanted["createdAt"])
    start, end = (datetime.fromisoformat(ends[name]) for name in ("startAt", "endAt"))
    type_ids = cast("list[int]", wanted.get("activityTypeIds") or [])
    is_of_type = activity.type_id in type_ids if type_ids else activity.type_id != DELETE_LEAD
    ids = cast("list[int]", wanted.get("primaryAttributeValueIds") or [])
    names = cast("list[str]", wanted.get("primaryAttributeValues") or [])
    return (
        start <= activity.at.replace(microsecond=0) <= end
        and is_of_type
        and (not ids or activity.primary_id in ids)
        and (not names or activity.primary_name in long_names(names, type_ids))
    )


def long_names(names: list[str], type_ids: list[int]) -> set[str]:
    """The names given and the stored ones that they may stand for."""
    (group,) = [group for group in GROUPS if set(type_ids) <= set(group)]
    short = SHORT_NAMES.get(group, {})
    return {*names, *(short[name] for name in names if name in short)}


def add_assets(product: SteppedApplication, subscription_id: SubscriptionId) -> None:
    """The programs, forms and lists of the hand-written world."""
    key = {"subscription_id": subscription_id, "created_at": product.clock()}
    with product.application.database.write() as connection:
        for number, name, parent in PROGRAMS:
            values = {"id": number, "name": name, "parent_id": parent, "channel": "Web"}
            connection.execute(insert(program).values(**key, **values))
        for table, assets in ((form, FORMS), (static_list, STATIC_LISTS)):
            for number, name, parent in assets:
                values = {"id": number, "name": name, "program_id": parent}
                connection.execute(insert(table).values(**key, **values))
