"""Who belongs to each smart list, found by plain Python while sample data is made.

It shares nothing with the query that the server runs but the rules' meaning (contract section
5.2), so that one can be held against the other. Rules here look at all activities ever, so the
answer does not depend on when it is asked for.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from tailrace.domain.smart_list import (
    ActivityRule,
    AllRule,
    AnyRule,
    FieldRule,
    ListRule,
    Operator,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from tailrace.domain.smart_list import Rule
    from tailrace.sample.assets import SmartList

    Value = str | int | bool | None
    Values = Mapping[str, Value]
    Predicate = Callable[[Values, AbstractSet[int], bool], bool]


class SmartListCensus:
    """Sees every lead and every activity once, then knows the members."""

    def __init__(self, smart_lists: Sequence[SmartList]) -> None:
        self._members: dict[int, list[int]] = {one.id: [] for one in smart_lists}
        self._predicates = {one.id: _predicate(one.rule) for one in smart_lists}
        #: A sample rule looks at activities once at most.
        self._activity_rules = {
            one.id: rule for one in smart_lists for rule in _activities(one.rule)
        }
        #: Leads whose membership hangs on their activities: list, lead, and whether satisfying
        #: the list's activity rule makes them members.
        self._undecided: list[tuple[int, int, bool]] = []
        self._counts: dict[int, Counter[int]] = {
            rule.activity_type_id: Counter() for rule in self._activity_rules.values()
        }
        #: Names of the fields that any rule looks at.
        self.fields = {name for one in smart_lists for name in _fields(one.rule)}

    def see_lead(self, lead_id: int, values: Values, list_ids: AbstractSet[int]) -> None:
        """Take note of a lead: values of at least `fields`, and the static lists it is in."""
        for list_id, holds in self._predicates.items():
            is_member = holds(values, list_ids, False)
            if list_id in self._activity_rules and is_member != holds(values, list_ids, True):
                self._undecided.append((list_id, lead_id, not is_member))
            elif is_member:
                self._members[list_id].append(lead_id)

    def see_activities(self, rows: pl.DataFrame) -> None:
        for type_id, counts in self._counts.items():
            of_type = rows.filter(pl.col("activityTypeId") == type_id)
            counts.update(dict(of_type["leadId"].value_counts().iter_rows()))

    def members(self) -> dict[int, list[int]]:
        """Ids of the members, ascending, by the smart list's id."""
        found = {list_id: list(ids) for list_id, ids in self._members.items()}
        for list_id, lead_id, is_wanted in self._undecided:
            rule = self._activity_rules[list_id]
            has_enough = self._counts[rule.activity_type_id][lead_id] >= rule.at_least
            if (has_enough == rule.has) == is_wanted:
                found[list_id].append(lead_id)
        return {list_id: sorted(ids) for list_id, ids in found.items()}


def _predicate(rule: Rule) -> Predicate:
    """Whether a lead satisfies the rule, given that it does (not) satisfy the one on activities."""
    match rule:
        case AllRule(rules):
            every = [_predicate(one) for one in rules]
            return lambda values, lists, is_active: all(
                holds(values, lists, is_active) for holds in every
            )
        case AnyRule(rules):
            some = [_predicate(one) for one in rules]
            return lambda values, lists, is_active: any(
                holds(values, lists, is_active) for holds in some
            )
        case ListRule():
            return lambda _, lists, __: (rule.list in lists) == rule.is_member
        case ActivityRule():
            return lambda _, __, is_active: is_active
        case FieldRule():
            field, compare = rule.field, _comparison(rule)
            return lambda values, _, __: compare(values[field])


def _comparison(rule: FieldRule) -> Callable[[Value], bool]:
    wanted = [_lower(one) for one in rule.values]
    texts = [str(one) for one in wanted]
    comparisons: dict[Operator, Callable[[Any], bool]] = {
        Operator.IS: lambda value: _lower(value) in wanted,
        Operator.CONTAINS: lambda value: any(one in value.lower() for one in texts),
        Operator.STARTS_WITH: lambda value: any(value.lower().startswith(one) for one in texts),
        Operator.AT_LEAST: lambda value: value >= wanted[0],
        Operator.BETWEEN: lambda value: wanted[0] <= value <= wanted[1],
        Operator.IS_NOT_EMPTY: lambda _: True,
    }
    holds = comparisons[rule.operator]
    return lambda value: value is not None and holds(value)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _activities(rule: Rule) -> Iterator[ActivityRule]:
    match rule:
        case AllRule(rules) | AnyRule(rules):
            for one in rules:
                yield from _activities(one)
        case ActivityRule():
            yield rule
        case _:
            return


def _fields(rule: Rule) -> Iterator[str]:
    match rule:
        case AllRule(rules) | AnyRule(rules):
            for one in rules:
                yield from _fields(one)
        case FieldRule():
            yield rule.field
        case _:
            return
