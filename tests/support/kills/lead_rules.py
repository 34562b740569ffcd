"""Rules on leads, written one at a time or imported."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.support.kills.aftermath import INTO_LIST_TYPE, NEW_LEAD_TYPE
from tests.support.kills.evidence import DOMAIN
from tests.support.kills.history import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.kills.evidence import Evidence
    from tests.support.kills.history import Call


def leads_are_there_once(evidence: Evidence) -> Iterator[str]:
    for address, count in Counter(address for _, address, _ in evidence.after.leads).items():
        if count > 1:
            yield f"lead {address} is there {count} times"


def leads_are_as_last_written(evidence: Evidence) -> Iterator[str]:
    """Each lead has one client, which writes `v1`, `v2` … one after the other, and reads them."""
    values = {address: value for _, address, value in evidence.after.leads}
    writes: dict[str, list[Call]] = defaultdict(list)
    for call in evidence.effective(Action.WRITE_LEAD):
        writes[call.subject].append(call)
    reads: dict[str, list[Call]] = defaultdict(list)
    for call in evidence.done(Action.READ_LEAD):
        reads[call.subject].append(call)
    for address, written in writes.items():
        looks = [(call.began, call.value) for call in reads[address]]
        floor = 0
        for looked_at, value in [*looks, (evidence.end, values.get(address, ""))]:
            known = [_version(call.value) for call in written if call.began < looked_at]
            done = [
                _version(call.value)
                for call in written
                if call.outcome is Outcome.DONE and call.ended < looked_at
            ]
            floor = max([floor, *done])
            version = _version(value)
            if version < floor or version > max(known, default=0):
                yield f"lead {address} is at {value or 'nothing'} after v{floor}"
            floor = max(floor, version)


def _version(value: str) -> int:
    return int(value.removeprefix("v")) if value else 0


def new_leads_are_told_of_once(evidence: Evidence) -> Iterator[str]:
    told = Counter(one.lead_id for one in evidence.after.activities if one.type_id == NEW_LEAD_TYPE)
    for lead_id, address, _ in evidence.after.leads:
        if address.endswith(DOMAIN) and told[lead_id] != 1:
            yield f"the log tells {told[lead_id]} times of the new lead {address}"


def imports_are_whole(evidence: Evidence) -> Iterator[str]:
    """All rows of what was taken, each told of once; of anything else all or none."""
    ids = {address: lead_id for lead_id, address, _ in evidence.after.leads}
    listed = Counter(
        one.lead_id for one in evidence.after.activities if one.type_id == INTO_LIST_TYPE
    )
    for import_id, state in evidence.after.imports.items():
        if state != "Complete":
            yield f"import {import_id} is {state}"
    for call in evidence.effective(Action.IMPORT):
        there = {address in ids for address in call.marks}
        if call.outcome is Outcome.DONE and there != {True}:
            yield f"import {call.subject} was taken, not all of its leads are there"
        elif len(there) > 1:
            yield f"an import of {call.marks[0]} is there in part"
        counts = {listed[ids[address]] for address in call.marks if address in ids}
        if counts - {1}:
            yield f"leads of import {call.subject} were put into the list {counts} times"


LEAD_RULES: tuple[Callable[[Evidence], Iterable[str]], ...] = (
    leads_are_there_once,
    leads_are_as_last_written,
    new_leads_are_told_of_once,
    imports_are_whole,
)
