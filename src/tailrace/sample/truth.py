"""The ground truth about sample data: counted while it is made, for tests to hold exports against."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from tailrace.domain.activity_types import DELETE_LEAD
from tailrace.domain.instants import format_instant
from tailrace.domain.lead_fields import AUDIENCE_SHARING_FIELD
from tailrace.sample.smart_list_census import SmartListCensus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.sample.assets import Asset, Assets
    from tailrace.sample.plan import SeedPlan

_SAMPLED_LEADS = 5


class Truth:
    """What was made, told at the end as one JSON document."""

    def __init__(self, plan: SeedPlan, assets: Assets) -> None:
        self._plan = plan
        self._assets = assets
        self._census = SmartListCensus(assets.smart_lists)
        self._activities: Counter[int] = Counter()
        self._list_members: dict[int, list[int]] = {one.id: [] for one in assets.static_lists}
        self._lead_sample: dict[int, dict[str, str]] = {}

    def see_leads(self, leads: pl.DataFrame, members: Mapping[int, Sequence[int]]) -> None:
        """Take note of rows of the lead table, and of those among them that are in each list."""
        list_ids: dict[int, set[int]] = defaultdict(set)
        for list_id, lead_ids in members.items():
            self._list_members[list_id].extend(lead_ids)
            for lead_id in lead_ids:
                list_ids[lead_id].add(list_id)
        nowhere = frozenset[int]()
        fields = dict.fromkeys(self._census.fields)
        standard = [name for name in fields if name in leads.columns]
        for lead_id, custom, *values in leads.select("id", "custom", *standard).iter_rows():
            own = msgspec.json.decode(custom, type=dict[str, Any])
            known = fields | own | dict(zip(standard, values, strict=True))
            self._census.see_lead(lead_id, known, list_ids.get(lead_id, nowhere))
        if len(self._lead_sample) < _SAMPLED_LEADS:
            for row in leads.gather_every(max(1, leads.height // 3)).iter_rows(named=True):
                self._lead_sample[row["id"]] = _exported(row, self._assets.fields)

    def see_members(self, list_id: int, lead_ids: Sequence[int]) -> None:
        """Take note of members of a list that no smart list asks about."""
        self._list_members[list_id].extend(sorted(lead_ids))

    def see_activities(self, rows: pl.DataFrame) -> None:
        """Take note of rows of the activity log."""
        self._activities.update(dict(rows["activityTypeId"].value_counts().iter_rows()))
        self._census.see_activities(rows)

    def write(self, path: Path) -> None:
        """Write it all down, once everything was seen."""
        assets = self._assets
        document = {
            "leads": self._plan.leads,
            # Of the subscription, whatever this run has added to it.
            "leadFields": sum(one.name != AUDIENCE_SHARING_FIELD for one in assets.fields),
            "activities": {str(one): count for one, count in sorted(self._activities.items())},
            "activityTypes": len(assets.activity_types),
            # Each is of another lead.
            "deletedLeads": self._activities[DELETE_LEAD],
            "lists": _names(assets.static_lists),
            "listMembers": _by_id(self._list_members),
            "programs": _names(assets.programs),
            "campaigns": _names(assets.campaigns),
            "forms": _names(assets.forms),
            # What primaryAttributeValue holds: the programs around a list or form included.
            "storedNames": {str(one.id): one.name.stored for one in _in_programs(assets)},
            "smartLists": {str(one.id): one.name for one in assets.smart_lists},
            "smartListMembers": _by_id(self._census.members()),
            "window": {
                "startAt": format_instant(self._plan.start),
                "endAt": format_instant(self._plan.end),
            },
            "leadSample": _by_id(self._lead_sample),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1))


def _in_programs(assets: Assets) -> tuple[Asset, ...]:
    return (*assets.programs, *assets.campaigns, *assets.forms, *assets.static_lists)


def _names(assets: Sequence[Asset]) -> dict[str, str]:
    return {str(one.id): one.name.name for one in assets}


def _by_id(values: Mapping[int, Any]) -> dict[str, Any]:
    return {str(one): value for one, value in sorted(values.items())}


def _exported(columns: Mapping[str, Any], fields: LeadFieldCatalogue) -> dict[str, str]:
    """What a result file shows of a lead, nothing as an empty text.

    The field that is exported only where it was switched on is left out.
    """
    custom: dict[str, Any] = msgspec.json.decode(columns["custom"])
    return {
        field.name: _text(custom.get(field.name) if field.is_custom else columns.get(field.name))
        for field in fields
        if field.name != AUDIENCE_SHARING_FIELD
    }


def _text(value: str | int | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
