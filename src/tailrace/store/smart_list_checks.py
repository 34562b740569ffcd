"""Whether what the rule of a smart list names is there: asked when the list is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from tailrace.domain.errors import SmartListRuleError
from tailrace.domain.instants import parse_instant
from tailrace.domain.smart_list import ActivityRule, ListRule, plain_rules
from tailrace.store.smart_list_query import RuleQuery
from tailrace.store.subscriptions import activity_types_of, lead_fields_of
from tailrace.store.tables import static_list

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.domain.smart_list import Rule


def check_rule(connection: Connection, subscription_id: SubscriptionId, rule: Rule) -> None:
    """Raises SmartListRuleError for what does not exist, or a value not of its field's type."""
    _check_fields(rule, lead_fields_of(connection, subscription_id))
    list_ids = select(static_list.c.id).where(static_list.c.subscription_id == subscription_id)
    # Held against all of them here: a rule may name a number that no database takes.
    lists = set(connection.execute(list_ids).scalars())
    types = activity_types_of(connection, subscription_id)
    for one in plain_rules(rule):
        match one:
            case ListRule(list_id) if list_id not in lists:
                raise SmartListRuleError(f"there is no static list {list_id}")
            case ActivityRule(type_id) if type_id not in types:
                raise SmartListRuleError(f"there is no activity type {type_id}")
            case _:
                continue


def _check_fields(rule: Rule, catalogue: LeadFieldCatalogue) -> None:
    RuleQuery(catalogue, parse_instant("2000-01-01"), lambda _: []).condition(rule)
