"""From a claimed export job to the rows it asks for: pins the snapshot, settles names and lists.

Everything that depends on the moment processing begins is decided here and nowhere later.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from tailrace.activities.settling import settle
from tailrace.domain.asset_names import stored_names
from tailrace.domain.errors import (
    ExportFailedError,
    SmartListRuleError,
    SmartListWithoutRulesError,
)
from tailrace.domain.export_request import ActivityFilter, SmartListMembers, StaticListMembers
from tailrace.domain.smart_list import decode_rule
from tailrace.extract.activity_source import ActivitySource
from tailrace.extract.lead_activity import leads_with_activity
from tailrace.extract.lead_source import LeadSource
from tailrace.store import assets
from tailrace.store.lead_query import LeadSelection
from tailrace.store.smart_list_query import RuleQuery
from tailrace.store.subscriptions import lead_fields_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from tailrace.domain.export_job import ExportJob, SubscriptionId
    from tailrace.domain.export_request import LeadFilter
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.extract.activity_reading import Reading
    from tailrace.extract.rows import RowSource
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.snapshot import LakeSnapshot
    from tailrace.store.database import Database


_log = structlog.get_logger(__name__)


def log_reading(job: ExportJob, reading: Reading) -> None:
    """Says how much of the lake the export of a job reads."""
    _log.info("export_reads", export_id=job.export_id, **asdict(reading))


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the exports of one subscription."""

    database: Database
    activity_log: ActivityLog
    #: Told what each export of activities is about to read.
    on_reading: Callable[[ExportJob, Reading], None] = log_reading

    def plan(self, job: ExportJob, now: datetime) -> RowSource[Any]:
        """The rows of `job` as they are at `now`.

        Raises ExportFailedError with the reason that becomes the job's errorMsg.
        """
        if isinstance(job.request.filter, ActivityFilter):
            return self._activities(job, job.request.filter)
        return self._leads(job, job.request.filter, now)

    def _activities(self, job: ExportJob, wanted: ActivityFilter) -> RowSource[Any]:
        names = frozenset(wanted.primary_names)
        if names and wanted.asset_group is not None:
            with self.database.read() as connection:
                known = assets.names_of_group(connection, job.subscription_id, wanted.asset_group)
            names = stored_names(names, known)
        snapshot = self._snapshot(job.subscription_id)
        on_planned = partial(self.on_reading, job)
        return ActivitySource(snapshot, job.request, names, on_planned=on_planned)

    def _leads(self, job: ExportJob, wanted: LeadFilter, now: datetime) -> RowSource[Any]:
        with self.database.read() as connection:
            catalogue = lead_fields_of(connection, job.subscription_id)
            condition = self._condition(connection, job, catalogue, now)
        fields = [catalogue[column.field] for column in job.request.columns]
        selection = LeadSelection(job.subscription_id, wanted, condition)
        return LeadSource(self.database, selection, fields)

    def _condition(
        self,
        connection: Connection,
        job: ExportJob,
        catalogue: LeadFieldCatalogue,
        now: datetime,
    ) -> ColumnElement[bool] | None:
        match job.request.filter:
            case StaticListMembers(list_id):
                if not assets.has_static_list(connection, job.subscription_id, list_id):
                    raise ExportFailedError("List not found")
                return None
            case SmartListMembers(list_id):
                rule = assets.smart_list_rule(connection, job.subscription_id, list_id)
                if rule is None:
                    raise ExportFailedError("List not found")
                return self._smart_list_condition(job, rule, catalogue, now)
            case _:
                return None

    def _smart_list_condition(
        self, job: ExportJob, rule: str, catalogue: LeadFieldCatalogue, now: datetime
    ) -> ColumnElement[bool]:
        snapshot = self._snapshot(job.subscription_id)
        query = RuleQuery(catalogue, now, lambda rule: leads_with_activity(snapshot, rule, now))
        try:
            return query.condition(decode_rule(rule))
        except SmartListWithoutRulesError as error:
            raise ExportFailedError("Smart list has no rules") from error
        except SmartListRuleError as error:
            raise ExportFailedError(f"Smart list cannot be evaluated: {error.reason}") from error

    def _snapshot(self, subscription_id: SubscriptionId) -> LakeSnapshot:
        """The lake with every activity that has happened so far in it."""
        settle(self.database, self.activity_log, subscription_id)
        return self.activity_log.snapshot()
