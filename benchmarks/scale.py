"""How large the suite runs: the sizes of its goals, or small ones within three minutes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ScaleName(StrEnum):
    FULL = "full"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class Scale:
    name: ScaleName
    #: Activities of 31 days: a small, the usual and a large lake.
    small_lake: int
    lake: int
    large_lake: int
    leads: int
    #: Activities in one file that is loaded.
    load_rows: int
    #: Days of the usual lake that make the file that is downloaded.
    download_days: int
    #: Seconds of each run of requests.
    request_seconds: int


SCALES = {
    ScaleName.FULL: Scale(
        ScaleName.FULL,
        small_lake=1_000_000,
        lake=10_000_000,
        large_lake=50_000_000,
        leads=1_000_000,
        load_rows=2_000_000,
        # 1 GiB.
        download_days=9,
        request_seconds=5,
    ),
    ScaleName.SMALL: Scale(
        ScaleName.SMALL,
        small_lake=20_000,
        lake=100_000,
        large_lake=250_000,
        leads=10_000,
        load_rows=50_000,
        download_days=31,
        request_seconds=1,
    ),
}
