"""Filling a home with sample data.

Theory of operation: assets are made first, in one transaction that also reserves all numbers;
then leads and activities are made frame by frame and stored as they come, so that memory does not
grow with their number. Nothing is drawn from a running generator (see `dice`), so the same plan
on a fresh home gives the same data.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.sample.assets import Assets, from_start, make_assets
from tailrace.sample.happenings import Happenings, deleted_leads
from tailrace.sample.memberships import (
    MEMBER_COLUMNS,
    PROGRAM_MEMBER_COLUMNS,
    ProgramMembers,
    counted_members,
    program_statuses,
)
from tailrace.sample.people import MEMBER_COLUMN, People
from tailrace.sample.plan import SeedReport
from tailrace.sample.truth import Truth
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.lead_batch import next_lead_id, standard_defaults
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import lead, program_member, static_list_member

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from tailrace.app import Application
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.sample.plan import SeedPlan, SeedProgress


def seed(
    application: Application,
    plan: SeedPlan,
    *,
    subscription_id: SubscriptionId | None = None,
    truth_path: Path | None = None,
    progress: SeedProgress | None = None,
) -> SeedReport:
    """Add the sample data of a plan to a home; a second time it is added again, with new ids.

    `truth_path` is where the ground truth goes, as JSON.
    """
    began = time.perf_counter()
    run = _prepare(
        application,
        plan,
        subscription_id or application.subscriptions.default_id(),
        is_truth_wanted=truth_path is not None,
    )
    done = 0
    for frame in run.people.frames():
        run.store_leads(frame)
        done += frame.height
        if progress is not None:
            progress(done, plan.leads + plan.activities)
    run.store_counted_lists()
    for rows in run.happenings.frames():
        run.store_activities(rows)
        done += rows.height
        if progress is not None:
            progress(done, plan.leads + plan.activities)
    if truth_path is not None and run.truth is not None:
        run.truth.write(truth_path)
    return SeedReport(
        leads=plan.leads,
        activities=plan.activities,
        programs=len(run.assets.programs),
        forms=len(run.assets.forms),
        static_lists=len(run.assets.static_lists),
        campaigns=len(run.assets.campaigns),
        smart_lists=len(run.assets.smart_lists),
        seconds=time.perf_counter() - began,
        truth_path=truth_path,
    )


def _prepare(
    application: Application,
    plan: SeedPlan,
    subscription_id: SubscriptionId,
    *,
    is_truth_wanted: bool,
) -> _Run:
    """Make the assets and reserve every number of the run."""
    with application.database.write() as connection:
        assets = make_assets(connection, subscription_id, plan)
        members = ProgramMembers(
            statuses=program_statuses(connection, subscription_id),
            first_id=take_numbers(
                connection, subscription_id, SequenceKind.PROGRAM_MEMBER, plan.leads
            ),
        )
        first_lead = take_numbers(
            connection,
            subscription_id,
            SequenceKind.LEAD,
            plan.leads + deleted_leads(plan),
            at_least=next_lead_id(connection, subscription_id),
        )
        first_guid = take_numbers(
            connection, subscription_id, SequenceKind.ACTIVITY, plan.activities
        )
    program_ids = [one.id for one in from_start(assets.programs)]
    people = People(plan, first_lead, program_ids, len(from_start(assets.static_lists)))
    return _Run(
        application=application,
        subscription_id=subscription_id,
        assets=assets,
        people=people,
        program_members=members,
        happenings=Happenings(plan, people, assets, first_guid),
        truth=Truth(plan, assets) if is_truth_wanted else None,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of making sample data."""

    application: Application
    subscription_id: SubscriptionId
    assets: Assets
    people: People
    program_members: ProgramMembers
    happenings: Happenings
    #: None where nobody wants to know.
    truth: Truth | None

    def store_leads(self, frame: pl.DataFrame) -> None:
        defaults = [
            pl.lit(value).alias(name)
            for name, value in standard_defaults().items()
            if name not in frame.columns
        ]
        leads = frame.select(
            pl.lit(self.subscription_id).alias("subscription_id"),
            pl.exclude("^member_of_.*$"),
            *defaults,
        )
        members = {
            asset.id: frame.filter(pl.col(MEMBER_COLUMN.format(place)))
            for place, asset in enumerate(from_start(self.assets.static_lists))
        }
        with self.application.database.write() as connection:
            insert_rows(connection, lead, leads.columns, leads.rows())
            for list_id, rows in members.items():
                self._store_members(connection, list_id, rows)
            joined = self.program_members.rows(self.subscription_id, self.people.first_id, frame)
            insert_rows(connection, program_member, PROGRAM_MEMBER_COLUMNS, joined)
        if self.truth is not None:
            self.truth.see_leads(
                leads, {one: rows["id"].to_list() for one, rows in members.items()}
            )

    def _store_members(self, connection: Connection, list_id: int, leads: pl.DataFrame) -> None:
        rows = leads.select(
            subscription_id=pl.lit(self.subscription_id),
            list_id=pl.lit(list_id),
            lead_id="id",
            added_at=pl.col("createdAt").str.to_datetime(time_zone="UTC").dt.epoch("us"),
        )
        insert_rows(connection, static_list_member, rows.columns, rows.rows())

    def store_counted_lists(self) -> None:
        """Fill the lists beyond those made by hand, once all leads are there."""
        plan = self.people.plan
        added_at = int(plan.end.timestamp()) * 1_000_000
        counted = [one for one in self.assets.static_lists if not one.is_from_start]
        with self.application.database.write() as connection:
            for place, asset in enumerate(counted):
                ids = [self.people.first_id + one for one in counted_members(place, plan.leads)]
                rows = [(self.subscription_id, asset.id, one, added_at) for one in ids]
                insert_rows(connection, static_list_member, MEMBER_COLUMNS, rows)
                if self.truth is not None:
                    self.truth.see_members(asset.id, ids)

    def store_activities(self, rows: pl.DataFrame) -> None:
        self.application.activity_log(self.subscription_id).append(rows)
        if self.truth is not None:
            self.truth.see_activities(rows)
