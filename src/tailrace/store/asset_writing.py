"""Assets as an administrator wants them: made where they are missing, changed where they differ.

An entry is held against the asset of its name, in its program where it has one. What the entry
leaves out stays as it is, so the same entry a second time changes nothing. Nothing is told to the
activity log: an entry says how things are, not that something happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import insert, select, update

from tailrace.domain.asset_entries import (
    AssetEntry,
    CampaignEntry,
    ChannelEntry,
    FieldEntry,
    FormEntry,
    ListEntry,
    Outcome,
    PlacedEntry,
    ProgramEntry,
    SmartListEntry,
)
from tailrace.domain.assets import (
    DEFAULT_FOLDER,
    MAXIMUM_NAME_CHARACTERS,
    PROGRAM_STATUSES,
    CampaignType,
    FormStatus,
    ProgramType,
    default_program_type,
)
from tailrace.domain.errors import (
    AdministrationError,
    AssetEntryError,
    ScalarTypeError,
    SmartListRuleError,
    SmartListWithoutRulesError,
)
from tailrace.domain.instants import parse_instant
from tailrace.domain.lead_values import clean_text, parse_date
from tailrace.domain.programs import APPLICABLE_PROGRAM_TYPES, ProgressionStatus
from tailrace.domain.smart_list import encode_rule, parse_rule
from tailrace.store.asset_query import StoredCost, StoredTag, find_channels
from tailrace.store.channels import change_channel, create_channel, ensure_channel
from tailrace.store.sequences import SequenceKind, pass_number, take_numbers
from tailrace.store.smart_list_checks import check_rule
from tailrace.store.subscriptions import add_lead_field, lead_fields_of
from tailrace.store.tables import campaign, form, program, smart_list, static_list

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Table

    from tailrace.domain.export_job import SubscriptionId

Value = TypeVar("Value")

#: Ids that are given out later go on behind the largest: there must be room.
LARGEST_GIVEN_ID = 1_000_000_000


class AssetWriter:
    """Writes entries within a transaction; raises AssetEntryError for one that cannot be."""

    def __init__(
        self, connection: Connection, subscription_id: SubscriptionId, now: datetime
    ) -> None:
        self._connection = connection
        self._subscription_id = subscription_id
        self._now = now
        #: Of the asset that was made last.
        self.last_id = 0

    def field(self, entry: FieldEntry) -> Outcome:
        """A lead field; one that is there must be the same."""
        known = lead_fields_of(self._connection, self._subscription_id).find(entry.name)
        if known is None:
            try:
                self.last_id = add_lead_field(
                    self._connection,
                    self._subscription_id,
                    name=entry.name,
                    display_name=entry.display_name or entry.name,
                    data_type=entry.type,
                    length=entry.length,
                ).id
            except AdministrationError as error:
                raise AssetEntryError("name", error.reason.rstrip(".")) from error
            return Outcome.CREATED
        if known.data_type is not entry.type:
            raise AssetEntryError("type", f"the lead field '{known.name}' is {known.data_type}")
        if entry.length not in (None, known.length):
            reason = f"the lead field '{known.name}' has the length {known.length}"
            raise AssetEntryError("length", reason)
        return Outcome.UNCHANGED

    def channel(self, entry: ChannelEntry) -> Outcome:
        """A channel with all of its statuses."""
        _checked_name(entry.name)
        if entry.type not in APPLICABLE_PROGRAM_TYPES:
            reason = f"'{entry.type}' is none of {', '.join(APPLICABLE_PROGRAM_TYPES)}"
            raise AssetEntryError("type", reason)
        statuses = _checked_statuses(entry)
        known = find_channels(self._connection, self._subscription_id, entry.name)
        if known:
            is_changed = change_channel(
                self._connection,
                self._subscription_id,
                known[0],
                applicable_program_type=entry.type,
                statuses=statuses,
                description=_or(entry.description, known[0].description),
                now=self._now,
            )
            return Outcome.CHANGED if is_changed else Outcome.UNCHANGED
        self.last_id = create_channel(
            self._connection,
            self._subscription_id,
            name=entry.name,
            applicable_program_type=entry.type,
            statuses=statuses,
            description=_or(entry.description, None),
            now=self._now,
        ).id
        return Outcome.CREATED

    def program(self, entry: ProgramEntry) -> Outcome:
        """A program, whose name is its own whatever it is nested in."""
        known = self._row(program, program.c.name == entry.name)
        values = self._program_values(entry, known)
        return self._store(program, entry, known, values)

    def campaign(self, entry: CampaignEntry) -> Outcome:
        return self._placed(
            campaign,
            entry,
            {"type": _text(entry.type), "is_active": entry.active},
            {"type": CampaignType.BATCH.value, "is_active": False},
        )

    def static_list(self, entry: ListEntry) -> Outcome:
        """The list itself; its members are the business of `member_writing`."""
        return self._placed(static_list, entry, {}, {})

    def form(self, entry: FormEntry) -> Outcome:
        if _is_set(entry.fields):
            catalogue = lead_fields_of(self._connection, self._subscription_id)
            for name in entry.fields:
                if catalogue.find(name) is None:
                    raise AssetEntryError("fields", f"there is no lead field '{name}'")
        fields = _encoded(entry.fields)
        defaults = {"status": FormStatus.APPROVED.value, "fields": "[]"}
        return self._placed(
            form, entry, {"status": _text(entry.status), "fields": fields}, defaults
        )

    def smart_list(self, entry: SmartListEntry) -> Outcome:
        known = self._row(smart_list, *self._place(smart_list, entry))
        if entry.rule is UNSET and known is None:
            raise AssetEntryError("rule", "a new smart list needs one")
        values = {"rule": UNSET if entry.rule is UNSET else self._checked_rule(entry.rule)}
        return self._placed(smart_list, entry, values, {})

    def _checked_rule(self, document: object) -> str:
        try:
            rule = parse_rule(document)
            check_rule(self._connection, self._subscription_id, rule)
            return encode_rule(rule)
        except SmartListRuleError as error:
            raise AssetEntryError("rule", error.reason.rstrip(".")) from error
        except SmartListWithoutRulesError as error:
            raise AssetEntryError("rule", "it has no rule, so it would pick everybody") from error

    def program_id(self, name: str, *, field: str = "program") -> int:
        """The id of the program of this name. Raises AssetEntryError."""
        row = self._row(program, program.c.name == name)
        if row is None:
            raise AssetEntryError(field, f"there is no program '{name}'")
        return row["id"]

    def list_id(self, name: str, program_name: str | None) -> int:
        """The id of the static list of this name. Raises AssetEntryError."""
        around = None if program_name is None else self.program_id(program_name)
        row = self._row(static_list, static_list.c.name == name, _around(static_list, around))
        if row is None:
            where = "outside programs" if program_name is None else f"in '{program_name}'"
            raise AssetEntryError("list", f"there is no list '{name}' {where}")
        return row["id"]

    def _program_values(self, entry: ProgramEntry, known: RowMapping | None) -> dict[str, Any]:
        """The columns that the entry says something about, defaults of a new program included."""
        values: dict[str, Any] = {}
        if _is_set(entry.program):
            values["parent_id"] = self._parent_id(entry.program, entry.name)
        if _is_set(entry.channel):
            values["channel"] = entry.channel
        elif known is None:
            raise AssetEntryError("channel", "a new program needs one")
        values |= self._type_and_status(entry, known)
        if _is_set(entry.tags):
            values["tags"] = _encoded([StoredTag(*pair) for pair in entry.tags.items()])
        if _is_set(entry.costs):
            costs = [StoredCost(_date(one.start_date), one.cost, one.note) for one in entry.costs]
            values["costs"] = _encoded(costs)
        return values

    def _type_and_status(self, entry: ProgramEntry, known: RowMapping | None) -> dict[str, str]:
        name = _or(entry.channel, "" if known is None else known["channel"])
        if known is None or name != known["channel"]:
            try:
                channel = ensure_channel(self._connection, self._subscription_id, name, self._now)
            except AdministrationError as error:
                raise AssetEntryError("channel", error.reason.rstrip(".")) from error
            usual = default_program_type(channel.applicable_program_type)
        else:
            usual = ProgramType(known["type"])
        program_type = _or(entry.type, usual if known is None else ProgramType(known["type"]))
        statuses = PROGRAM_STATUSES[program_type]
        stored = None if known is None else known["status"]
        status = _or(entry.status, stored if stored in statuses else statuses[0])
        if status not in statuses:
            allowed = ", ".join(f"'{one}'" for one in statuses)
            reason = f"a program of the type {program_type} has {allowed}, not '{status}'"
            raise AssetEntryError("status", reason)
        return {"type": program_type.value, "status": status}

    def _parent_id(self, name: str | None, own_name: str) -> int | None:
        """The program around. Raises AssetEntryError where that is inside this one."""
        if name is None:
            return None
        parent_id = self.program_id(name)
        seen: int | None = parent_id
        while seen is not None:
            query = select(program.c.name, program.c.parent_id).where(
                program.c.subscription_id == self._subscription_id, program.c.id == seen
            )
            row = self._connection.execute(query).one()
            if row.name == own_name:
                raise AssetEntryError("program", f"'{name}' is itself inside '{own_name}'")
            seen = row.parent_id
        return parent_id

    def _place(self, table: Table, entry: PlacedEntry) -> tuple[Any, Any]:
        """The conditions that find an entry's asset."""
        around = None if entry.program is None else self.program_id(entry.program)
        return table.c.name == entry.name, _around(table, around)

    def _placed(
        self,
        table: Table,
        entry: PlacedEntry,
        values: dict[str, Any],
        defaults: dict[str, Any],
    ) -> Outcome:
        known = self._row(table, *self._place(table, entry))
        given = {name: value for name, value in values.items() if value is not UNSET}
        if known is None:
            around = None if entry.program is None else self.program_id(entry.program)
            given = {**defaults, **given, "program_id": around}
        return self._store(table, entry, known, given)

    def _store(
        self, table: Table, entry: AssetEntry, known: RowMapping | None, values: dict[str, Any]
    ) -> Outcome:
        _checked_name(entry.name)
        if _is_set(entry.description):
            text = clean_text(entry.description or "")
            values["description"] = text or None
        if _is_set(entry.created_at):
            values["created_at"] = _instant("createdAt", entry.created_at)
        if _is_set(entry.updated_at):
            values["updated_at"] = _instant("updatedAt", entry.updated_at)
        if known is None:
            self._insert(table, entry, values)
            return Outcome.CREATED
        return self._update(table, entry, known, values)

    def _insert(self, table: Table, entry: AssetEntry, values: dict[str, Any]) -> None:
        values = {"created_at": self._now, **values}
        values.setdefault("updated_at", values["created_at"])
        self.last_id = self._new_id(table, entry)
        key = {"subscription_id": self._subscription_id, "id": self.last_id}
        self._connection.execute(insert(table).values(**key, name=entry.name, **values))

    def _update(
        self, table: Table, entry: AssetEntry, known: RowMapping, values: dict[str, Any]
    ) -> Outcome:
        if _is_set(entry.id) and entry.id != known["id"]:
            raise AssetEntryError("id", f"'{entry.name}' has the id {known['id']} already")
        changed = {name: value for name, value in values.items() if known[name] != value}
        if not changed:
            return Outcome.UNCHANGED
        changed.setdefault("updated_at", max(self._now, known["created_at"]))
        key = (table.c.subscription_id == self._subscription_id, table.c.id == known["id"])
        self._connection.execute(update(table).where(*key).values(**changed))
        return Outcome.CHANGED

    def _new_id(self, table: Table, entry: AssetEntry) -> int:
        kind = SequenceKind.ASSET
        if not _is_set(entry.id):
            return take_numbers(self._connection, self._subscription_id, kind, 1)
        if not DEFAULT_FOLDER.id < entry.id <= LARGEST_GIVEN_ID:
            reason = f"an id is from {DEFAULT_FOLDER.id + 1} to {LARGEST_GIVEN_ID:,}"
            raise AssetEntryError("id", reason)
        if self._row(table, table.c.id == entry.id) is not None:
            raise AssetEntryError("id", f"{entry.id} is the id of another {_word(table)}")
        pass_number(self._connection, self._subscription_id, kind, entry.id)
        return entry.id

    def _row(self, table: Table, *conditions: Any) -> RowMapping | None:
        query = select(table).where(table.c.subscription_id == self._subscription_id, *conditions)
        return self._connection.execute(query.order_by(table.c.id)).mappings().first()


def _around(table: Table, program_id: int | None) -> ColumnElement[bool]:
    column = table.c.program_id
    return column.is_(None) if program_id is None else column == program_id


def _word(table: Table) -> str:
    return table.name.replace("_", " ")


def _checked_name(name: str) -> None:
    if not name.strip() or "\0" in name or clean_text(name) != name:
        raise AssetEntryError("name", "it is blank, or holds a carriage return or a NUL")
    if len(name) > MAXIMUM_NAME_CHARACTERS:
        raise AssetEntryError("name", f"it has more than {MAXIMUM_NAME_CHARACTERS} characters")


def _checked_statuses(entry: ChannelEntry) -> list[ProgressionStatus]:
    """Raises AssetEntryError unless there is a first one and each name is there once."""
    names = [one.name.casefold() for one in entry.statuses]
    if len(names) < 2:
        raise AssetEntryError("statuses", "a channel has two or more, the first for no members")
    if len(set(names)) < len(names) or not all(name.strip() for name in names):
        raise AssetEntryError("statuses", "each has a name of its own, whatever its letter case")
    lowest = min(one.step for one in entry.statuses)
    if [one.step for one in entry.statuses].count(lowest) > 1:
        raise AssetEntryError("statuses", "only one may have the lowest step: that of no members")
    return [
        ProgressionStatus(one.name, one.step, one.description, one.hidden, one.success)
        for one in entry.statuses
    ]


def _instant(field: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except ScalarTypeError as error:
        raise AssetEntryError(field, f"'{text}' is no ISO 8601 instant") from error


def _date(text: str) -> str:
    try:
        return parse_date(text)
    except ScalarTypeError as error:
        raise AssetEntryError("costs", f"'{text}' is no date YYYY-MM-DD") from error


def _encoded(value: object) -> Any:
    return UNSET if value is UNSET else msgspec.json.encode(value).decode()


def _text(value: CampaignType | FormStatus | UnsetType) -> Any:
    return UNSET if isinstance(value, UnsetType) else value.value


def _is_set(value: Value | UnsetType) -> TypeGuard[Value]:
    return value is not UNSET


def _or(value: Value | UnsetType, other: Value) -> Value:
    return other if isinstance(value, UnsetType) else value
