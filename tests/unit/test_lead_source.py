"""Lead rows read by the reader process: every kind of value, bound and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from sqlalchemy import insert

from tailrace.domain.export_request import SmartListMembers
from tailrace.domain.lead_fields import standard_lead_fields
from tailrace.domain.smart_list import OPERATOR_VALUES, Operator, parse_rule
from tailrace.extract.lead_source import LeadFragment, LeadSource
from tailrace.store.lead_query import LeadSelection
from tailrace.store.smart_list_query import RuleQuery
from tailrace.store.tables import lead
from tests.support.stores import STORES
from tests.unit.store_home import START, StoreHome

if TYPE_CHECKING:
    from pathlib import Path

ORDER = (Operator.IS, Operator.IS_NOT, Operator.GREATER_THAN, Operator.AT_MOST, Operator.BETWEEN)
VALUES: dict[str, tuple[Any, ...]] = {
    "city": ("Berlin", "Bonn"),
    "leadScore": (5, 7),
    "annualRevenue": (0.5, 1000),
    "dateOfBirth": ("2000-01-01", "2001-01-01"),
    "emailSuspendedAt": ("2000-01-01T00:00:00Z", "2001-01-01"),
}


@pytest.fixture(scope="module", params=STORES)
def home(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> StoreHome:
    # A directory name that a pattern or an address would misread.
    directory: Path = tmp_path_factory.mktemp("odd [1] ?#%")
    home = StoreHome.make(directory, request.param)
    moment = dict.fromkeys(("createdAt", "updatedAt", "changed_at"), "2026-01-01T00:00:00Z")
    row = {"id": 1, "city": "Berlin", "leadScore": 5, "annualRevenue": "0.5"}
    with home.database.write() as connection:
        connection.execute(
            insert(lead).values(subscription_id=home.subscription_id, custom="{}", **moment, **row)
        )
    return home


def leads(home: StoreHome, rule: object, fields: list[str]) -> pl.DataFrame:
    catalogue = home.subscriptions.lead_fields(home.subscription_id)
    condition = RuleQuery(catalogue, START, lambda _: []).condition(parse_rule(rule))
    selection = LeadSelection(home.subscription_id, SmartListMembers(1), condition)
    source = LeadSource(home.database, selection, [catalogue[name] for name in fields])
    return pl.concat(source.read(LeadFragment()))


@pytest.mark.parametrize("field", VALUES)
def test_rule_values__are_bound_by_their_type(home: StoreHome, field: str) -> None:
    rules = [
        {"field": field, "operator": one, "values": VALUES[field][: OPERATOR_VALUES[one][0]]}
        for one in ORDER
    ]
    document = {"any": [{**rule, "values": list(rule["values"])} for rule in rules]}
    assert leads(home, document, ["id"]).height == 1


def test_fields__are_all_readable_at_once(home: StoreHome) -> None:
    names = [field.name for field in standard_lead_fields()]
    frame = leads(home, {"field": "id", "operator": "is", "values": [1]}, names)
    shown = dict(zip(names, frame.row(0), strict=True))
    assert (shown["id"], shown["city"], shown["annualRevenue"]) == (1, "Berlin", "0.5")
    assert shown["company"] == "null"
    assert shown["unsubscribed"] is None
