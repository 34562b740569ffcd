"""The assets of subscriptions, for whoever administers a home: shown whole, and made one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.asset_entries import (
    CampaignEntry,
    ChannelEntry,
    FormEntry,
    ListEntry,
    Outcome,
    ProgramEntry,
    SmartListEntry,
)
from tailrace.domain.errors import AdministrationError
from tailrace.store.asset_query import (
    CAMPAIGNS,
    FORMS,
    PROGRAMS,
    SMART_LISTS,
    STATIC_LISTS,
    AssetConditions,
    find_assets,
    find_channels,
)
from tailrace.store.asset_writing import AssetWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tailrace.domain.assets import Campaign, Form, Program, SmartList, StaticList
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.programs import Channel
    from tailrace.store.asset_query import AssetKind, SomeAsset
    from tailrace.store.database import Database

    #: What one command may make.
    SingleEntry = (
        ProgramEntry | ChannelEntry | ListEntry | FormEntry | CampaignEntry | SmartListEntry
    )


class Assets:
    """The assets of every subscription of a home, each kind by ascending id."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def programs(self, subscription_id: SubscriptionId) -> list[Program]:
        return self._all(subscription_id, PROGRAMS)

    def static_lists(self, subscription_id: SubscriptionId) -> list[StaticList]:
        return self._all(subscription_id, STATIC_LISTS)

    def smart_lists(self, subscription_id: SubscriptionId) -> list[SmartList]:
        return self._all(subscription_id, SMART_LISTS)

    def forms(self, subscription_id: SubscriptionId) -> list[Form]:
        return self._all(subscription_id, FORMS)

    def campaigns(self, subscription_id: SubscriptionId) -> list[Campaign]:
        return self._all(subscription_id, CAMPAIGNS)

    def channels(self, subscription_id: SubscriptionId) -> list[Channel]:
        with self._database.read() as connection:
            return find_channels(connection, subscription_id)

    def create(self, subscription_id: SubscriptionId, entry: SingleEntry) -> int:
        """The id of a new asset.

        Raises AssetEntryError for an entry that cannot be, AdministrationError where there is one
        of its name already; then nothing has changed.
        """
        with self._database.write() as connection:
            now = self._clock().replace(microsecond=0)
            writer = AssetWriter(connection, subscription_id, now)
            if _write(writer, entry) is not Outcome.CREATED:
                raise AdministrationError(
                    f"There is a '{entry.name}' already. `tailrace load assets` changes it."
                )
            return writer.last_id

    def _all(self, subscription_id: SubscriptionId, kind: AssetKind[SomeAsset]) -> list[SomeAsset]:
        with self._database.read() as connection:
            return find_assets(connection, subscription_id, kind, AssetConditions())


def _write(writer: AssetWriter, entry: SingleEntry) -> Outcome:
    match entry:
        case ProgramEntry():
            return writer.program(entry)
        case ChannelEntry():
            return writer.channel(entry)
        case ListEntry():
            return writer.static_list(entry)
        case FormEntry():
            return writer.form(entry)
        case CampaignEntry():
            return writer.campaign(entry)
        case SmartListEntry():
            return writer.smart_list(entry)
