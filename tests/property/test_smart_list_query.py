"""Smart list rules as SQL pick the leads that a plain reading of the rule picks."""

from __future__ import annotations

import operator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from tailrace.domain.lead_fields import DataType
from tailrace.domain.smart_list import parse_rule
from tailrace.store.smart_list_query import RuleQuery
from tailrace.store.tables import lead, static_list, static_list_member
from tests.support.stores import STORES
from tests.unit.store_home import StoreHome

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LISTS = {1: {1, 2, 5}, 2: set[int]()}
ACTIVE = {2: {1: 3, 4: 1}, 10: {2: 2}}

TEXTS = [None, "Berlin", "berlin", "Bern", "100%", "a_b", "a/b", "Ärger", "x\ny", "'; DROP TABLE"]
NUMBERS = [None, -1, 0, 1, 20]
DECIMALS = [None, "0.5", "10", "9.75", "-3"]
DATES = [None, "2026-05-31", "2026-05-01", "2020-01-01", "2026-06-02"]
INSTANTS = [None, "2026-05-31T12:00:00Z", "2026-05-31T11:59:59Z", "2026-06-01T12:00:01Z"]
FLAGS = [None, True, False]

#: Ten leads with every value somewhere, standard fields and fields of the subscription's own.
LEADS: list[dict[str, Any]] = [
    {
        "id": number + 1,
        "city": TEXTS[number],
        "leadScore": NUMBERS[number % 5],
        "annualRevenue": DECIMALS[number % 5],
        "dateOfBirth": DATES[number % 5],
        "emailSuspendedAt": INSTANTS[number % 4],
        "unsubscribed": FLAGS[number % 3],
        "ownText": TEXTS[9 - number],
        "ownNumber": NUMBERS[(number + 2) % 5],
        "ownFlag": FLAGS[(number + 1) % 3],
    }
    for number in range(10)
]
OWN_FIELDS = {
    "ownText": DataType.STRING,
    "ownNumber": DataType.INTEGER,
    "ownFlag": DataType.BOOLEAN,
}

TEXT_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "starts with": str.startswith,
}
ORDER_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "greater than": operator.gt,
    "less than": operator.lt,
    "at least": operator.ge,
    "at most": operator.le,
}


@pytest.fixture(scope="module", params=STORES)
def home(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> StoreHome:
    home = StoreHome.make(tmp_path_factory.mktemp("smart"), request.param)
    for name, data_type in OWN_FIELDS.items():
        home.subscriptions.create_lead_field(
            home.subscription_id, name=name, display_name=name, data_type=data_type
        )
    moment = "2026-01-01T00:00:00Z"
    with home.database.write() as connection:
        for values in LEADS:
            own = {name: values[name] for name in OWN_FIELDS if values[name] is not None}
            standard = {name: value for name, value in values.items() if name not in OWN_FIELDS}
            connection.execute(
                insert(lead).values(
                    subscription_id=home.subscription_id,
                    createdAt=moment,
                    updatedAt=moment,
                    changed_at=moment,
                    custom=msgspec.json.encode(own).decode(),
                    **standard,
                )
            )
        for list_id, members in LISTS.items():
            key = {"subscription_id": home.subscription_id}
            connection.execute(
                insert(static_list).values(**key, id=list_id, name=str(list_id), created_at=NOW)
            )
            for lead_id in members:
                connection.execute(
                    insert(static_list_member).values(
                        **key, list_id=list_id, lead_id=lead_id, added_at=NOW
                    )
                )
    return home


def picked(home: StoreHome, rule: object) -> set[int]:
    def with_activity(wanted: Any) -> list[int]:
        counts = ACTIVE.get(wanted.activity_type_id, {})
        return [lead_id for lead_id, count in counts.items() if count >= wanted.at_least]

    catalogue = home.subscriptions.lead_fields(home.subscription_id)
    condition = RuleQuery(catalogue, NOW, with_activity).condition(parse_rule(rule))
    with home.database.read() as connection:
        return set(connection.execute(select(lead.c.id).where(condition)).scalars())


def expected(rule: dict[str, Any], values: dict[str, Any]) -> bool:
    """The plain reading of a rule for one lead."""
    if "all" in rule:
        return all(expected(inner, values) for inner in rule["all"])
    if "any" in rule:
        return any(expected(inner, values) for inner in rule["any"])
    if "list" in rule:
        return (values["id"] in LISTS.get(rule["list"], set())) == rule["isMember"]
    if "activityTypeId" in rule:
        count = ACTIVE.get(rule["activityTypeId"], {}).get(values["id"], 0)
        return (count >= rule["atLeast"]) == rule["has"]
    return field_holds(
        rule["operator"], rule.get("values", []), values[rule["field"]], rule["field"]
    )


def field_holds(word: str, wanted: list[Any], value: Any, field: str) -> bool:
    if word == "is empty":
        return value is None
    if word == "is not empty":
        return value is not None
    if word.startswith("not "):
        return not field_holds(word.removeprefix("not "), wanted, value, field)
    if word == "is not":
        return not field_holds("is", wanted, value, field)
    if isinstance(wanted[0], bool):
        return bool(value) in wanted
    if value is None:
        return False
    if word == "in past days":
        return in_past_days(value, wanted[0])
    if field == "annualRevenue":
        value = float(value)
    if word in TEXT_OPERATORS:
        return any(TEXT_OPERATORS[word](lower(value), lower(one)) for one in wanted)
    if word == "is":
        return any(lower(value) == lower(one) for one in wanted)
    if word == "between":
        return wanted[0] <= value <= wanted[1]
    return ORDER_OPERATORS[word](value, wanted[0])


def in_past_days(value: str, days: int) -> bool:
    start = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")[: len(value)]
    return start <= value <= NOW.strftime("%Y-%m-%dT%H:%M:%SZ")[: len(value)]


def lower(value: Any) -> Any:
    """SQLite folds ASCII letters only."""
    if not isinstance(value, str):
        return value
    return "".join(one.lower() if one.isascii() else one for one in value)


def of_field(names: list[str], words: list[str], values: st.SearchStrategy[Any]) -> Any:
    return st.fixed_dictionaries(
        {
            "field": st.sampled_from(names),
            "operator": st.sampled_from(words),
            "values": st.lists(values, min_size=1, max_size=1),
        }
    )


TEXT_VALUES = st.sampled_from([text for text in TEXTS if text]) | st.sampled_from(["B", "%", "_"])
EQUALITY = ["is", "is not"]
leaf_rules: st.SearchStrategy[dict[str, Any]] = st.one_of(
    of_field(
        ["city", "ownText"],
        [*EQUALITY, *TEXT_OPERATORS, "not contains", "not starts with"],
        TEXT_VALUES,
    ),
    of_field(["leadScore", "ownNumber"], [*EQUALITY, *ORDER_OPERATORS], st.integers(-2, 21)),
    of_field(["annualRevenue"], [*EQUALITY, *ORDER_OPERATORS], st.sampled_from([0.5, 10, 9.75])),
    of_field(
        ["dateOfBirth"], [*EQUALITY, *ORDER_OPERATORS], st.sampled_from([d for d in DATES if d])
    ),
    of_field(["dateOfBirth", "emailSuspendedAt"], ["in past days"], st.sampled_from([1, 2, 31])),
    of_field(["unsubscribed", "ownFlag"], EQUALITY, st.booleans()),
    st.fixed_dictionaries(
        {
            "field": st.sampled_from(["city", "ownNumber", "ownFlag", "dateOfBirth"]),
            "operator": st.sampled_from(["is empty", "is not empty"]),
        }
    ),
    st.fixed_dictionaries({"list": st.sampled_from([1, 2, 99]), "isMember": st.booleans()}),
    st.fixed_dictionaries(
        {
            "activityTypeId": st.sampled_from([2, 10, 11]),
            "inLastDays": st.just(30),
            "has": st.booleans(),
            "atLeast": st.integers(1, 3),
        }
    ),
)
rules = st.recursive(
    leaf_rules,
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=6,
)


@given(rules)
def test_rule__picks_what_its_plain_reading_picks(home: StoreHome, rule: dict[str, Any]) -> None:
    assert picked(home, rule) == {one["id"] for one in LEADS if expected(rule, one)}
