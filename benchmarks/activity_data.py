"""Activities to measure with: a month of forty types in a lake, the same for the same numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

# Heavy libraries are imported in the processes that need them: the parent's memory would count
# as its children's.

MONTH_START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 31
#: Of which the usual one in forty activities is.
ONE_TYPE = 13
#: A type that can be asked for by asset, and eight of its 350 assets.
ASSET_TYPE = 24
ASSET_IDS = tuple(ASSET_TYPE * 1000 + number for number in range(0, 320, 40))

_SECONDS_PER_DAY = 86_400
_BATCH_ROWS = 330_000
#: Delete Lead is in no export.
_NO_TYPE = 37


def fill_lake(home: str, rows: int, first_day: int, days: int) -> None:
    """The home with `days` days of a month that has `rows` activities, appended in batches."""
    from tailrace.app import open_application
    from tailrace.settings import Settings

    application = open_application(Settings(home=Path(home)))
    subscription_id = application.subscriptions.default_id()
    application.subscriptions.set(subscription_id, "quota_megabytes", "0")
    log = application.activity_log(subscription_id)
    for batch in _batches(rows, first_day, days):
        log.append(batch)
    application.close()


def lake_files(home: str) -> list[str]:
    """The paths of the files that the lake consists of now."""
    from tailrace.lake.activity_log import ActivityLog

    log = ActivityLog.in_directory(Path(home) / "lake" / "1" / "activities")
    return [file.path for file in log.snapshot().files]


def days(first: int = 0, count: int = DAYS) -> dict[str, str]:
    """A range filter over days of the month."""
    start = MONTH_START + timedelta(days=first)
    end = start + timedelta(days=count, seconds=-1)
    return {"startAt": f"{start:%Y-%m-%dT%H:%M:%SZ}", "endAt": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


def _batches(rows: int, first_day: int, days: int) -> Iterator[pl.DataFrame]:
    for day in range(first_day, first_day + days):
        first, end = rows * day // DAYS, rows * (day + 1) // DAYS
        parts = max(1, -(-(end - first) // _BATCH_ROWS))
        for part in range(parts):
            start, stop = (_SECONDS_PER_DAY * number // parts for number in (part, part + 1))
            least = first + (end - first) * part // parts
            count = first + (end - first) * (part + 1) // parts - least
            moment = MONTH_START + timedelta(days=day, seconds=start)
            yield _activities(least + 1, count, moment, stop - start)


def _activities(first_guid: int, count: int, start: datetime, seconds: int) -> pl.DataFrame:
    import polars as pl

    from tailrace.lake.activity_rows import ACTIVITY_SCHEMA

    def draw(seed: int, below: int) -> pl.Expr:
        return (pl.col("marketoGUID").hash(seed) % below).cast(pl.Int64)

    awkward = pl.Series(
        ['Say "hello", twice', "two\nlines", "Größe #1; ok", "null", "Ünïcødé, 日本"]
    )
    # Low numbers are frequent: from a fifth of all activities down to one in a hundred.
    rank = (draw(2, 1000) * draw(3, 1000)) // 25_000 + 1
    type_id = (rank + (rank >= _NO_TYPE)).cast(pl.Int32)
    microseconds = int(start.timestamp()) * 1_000_000
    return (
        pl.DataFrame({"marketoGUID": pl.int_range(first_guid, first_guid + count, eager=True)})
        .with_columns(
            leadId=draw(1, 1_000_000) + 1,
            activityTypeId=type_id,
            activityDate=(draw(4, seconds).sort() * 1_000_000 + microseconds).cast(
                pl.Datetime("us", "UTC")
            ),
            campaignId=pl.when(draw(5, 10) >= 3).then(draw(6, 900) + 1000),
            primaryAttributeValueId=type_id.cast(pl.Int64) * 1000 + draw(7, 350),
            actionResult=pl.lit("succeeded"),
        )
        .with_columns(
            primaryAttributeValue=pl.when(draw(8, 200) == 0)
            .then(pl.lit(awkward).gather(draw(9, awkward.len())))
            .otherwise(pl.format("Program {}.Asset {}", draw(10, 40), "primaryAttributeValueId")),
            attributes=_attributes(draw),
        )
        .select(*ACTIVITY_SCHEMA)
    )


def _attributes(draw: Callable[[int, int], pl.Expr]) -> pl.Expr:
    import polars as pl

    comment = pl.when(draw(20, 100) == 0).then(pl.lit(r',"Comment":"a \"quoted\", word"'))
    return pl.format(
        '{{"Client IP Address":"{}.{}.{}.{}","Query Parameters":"utm_source=mail&utm_id={}",'
        '"Referrer URL":"https://www.example.com/news/{}","User Agent":"Mozilla/5.0 (Windows NT '
        '10.0; Win64; x64) AppleWebKit/537.36 Chrome/{}.0","Webpage ID":{},"Step ID":{}{}}}',
        draw(11, 223) + 1,
        draw(12, 256),
        draw(13, 256),
        draw(14, 256),
        draw(15, 100_000),
        draw(16, 5000),
        draw(17, 40) + 100,
        draw(18, 3000),
        draw(19, 1_000_000),
        comment.otherwise(pl.lit("")),
    )
