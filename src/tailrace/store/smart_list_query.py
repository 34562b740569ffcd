"""A smart list's rule as an SQL condition on the lead table.

Texts compare without regard to case. What needs the activity log is looked up beforehand: the
caller brings, for each activity rule, the ids of the leads that had enough such activities.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Integer,
    and_,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
)

from tailrace.domain.errors import ScalarTypeError, SmartListRuleError
from tailrace.domain.instants import format_instant, parse_instant
from tailrace.domain.lead_fields import LARGEST_INTEGER, LeadField, LeadFieldCatalogue, Storage
from tailrace.domain.lead_lookup import folded
from tailrace.domain.smart_list import (
    MAXIMUM_DAYS,
    ActivityRule,
    AllRule,
    AnyRule,
    FieldRule,
    ListRule,
    Operator,
    Rule,
)
from tailrace.store.dialects.expressions import folded_text, json_member, numbers_in
from tailrace.store.tables import lead, static_list_member

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

#: One operand of a comparison, as it is bound.
_Operand = str | int | float


class RuleQuery:
    """Turns rules into conditions, at one moment."""

    def __init__(
        self,
        catalogue: LeadFieldCatalogue,
        now: datetime,
        leads_with_activity: Callable[[ActivityRule], list[int]],
    ) -> None:
        self._catalogue = catalogue
        self._now = now
        self._leads_with_activity = leads_with_activity

    def condition(self, rule: Rule) -> ColumnElement[bool]:
        """What a row of the lead table must satisfy. Raises SmartListRuleError."""
        match rule:
            case AllRule(rules):
                return and_(*(self.condition(inner) for inner in rules))
            case AnyRule(rules):
                return or_(*(self.condition(inner) for inner in rules))
            case ListRule():
                return _is_member(rule)
            case ActivityRule():
                had_enough = _is_one_of(self._leads_with_activity(rule))
                return had_enough if rule.has else not_(had_enough)
            case FieldRule():
                return self._field_condition(rule)

    def _field_condition(self, rule: FieldRule) -> ColumnElement[bool]:
        field = self._catalogue.find(rule.field)
        if field is None:
            raise SmartListRuleError(f"there is no lead field '{rule.field}'")
        stored = stored_value(field)
        if rule.operator is Operator.IS_EMPTY:
            return stored.is_(None)
        if rule.operator is Operator.IS_NOT_EMPTY:
            return stored.is_not(None)
        if rule.operator is Operator.IN_PAST_DAYS:
            return self._in_past_days(field, stored, rule)
        if rule.operator in _TEXT_OPERATORS:
            return _text_condition(field, stored, rule)
        values = [_operand(field, value) for value in rule.values]
        return _comparison(_comparable(field, stored), rule.operator, values)

    def _in_past_days(
        self, field: LeadField, stored: ColumnElement[Any], rule: FieldRule
    ) -> ColumnElement[bool]:
        days = rule.values[0]
        if field.data_type.storage not in (Storage.DATE, Storage.INSTANT):
            raise SmartListRuleError(f"'{rule.field}' is no date, so it is not 'in past days'")
        if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= MAXIMUM_DAYS:
            raise SmartListRuleError(f"'in past days' on '{rule.field}' takes a number of days")
        start = _cut(field, format_instant(self._now - timedelta(days=days)))
        return stored.between(start, _cut(field, format_instant(self._now)))


def stored_value(field: LeadField) -> ColumnElement[Any]:
    """Where the lead table keeps a field: a column, or a member of the custom document."""
    if field.is_custom:
        return json_member(lead.c.custom, field.name)
    return lead.c[field.name]


_TEXT_OPERATORS = {
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    Operator.NOT_STARTS_WITH,
}


def _text_condition(
    field: LeadField, stored: ColumnElement[Any], rule: FieldRule
) -> ColumnElement[bool]:
    if field.data_type.storage is not Storage.TEXT:
        raise SmartListRuleError(f"'{rule.operator}' needs a text field, '{rule.field}' is none")
    prefix = "%" if rule.operator in (Operator.CONTAINS, Operator.NOT_CONTAINS) else ""
    patterns = [folded(f"{prefix}{_like_escaped(str(value))}%") for value in rule.values]
    matches = or_(*(folded_text(stored).like(pattern, escape="/") for pattern in patterns))
    if rule.operator in (Operator.CONTAINS, Operator.STARTS_WITH):
        return and_(stored.is_not(None), matches)
    return or_(stored.is_(None), not_(matches))


def _like_escaped(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _comparison(
    stored: ColumnElement[Any], operator: Operator, values: list[_Operand]
) -> ColumnElement[bool]:
    match operator:
        case Operator.IS:
            return stored.in_(values)
        case Operator.IS_NOT:
            return or_(stored.is_(None), stored.not_in(values))
        case Operator.GREATER_THAN:
            return stored > values[0]
        case Operator.LESS_THAN:
            return stored < values[0]
        case Operator.AT_LEAST:
            return stored >= values[0]
        case Operator.AT_MOST:
            return stored <= values[0]
        case Operator.BETWEEN:
            return stored.between(values[0], values[1])
        case _:
            raise AssertionError(operator)


def _comparable(field: LeadField, stored: ColumnElement[Any]) -> ColumnElement[Any]:
    match field.data_type.storage:
        case Storage.TEXT:
            return folded_text(stored)
        case Storage.DECIMAL:
            return cast(stored, Float)
        case Storage.INTEGER:
            return cast(stored, BigInteger)
        case Storage.BOOLEAN:
            # A boolean that was never set is false (contract section 8.2).
            return func.coalesce(cast(cast(stored, Boolean), Integer), literal(0))
        case Storage.DATE | Storage.INSTANT:
            return stored


def _operand(field: LeadField, value: str | float | bool) -> _Operand:
    storage = field.data_type.storage
    try:
        match storage:
            case Storage.TEXT:
                return folded(str(value))
            case Storage.DECIMAL:
                return float(value)
            case Storage.INTEGER:
                return _checked_integer(int(value))
            case Storage.BOOLEAN:
                return int({"true": True, "false": False}[str(value).lower()])
            case Storage.DATE | Storage.INSTANT:
                return _cut(field, format_instant(parse_instant(value)))
    except (ValueError, KeyError, ScalarTypeError) as error:
        raise SmartListRuleError(f"'{value}' is no {storage} for '{field.name}'") from error


def _checked_integer(number: int) -> int:
    if abs(number) > LARGEST_INTEGER:
        raise ValueError(number)
    return number


def _cut(field: LeadField, instant: str) -> str:
    return instant[:10] if field.data_type.storage is Storage.DATE else instant


def _is_member(rule: ListRule) -> ColumnElement[bool]:
    members = select(static_list_member.c.lead_id).where(
        static_list_member.c.subscription_id == lead.c.subscription_id,
        static_list_member.c.list_id == rule.list,
        static_list_member.c.lead_id == lead.c.id,
    )
    return members.exists() if rule.is_member else not_(members.exists())


def _is_one_of(lead_ids: list[int]) -> ColumnElement[bool]:
    return lead.c.id.in_(numbers_in(lead_ids))
