"""The programs, forms, lists, fields and activity types that sample leads and activities use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select

from tailrace.domain.activity_types import ActivityAttribute, ActivityType
from tailrace.domain.asset_names import AssetName
from tailrace.domain.assets import PROGRAM_STATUSES, default_program_type
from tailrace.domain.errors import AdministrationError
from tailrace.domain.lead_fields import DataType
from tailrace.domain.smart_list import Rule, encode_rule, parse_rule
from tailrace.sample.asset_names import (
    HAND_MADE_CAMPAIGNS,
    HAND_MADE_FORMS,
    HAND_MADE_STATIC_LISTS,
    assets_to_make,
    from_start_at,
    programs_to_make,
)
from tailrace.sample.vocabulary import PLACES
from tailrace.store.channels import ensure_channel
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.subscriptions import (
    activity_types_of,
    add_activity_type,
    add_lead_field,
    lead_fields_of,
)
from tailrace.store.tables import campaign, form, program, smart_list, static_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.sample.asset_names import NewAsset
    from tailrace.sample.plan import SeedPlan

_FIELDS = (
    ("favouriteProduct", "Favourite Product", DataType.STRING, 255),
    ("loyaltyPoints", "Loyalty Points", DataType.INTEGER, None),
    ("isPartnerContact", "Is Partner Contact", DataType.BOOLEAN, None),
    ("lifetimeValue", "Lifetime Value", DataType.CURRENCY, None),
    ("satisfaction", "Satisfaction", DataType.FLOAT, None),
    ("contractEnd", "Contract End", DataType.DATE, None),
    ("lastDemoAt", "Last Demo At", DataType.DATETIME, None),
)

#: What forms ask for: the first of these, more or fewer.
_FORM_FIELDS = ("email", "firstName", "lastName", "company", "phone", "country")

ATTEND_CONFERENCE = 100_001
REDEEM_VOUCHER = 100_002


def _attribute(name: str, data_type: str = "string") -> ActivityAttribute:
    words = name.split()
    api_name = words[0].lower() + "".join(words[1:])
    return ActivityAttribute(name=name, data_type=data_type, api_name=api_name)


_ACTIVITY_TYPES = (
    ActivityType(
        id=ATTEND_CONFERENCE,
        name="Attend Conference",
        api_name="attendConference",
        primary_attribute=_attribute("Conference"),
        attributes=(
            _attribute("Booth"),
            _attribute("Talks Attended", "integer"),
            _attribute("Is Speaker", "boolean"),
            _attribute("Ticket Price", "currency"),
            _attribute("Arrived At", "datetime"),
        ),
    ),
    ActivityType(
        id=REDEEM_VOUCHER,
        name="Redeem Voucher",
        api_name="redeemVoucher",
        primary_attribute=_attribute("Voucher Code"),
        attributes=(
            _attribute("Amount", "float"),
            _attribute("Store"),
            _attribute("Expires On", "date"),
        ),
    ),
)

#: Every activity there is: rules that count days back must not depend on when they are asked.
_EVER_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Asset:
    id: int
    name: AssetName
    #: Whether it is older than everything that happens.
    is_from_start: bool


def from_start(assets: Sequence[Asset]) -> list[Asset]:
    """Those that an activity of any moment may speak of."""
    return [one for one in assets if one.is_from_start]


@dataclass(frozen=True, slots=True)
class SmartList:
    id: int
    name: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Assets:
    """What one run of sample data has made, and the fields and types it found or made."""

    programs: tuple[Asset, ...]
    forms: tuple[Asset, ...]
    static_lists: tuple[Asset, ...]
    campaigns: tuple[Asset, ...]
    smart_lists: tuple[SmartList, ...]
    fields: LeadFieldCatalogue
    activity_types: Mapping[int, ActivityType]


def make_assets(connection: Connection, subscription_id: SubscriptionId, plan: SeedPlan) -> Assets:
    """Make everything, under new names where there is sample data already."""
    maker = _Maker(connection, subscription_id, plan)
    programs = maker.programs()
    forms = maker.forms(programs)
    static_lists = maker.assets(
        static_list, maker.planned("List", HAND_MADE_STATIC_LISTS, plan.lists), programs
    )
    return Assets(
        programs=tuple(programs.values()),
        forms=tuple(forms),
        static_lists=tuple(static_lists),
        campaigns=tuple(maker.campaigns(programs)),
        smart_lists=tuple(maker.smart_lists([one.id for one in static_lists])),
        fields=_fields(connection, subscription_id),
        activity_types=_activity_types(connection, subscription_id),
    )


class _Maker:
    """Makes assets whose names, within one run, end in the same number."""

    def __init__(
        self, connection: Connection, subscription_id: SubscriptionId, plan: SeedPlan
    ) -> None:
        self._connection = connection
        self._subscription_id = subscription_id
        self._plan = plan
        self._ending = self._free_ending()

    def planned(
        self, word: str, hand_made: Sequence[tuple[str, str | None]], count: int
    ) -> list[NewAsset]:
        return assets_to_make(self._plan, word, hand_made, count)

    def programs(self) -> dict[str, Asset]:
        """Programs by their name in the plan."""
        made: dict[str, Asset] = {}
        for planned, channel_name in programs_to_make(self._plan):
            channel = ensure_channel(
                self._connection, self._subscription_id, channel_name, self._plan.start
            )
            program_type = default_program_type(channel.applicable_program_type)
            outer = None if planned.program is None else made[planned.program]
            (made[planned.name],) = self._insert(
                program,
                [planned],
                [outer],
                [
                    {
                        "parent_id": None if outer is None else outer.id,
                        "channel": channel.name,
                        "type": program_type.value,
                        "status": PROGRAM_STATUSES[program_type][0],
                    }
                ],
            )
        return made

    def assets(
        self,
        table: Table,
        planned: Sequence[NewAsset],
        programs: Mapping[str, Asset],
        values: Sequence[Mapping[str, object]] | None = None,
    ) -> list[Asset]:
        """Assets, each in a program or, without one, in the folder; `values` of their own."""
        around = [None if one.program is None else programs[one.program] for one in planned]
        own: Sequence[Mapping[str, object]] = values or [{} for _ in planned]
        with_program = [
            {**more, "program_id": None if outer is None else outer.id}
            for more, outer in zip(own, around, strict=True)
        ]
        return self._insert(table, planned, around, with_program)

    def forms(self, programs: Mapping[str, Asset]) -> list[Asset]:
        planned = self.planned("Form", HAND_MADE_FORMS, self._plan.forms)
        fields = [
            msgspec.json.encode(_FORM_FIELDS[: 2 + place % (len(_FORM_FIELDS) - 1)]).decode()
            for place in range(len(planned))
        ]
        return self.assets(form, planned, programs, [{"fields": one} for one in fields])

    def campaigns(self, programs: Mapping[str, Asset]) -> list[Asset]:
        planned = self.planned("Campaign", HAND_MADE_CAMPAIGNS, self._plan.campaigns)
        values = [
            {"type": "batch" if place % 2 else "trigger", "is_active": place % 3 == 0}
            for place in range(len(planned))
        ]
        return self.assets(campaign, planned, programs, values)

    def smart_lists(self, list_ids: list[int]) -> list[SmartList]:
        rules = _smart_list_rules(list_ids[:6])
        planned = self.planned(
            "Smart List", [(name, None) for name in rules], self._plan.smart_lists
        )
        documents = [*rules.values()]
        documents += [_counted_rule(place) for place in range(len(rules), len(planned))]
        parsed = [parse_rule(document) for document in documents]
        in_folder = [replace(one, program=None) for one in planned]
        made = self.assets(
            smart_list, in_folder, {}, [{"rule": encode_rule(rule)} for rule in parsed]
        )
        return [
            SmartList(asset.id, asset.name.name, rule)
            for asset, rule in zip(made, parsed, strict=True)
        ]

    def _insert(
        self,
        table: Table,
        planned: Sequence[NewAsset],
        around: Sequence[Asset | None],
        values: Sequence[Mapping[str, object]],
    ) -> list[Asset]:
        first_id = take_numbers(
            self._connection, self._subscription_id, SequenceKind.ASSET, len(planned)
        )
        is_program = table is program
        made = [
            Asset(
                asset_id,
                AssetName(_chain_within(outer), one.name + self._ending, is_program),
                is_from_start=one.created_at == from_start_at(self._plan),
            )
            for asset_id, (one, outer) in enumerate(zip(planned, around, strict=True), first_id)
        ]
        rows = [
            {
                "subscription_id": self._subscription_id,
                "id": asset.id,
                "name": asset.name.name,
                "description": one.description,
                "created_at": one.created_at,
                "updated_at": one.updated_at,
                **more,
            }
            for asset, one, more in zip(made, planned, values, strict=True)
        ]
        self._connection.execute(insert(table), rows)
        return made

    def _free_ending(self) -> str:
        taken = set(
            self._connection.execute(
                select(program.c.name).where(program.c.subscription_id == self._subscription_id)
            ).scalars()
        )
        names = [planned.name for planned, _ in programs_to_make(self._plan)]
        endings = ("", *(f" {run}" for run in range(2, len(taken) + 3)))
        return next(
            ending for ending in endings if taken.isdisjoint(name + ending for name in names)
        )


def _chain_within(outer: Asset | None) -> tuple[str, ...]:
    return () if outer is None else (*outer.name.program_chain, outer.name.name)


def _counted_rule(place: int) -> object:
    """A rule that no two neighbours share; none depends on when it is evaluated."""
    country = PLACES[place % len(PLACES)][0]
    return {
        "all": [
            {"field": "country", "operator": "is", "values": [country]},
            {"field": "leadScore", "operator": "at least", "values": [place % 120]},
        ]
    }


def _smart_list_rules(list_ids: list[int]) -> dict[str, object]:
    """Every kind of rule, alone and nested; none depends on when it is evaluated."""
    customers, do_not_call, attendees, *_, subscribers = list_ids
    in_german = {"field": "country", "operator": "is", "values": ["Germany", "austria"]}
    return {
        "German Speakers": in_german,
        "Hot Prospects": {
            "all": [
                {"field": "leadScore", "operator": "at least", "values": [90]},
                {"field": "unsubscribed", "operator": "is", "values": [False]},
            ]
        },
        "Attendees in Software": {
            "all": [
                {"list": attendees, "isMember": True},
                {"field": "industry", "operator": "contains", "values": ["SOFT"]},
            ]
        },
        "Filled Out a Form": {
            "all": [
                {"activityTypeId": 2, "inLastDays": _EVER_DAYS},
                {"field": "country", "operator": "is", "values": ["United States"]},
            ]
        },
        "Customers Who Never Click": {
            "all": [
                {"list": customers},
                {"activityTypeId": 11, "inLastDays": _EVER_DAYS, "has": False},
            ]
        },
        "To Be Called": {
            "any": [
                {
                    "all": [
                        {"field": "title", "operator": "starts with", "values": ["chief"]},
                        {"list": do_not_call, "isMember": False},
                        {"field": "phone", "operator": "is not empty"},
                        {"field": "loyaltyPoints", "operator": "between", "values": [900, 999]},
                    ]
                },
                {"all": [{"list": subscribers}, in_german]},
            ]
        },
    }


def _fields(connection: Connection, subscription_id: SubscriptionId) -> LeadFieldCatalogue:
    known = lead_fields_of(connection, subscription_id)
    for name, display_name, data_type, length in _FIELDS:
        found = known.find(name)
        if found is None:
            add_lead_field(
                connection,
                subscription_id,
                name=name,
                display_name=display_name,
                data_type=data_type,
                length=length,
            )
        elif found.data_type is not data_type:
            raise AdministrationError(
                f"Sample data needs the lead field '{name}' to be {data_type},"
                f" here it is {found.data_type}."
            )
    return lead_fields_of(connection, subscription_id)


def _activity_types(
    connection: Connection, subscription_id: SubscriptionId
) -> Mapping[int, ActivityType]:
    known = activity_types_of(connection, subscription_id)
    for definition in _ACTIVITY_TYPES:
        if definition.id not in known:
            add_activity_type(connection, subscription_id, definition)
    return activity_types_of(connection, subscription_id)
