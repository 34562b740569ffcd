"""Files to load: the activities of a month in order of time, in the columns of a bulk extract."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

_UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
_DAYS = 31
_LEADS = 100_000


def write_csv(file: str, rows: int) -> None:
    """As a bulk extract writes it."""
    from tailrace.domain.export_request import DEFAULT_ACTIVITY_FIELDS

    part = Path(f"{file}.part")
    with part.open("wb") as out:
        out.write(",".join(DEFAULT_ACTIVITY_FIELDS).encode() + b"\n")
        for frame in _frames(rows):
            frame.write_csv(
                out,
                include_header=False,
                null_value="null",
                datetime_format="%Y-%m-%dT%H:%M:%SZ",
            )
    part.rename(file)


def write_parquet(file: str, rows: int) -> None:
    """The same rows, in row groups of the writer's own choice."""
    import polars as pl

    part = Path(f"{file}.part")
    pl.concat(list(_frames(rows))).write_parquet(part)
    part.rename(file)


def _frames(rows: int) -> Iterator[pl.DataFrame]:
    from tailrace.app import open_application
    from tailrace.domain.export_request import DEFAULT_ACTIVITY_FIELDS
    from tailrace.sample.assets import make_assets
    from tailrace.sample.happenings import Happenings
    from tailrace.sample.people import People
    from tailrace.sample.plan import SeedPlan
    from tailrace.settings import Settings

    plan = SeedPlan(leads=_LEADS, activities=rows, days=_DAYS, until=_UNTIL)
    with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as home:
        application = open_application(Settings(home=Path(home)))
        subscription_id = application.subscriptions.default_id()
        with application.database.write() as connection:
            assets = make_assets(connection, subscription_id, plan)
        application.close()
    people = People(plan, 1, [one.id for one in assets.programs], len(assets.static_lists))
    for frame in Happenings(plan, people, assets, first_guid=1).frames():
        yield frame.select(DEFAULT_ACTIVITY_FIELDS).sort("marketoGUID")
