"""The rules of a smart list in the form that the asset API has for them.

That form is flat: a rule that nests others is shown as its filters in order, under `Advanced`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.asset_documents import SmartListCondition, SmartListFilter, SmartListRules
from tailrace.domain.errors import SmartListWithoutRulesError
from tailrace.domain.smart_list import (
    ActivityRule,
    AllRule,
    AnyRule,
    FieldRule,
    decode_rule,
    plain_rules,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tailrace.domain.activity_types import ActivityType
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.domain.smart_list import PlainRule, Rule


def rules_document(
    text: str, fields: LeadFieldCatalogue, activity_types: Mapping[int, ActivityType]
) -> SmartListRules:
    """The rules kept as `text`; no filters where it has none."""
    try:
        rule = decode_rule(text)
    except SmartListWithoutRulesError:
        return SmartListRules("All", [], [])
    filters = [
        _filter(place, one, fields, activity_types)
        for place, one in enumerate(plain_rules(rule), start=1)
    ]
    return SmartListRules(_match_type(rule), [], filters)


def _match_type(rule: Rule) -> str:
    inner = rule.all if isinstance(rule, AllRule) else rule.any if isinstance(rule, AnyRule) else ()
    if any(isinstance(one, AllRule | AnyRule) for one in inner):
        return "Advanced"
    return "Any" if isinstance(rule, AnyRule) else "All"


def _filter(
    place: int,
    rule: PlainRule,
    fields: LeadFieldCatalogue,
    activity_types: Mapping[int, ActivityType],
) -> SmartListFilter:
    if isinstance(rule, FieldRule):
        field = fields.find(rule.field)
        known_id, name = (0, rule.field) if field is None else (field.id, field.display_name)
        operator, values = rule.operator.value, [_text(one) for one in rule.values]
        kind = "Lead Attribute"
    elif isinstance(rule, ActivityRule):
        known_id = rule.activity_type_id
        found = activity_types.get(known_id)
        name = str(known_id) if found is None else found.name
        operator = "did" if rule.has else "did not"
        values = [f"in past {rule.in_last_days} days", f"at least {rule.at_least} times"]
        kind = "Activity"
    else:
        known_id, name = rule.list, "Member of List"
        operator, values = ("in" if rule.is_member else "not in"), [str(rule.list)]
        kind = "List Membership"
    condition = SmartListCondition(known_id, name, operator, values, is_primary=True)
    return SmartListFilter(place, name, known_id, kind, operator, [condition])


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
