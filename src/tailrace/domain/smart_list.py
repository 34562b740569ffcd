"""Smart lists: rules that pick leads, kept as JSON and evaluated when an export begins.

A rule is one of
    {"all": [rule, …]}    {"any": [rule, …]}
    {"field": "country", "operator": "is", "values": ["Germany", "Austria"]}
    {"list": 1001, "isMember": true}
    {"activityTypeId": 2, "inLastDays": 30, "has": true, "atLeast": 1}
(contract section 5.2). Strings compare without regard to case, as Marketo's do.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from tailrace.domain.errors import SmartListRuleError, SmartListWithoutRulesError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bounds that keep one rule set one SQL statement of a size every database takes.
MAXIMUM_RULES = 200
MAXIMUM_DEPTH = 10
MAXIMUM_VALUES = 300
MAXIMUM_DAYS = 36_500
MAXIMUM_COUNT = 1_000_000_000


class Operator(StrEnum):
    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    STARTS_WITH = "starts with"
    NOT_STARTS_WITH = "not starts with"
    IS_EMPTY = "is empty"
    IS_NOT_EMPTY = "is not empty"
    GREATER_THAN = "greater than"
    LESS_THAN = "less than"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    #: Two values, both inclusive.
    BETWEEN = "between"
    #: Dates and date-times: one value, a number of days before processing begins.
    IN_PAST_DAYS = "in past days"


#: How many values an operator takes: least and most.
OPERATOR_VALUES: dict[Operator, tuple[int, int]] = {
    Operator.IS: (1, MAXIMUM_VALUES),
    Operator.IS_NOT: (1, MAXIMUM_VALUES),
    Operator.CONTAINS: (1, MAXIMUM_VALUES),
    Operator.NOT_CONTAINS: (1, MAXIMUM_VALUES),
    Operator.STARTS_WITH: (1, MAXIMUM_VALUES),
    Operator.NOT_STARTS_WITH: (1, MAXIMUM_VALUES),
    Operator.IS_EMPTY: (0, 0),
    Operator.IS_NOT_EMPTY: (0, 0),
    Operator.GREATER_THAN: (1, 1),
    Operator.LESS_THAN: (1, 1),
    Operator.AT_LEAST: (1, 1),
    Operator.AT_MOST: (1, 1),
    Operator.BETWEEN: (2, 2),
    Operator.IN_PAST_DAYS: (1, 1),
}


class FieldRule(msgspec.Struct, frozen=True, tag=False, forbid_unknown_fields=True):
    #: REST name of the lead field.
    field: str
    operator: Operator
    values: tuple[str | int | float | bool, ...] = ()


class ListRule(msgspec.Struct, frozen=True, tag=False, rename="camel", forbid_unknown_fields=True):
    #: Id of a static list.
    list: int
    is_member: bool = True


class ActivityRule(
    msgspec.Struct, frozen=True, tag=False, rename="camel", forbid_unknown_fields=True
):
    activity_type_id: int
    #: Counted back from the moment processing begins.
    in_last_days: int
    #: False asks for leads that had fewer than `at_least` such activities.
    has: bool = True
    at_least: int = 1


class AllRule(msgspec.Struct, frozen=True, tag=False, forbid_unknown_fields=True):
    all: tuple[Rule, ...]


class AnyRule(msgspec.Struct, frozen=True, tag=False, forbid_unknown_fields=True):
    any: tuple[Rule, ...]


#: A rule that holds no other.
PlainRule = FieldRule | ListRule | ActivityRule

Rule = PlainRule | AllRule | AnyRule

_RULE_TYPES: dict[str, type[Rule]] = {
    "field": FieldRule,
    "list": ListRule,
    "activityTypeId": ActivityRule,
    "all": AllRule,
    "any": AnyRule,
}


def parse_rule(document: object) -> Rule:
    """The rule that a decoded JSON document states.

    Raises SmartListWithoutRulesError for one that would pick everybody, and SmartListRuleError
    naming the part that makes no sense.
    """
    rule, count = _parse(document, depth=1)
    if count == 0:
        raise SmartListWithoutRulesError
    if count > MAXIMUM_RULES:
        raise SmartListRuleError(f"{count} rules are more than {MAXIMUM_RULES}")
    return rule


def decode_rule(text: str | bytes) -> Rule:
    """The rule kept as JSON text. Raises as `parse_rule` does."""
    try:
        return parse_rule(msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        raise SmartListRuleError(f"not JSON: {error}") from error


def encode_rule(rule: Rule) -> str:
    """The JSON text that `decode_rule` reads back."""
    return msgspec.json.encode(rule).decode()


def plain_rules(rule: Rule) -> Iterator[PlainRule]:
    """Every rule that holds no other, at any depth, in order."""
    match rule:
        case AllRule(rules) | AnyRule(rules):
            for one in rules:
                yield from plain_rules(one)
        case _:
            yield rule


def lists_named(rule: Rule) -> Iterator[int]:
    """Ids of the static lists that a rule asks about, at any depth."""
    return (one.list for one in plain_rules(rule) if isinstance(one, ListRule))


def _parse(document: object, depth: int) -> tuple[Rule, int]:
    if depth > MAXIMUM_DEPTH:
        raise SmartListRuleError(f"rules are nested more than {MAXIMUM_DEPTH} deep")
    if not isinstance(document, dict):
        raise SmartListRuleError("a rule is a JSON object")
    members: dict[str, object] = document  # pyright: ignore[reportUnknownVariableType]
    kinds = [kind for kind in _RULE_TYPES if kind in members]
    if len(kinds) != 1:
        raise SmartListRuleError(f"a rule has exactly one of {', '.join(_RULE_TYPES)}")
    if kinds[0] in ("all", "any"):
        return _parse_group(kinds[0], members, depth)
    try:
        rule = msgspec.convert(members, _RULE_TYPES[kinds[0]])
    except msgspec.ValidationError as error:
        raise SmartListRuleError(f"rule on '{kinds[0]}': {error}") from error
    _check_values(rule)
    return rule, 1


def _parse_group(kind: str, members: dict[str, object], depth: int) -> tuple[Rule, int]:
    inner = members[kind]
    if len(members) != 1 or not isinstance(inner, list):
        raise SmartListRuleError(f"'{kind}' holds a list of rules and stands alone")
    documents: list[object] = inner  # pyright: ignore[reportUnknownVariableType]
    parsed = [_parse(document, depth + 1) for document in documents]
    rules = tuple(rule for rule, _ in parsed)
    if not rules and depth > 1:
        raise SmartListRuleError(f"'{kind}' holds no rule")
    group = AllRule(all=rules) if kind == "all" else AnyRule(any=rules)
    return group, sum(count for _, count in parsed)


def _check_values(rule: Rule) -> None:
    if isinstance(rule, ActivityRule):
        if not 1 <= rule.in_last_days <= MAXIMUM_DAYS:
            raise SmartListRuleError(f"inLastDays is from 1 to {MAXIMUM_DAYS}")
        if not 1 <= rule.at_least <= MAXIMUM_COUNT:
            raise SmartListRuleError(f"atLeast is from 1 to {MAXIMUM_COUNT}")
    if isinstance(rule, FieldRule):
        least, most = OPERATOR_VALUES[rule.operator]
        if not least <= len(rule.values) <= most:
            raise SmartListRuleError(
                f"'{rule.operator}' on '{rule.field}' takes {least} to {most} values,"
                f" not {len(rule.values)}"
            )
