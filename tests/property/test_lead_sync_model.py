"""Sync Leads does what a plain reading of contract section 7.1 says, and the log tells all of it.

Calls of random records run against the store and against a list of dictionaries; then leads,
outcomes and activities must be the same.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tailrace.api.record_outcomes import reason_document
from tailrace.domain.instants import format_instant
from tailrace.domain.lead_fields import DataType
from tailrace.domain.lead_sync import parse_sync_request
from tailrace.store.lead_activities import ChangeCause
from tailrace.store.lead_sync import SyncOutcome, sync_leads
from tailrace.store.tables import hot_activity, lead
from tests.support.application import SteppedApplication

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.domain.caller import Caller

Record = dict[str, object]

ACTIONS = ("createOrUpdate", "createOrUpdate", "createOnly", "updateOnly", "createDuplicate")
LOOKUPS = ("email", "email", "email", "ownText", "ownNumber", "id")
#: REST name to display name of what is compared.
NAMES = {
    "email": "Email Address",
    "title": "Job Title",
    "unsubscribed": "Unsubscribed",
    "leadScore": "Lead Score",
    "ownText": "ownText",
    "ownNumber": "ownNumber",
}
OWN = {"ownText": DataType.STRING, "ownNumber": DataType.INTEGER}
#: What a value of the wrong type is told as; every other value here is good.
BAD = {("leadScore", "x"), ("ownNumber", "1.5"), ("unsubscribed", "maybe")}

EMAILS = st.sampled_from(["a@x.org", "A@X.org", "a@x.org", "b@x.org", "ä@x.org", None])
VALUES = {
    "email": EMAILS,
    "id": st.integers(1, 6),
    "title": st.sampled_from(["Dr", "dr", "", None]),
    "unsubscribed": st.sampled_from([True, False, "TRUE", True, None, "maybe"]),
    "leadScore": st.sampled_from([0, 5, "7", 9, 5, None, "x"]),
    "ownText": st.sampled_from(["k", "K", "k", "l", None]),
    "ownNumber": st.sampled_from([1, 2, "2", 1, None, "1.5"]),
    "unknown": st.just("?"),
}


@st.composite
def records(draw: st.DrawFn, lookup: str) -> Record:
    others = st.sampled_from(["email", "title", "unsubscribed", "leadScore", *OWN])
    names = draw(st.sets(others, max_size=3))
    # Nearly always something to be found by, seldom what is refused in any case.
    names |= draw(st.sampled_from([{lookup}] * 14 + [{"id"}, {"unknown"}]))
    # In an order of its own: the first rule that a record breaks is the one it is told.
    return {name: draw(VALUES[name]) for name in draw(st.permutations(sorted(names)))}


@st.composite
def calls(draw: st.DrawFn) -> Record:
    lookup = draw(st.sampled_from(LOOKUPS))
    return {
        "action": draw(st.sampled_from(ACTIONS)),
        "lookupField": lookup,
        "input": draw(st.lists(records(lookup), min_size=1, max_size=8)),
    }


@dataclass
class Model:
    """Leads as dictionaries of what is compared."""

    leads: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    next_id: int = 1
    #: Lead, type, display name or None, old, new.
    told: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    def call(self, call: Record) -> list[tuple[Any, ...]]:
        action, lookup = str(call["action"]), str(call["lookupField"])
        return [
            self.apply(action, lookup, record) for record in cast("list[Record]", call["input"])
        ]

    def apply(self, action: str, lookup: str, record: Record) -> tuple[Any, ...]:
        for name, value in record.items():
            if name == "unknown":
                return (None, "1006", "Field 'unknown' not found")
            if name == "id" and (lookup != "id" or action in ("createOnly", "createDuplicate")):
                return (None, "1003", f"Field 'id' is not allowed when action is '{action}'")
            if (name, value) in BAD:
                return (None, "1003", f"Invalid value for field '{name}' and value '{value}'")
        values = {name: meant(name, value) for name, value in record.items()}
        if action == "createDuplicate":
            return self.create(values)
        key = values.get(lookup)
        if key is None:
            return (None, "1003", f"Value for lookup field '{lookup}' not found")
        found = [one for one in self.leads.values() if same(one.get(lookup), key)]
        if action == "createOnly" and found:
            return (found[0]["id"] if len(found) == 1 else None, "1005", "Lead already exists")
        if len(found) > 1:
            return (None, "1007", "Multiple leads match lookup criteria")
        if found:
            return self.update(found[0], values)
        if action == "updateOnly" or lookup == "id":
            return (None, "1004", "Lead not found")
        return self.create(values)

    def create(self, values: dict[str, Any]) -> tuple[Any, ...]:
        given = {name: value for name, value in values.items() if value is not None}
        lead_id, self.next_id = self.next_id, self.next_id + 1
        self.leads[lead_id] = {"unsubscribed": False, **given, "id": lead_id}
        self.told.append((lead_id, 12, None, None, None))
        return (lead_id, "created", None)

    def update(self, found: dict[str, Any], values: dict[str, Any]) -> tuple[Any, ...]:
        for name, value in values.items():
            new = False if name == "unsubscribed" and value is None else value
            old = found.get(name)
            if old == new or name == "id":
                continue
            found[name] = new
            self.told.append((found["id"], 13, NAMES[name], shown(old), shown(new)))
            if name == "leadScore":
                self.told.append((found["id"], 22, NAMES[name], old or 0, new or 0))
        return (found["id"], "updated", None)


def meant(name: str, value: object) -> object:
    if value in (None, ""):
        return None
    if name in ("leadScore", "ownNumber", "id"):
        return int(str(value))
    return str(value).lower() == "true" if name == "unsubscribed" else value


def same(held: object, key: object) -> bool:
    if isinstance(held, str) and isinstance(key, str):
        return ascii_lower(held) == ascii_lower(key)
    return held is not None and held == key


def ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def shown(value: object) -> str | None:
    return None if value is None else str(value)


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path_factory.mktemp("model") / "home")
    yield stepped
    stepped.close()


@given(made=st.lists(calls(), min_size=2, max_size=6))
def test_sync__does_what_the_model_does(stepped: SteppedApplication, made: list[Record]) -> None:
    caller = stepped.new_subscription()
    for name, data_type in OWN.items():
        stepped.application.subscriptions.create_lead_field(
            caller.subscription_id, name=name, display_name=name, data_type=data_type
        )
    model = Model()
    for call in made:
        stepped.clock.advance(seconds=1)
        before = held_leads(stepped, caller)
        assert [outcome(one) for one in run(stepped, caller, call)] == model.call(call)
        after = held_leads(stepped, caller)
        assert {lead_id: compared(one) for lead_id, one in after.items()} == {
            lead_id: {name: one.get(name) for name in NAMES} for lead_id, one in model.leads.items()
        }
        assert_times(stepped, before, after)
    # Within one record the order of fields is nobody's business.
    assert Counter(told_activities(stepped, caller)) == Counter(model.told)


def run(stepped: SteppedApplication, caller: Caller, call: Record) -> list[SyncOutcome]:
    application, owner = stepped.application, caller.subscription_id
    fields = application.subscriptions.lead_fields(owner)
    request = parse_sync_request(call, fields)
    with application.database.write() as connection:
        cause = ChangeCause(stepped.clock(), "Web service API")
        return sync_leads(connection, owner, fields, request, cause)


def outcome(one: SyncOutcome) -> tuple[Any, ...]:
    if one.error is None:
        return (one.lead_id, "created" if one.is_created else "updated", None)
    reason = reason_document(one.error)
    return (one.lead_id, reason["code"], reason["message"])


def held_leads(stepped: SteppedApplication, caller: Caller) -> dict[int, dict[str, Any]]:
    with stepped.application.database.read() as connection:
        query = select(lead).where(lead.c.subscription_id == caller.subscription_id)
        rows = connection.execute(query).mappings()
        return {row["id"]: {**row, **json.loads(row["custom"])} for row in rows}


def compared(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one.get(name) for name in NAMES}


def assert_times(
    stepped: SteppedApplication, before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]]
) -> None:
    """The visible time moves with standard fields only, the watermark with any field."""
    now = format_instant(stepped.clock())
    for lead_id, one in after.items():
        old = before.get(lead_id)
        changed = {name for name in NAMES if old is None or old.get(name) != one.get(name)}
        if old is not None and one["changed_at"] != old["changed_at"]:
            # A record may have changed a field and a later one changed it back.
            assert one["changed_at"] == now
        if changed:
            assert one["changed_at"] == now
        if changed - set(OWN):
            assert one["updatedAt"] == now


def told_activities(stepped: SteppedApplication, caller: Caller) -> list[tuple[Any, ...]]:
    with stepped.application.database.read() as connection:
        query = select(hot_activity).where(hot_activity.c.subscription_id == caller.subscription_id)
        rows = list(connection.execute(query))
    told: list[tuple[Any, ...]] = []
    for row in rows:
        attributes = json.loads(row.attributes)
        values = (attributes.get("Old Value"), attributes.get("New Value"))
        told.append((row.lead_id, row.activity_type_id, row.primary_value, *values))
    return told
