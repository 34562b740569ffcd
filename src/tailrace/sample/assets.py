"""The programs, forms, lists, fields and activity types that sample leads and activities use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from tailrace.domain.activity_types import ActivityAttribute, ActivityType
from tailrace.domain.asset_names import AssetName
from tailrace.domain.errors import AdministrationError
from tailrace.domain.lead_fields import DataType
from tailrace.domain.smart_list import Rule, encode_rule, parse_rule
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.subscriptions import (
    activity_types_of,
    add_activity_type,
    add_lead_field,
    lead_fields_of,
)
from tailrace.store.tables import form, program, smart_list, static_list

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadFieldCatalogue

#: Name, program around it, channel. A nested chain of three, and a name with a dot.
_PROGRAMS = (
    ("Nurture", None, "Nurture"),
    ("Webinar Series", "Nurture", "Webinar"),
    ("Follow-up", "Webinar Series", "Email Send"),
    ("Spring Campaign", None, "Email Send"),
    ("Trade Show, Hall 7", None, "Live Event"),
    ("Newsletter", None, "Email Send"),
    ("Q1.Launch", None, "Web Content"),
    ('"Free Trial"', None, "Web Content"),
)

#: Name and program around it, None for one in a folder.
_FORMS = (
    ("Contact Us", None),
    ("Email Unsubscribe Form", None),
    ("Register", "Webinar Series"),
    ("Feedback", "Follow-up"),
    ("Sign Up", "Newsletter"),
    ("Start Trial", '"Free Trial"'),
)

_STATIC_LISTS = (
    ("All Customers", None),
    ("Do Not Call, Ever", None),
    ("Attendees", "Webinar Series"),
    ("Attendees", "Trade Show, Hall 7"),
    ("Survey 1.5", "Follow-up"),
    ("Subscribers", "Newsletter"),
)

_FIELDS = (
    ("favouriteProduct", "Favourite Product", DataType.STRING, 255),
    ("loyaltyPoints", "Loyalty Points", DataType.INTEGER, None),
    ("isPartnerContact", "Is Partner Contact", DataType.BOOLEAN, None),
    ("lifetimeValue", "Lifetime Value", DataType.CURRENCY, None),
    ("satisfaction", "Satisfaction", DataType.FLOAT, None),
    ("contractEnd", "Contract End", DataType.DATE, None),
    ("lastDemoAt", "Last Demo At", DataType.DATETIME, None),
)

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
    smart_lists: tuple[SmartList, ...]
    fields: LeadFieldCatalogue
    activity_types: Mapping[int, ActivityType]


def make_assets(connection: Connection, subscription_id: SubscriptionId, now: datetime) -> Assets:
    """Make everything, under new names where there is sample data already."""
    maker = _Maker(connection, subscription_id, now)
    programs = maker.programs()
    forms = maker.assets(form, _FORMS, programs)
    static_lists = maker.assets(static_list, _STATIC_LISTS, programs)
    return Assets(
        programs=tuple(programs.values()),
        forms=tuple(forms),
        static_lists=tuple(static_lists),
        smart_lists=tuple(maker.smart_lists([one.id for one in static_lists])),
        fields=_fields(connection, subscription_id),
        activity_types=_activity_types(connection, subscription_id),
    )


class _Maker:
    """Makes assets whose names, within one run, end in the same number."""

    def __init__(
        self, connection: Connection, subscription_id: SubscriptionId, now: datetime
    ) -> None:
        self._connection = connection
        self._subscription_id = subscription_id
        self._now = now
        self._ending = self._free_ending()

    def programs(self) -> dict[str, Asset]:
        """Programs by their name in the table above."""
        made: dict[str, Asset] = {}
        for name, parent, channel in _PROGRAMS:
            outer = None if parent is None else made[parent]
            asset = Asset(
                self._next_id(),
                AssetName(_chain_within(outer), name + self._ending, is_program=True),
            )
            self._insert(
                program,
                asset,
                parent_id=None if outer is None else outer.id,
                channel=channel,
            )
            made[name] = asset
        return made

    def assets(
        self,
        table: Table,
        names: tuple[tuple[str, str | None], ...],
        programs: Mapping[str, Asset],
    ) -> list[Asset]:
        """Forms or lists, each in a program or, without one, in a folder."""
        made: list[Asset] = []
        for name, program_name in names:
            outer = None if program_name is None else programs[program_name]
            asset = Asset(self._next_id(), AssetName(_chain_within(outer), name + self._ending))
            self._insert(table, asset, program_id=None if outer is None else outer.id)
            made.append(asset)
        return made

    def smart_lists(self, list_ids: list[int]) -> list[SmartList]:
        made: list[SmartList] = []
        for name, document in _smart_list_rules(list_ids).items():
            rule = parse_rule(document)
            asset = Asset(self._next_id(), AssetName((), name + self._ending))
            self._insert(smart_list, asset, program_id=None, rule=encode_rule(rule))
            made.append(SmartList(asset.id, asset.name.name, rule))
        return made

    def _insert(self, table: Table, asset: Asset, **values: object) -> None:
        self._connection.execute(
            insert(table).values(
                subscription_id=self._subscription_id,
                id=asset.id,
                name=asset.name.name,
                created_at=self._now,
                **values,
            )
        )

    def _next_id(self) -> int:
        return take_numbers(
            self._connection, self._subscription_id, SequenceKind.ASSET, 1, at_least=1001
        )

    def _free_ending(self) -> str:
        taken = set(
            self._connection.execute(
                select(program.c.name).where(program.c.subscription_id == self._subscription_id)
            ).scalars()
        )
        endings = ("", *(f" {run}" for run in range(2, len(taken) + 3)))
        return next(
            ending
            for ending in endings
            if taken.isdisjoint(name + ending for name, _, _ in _PROGRAMS)
        )


def _chain_within(outer: Asset | None) -> tuple[str, ...]:
    return () if outer is None else (*outer.name.program_chain, outer.name.name)


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
