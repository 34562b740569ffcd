"""Files damaged in the middle: what is whole is loaded, what is cut is told, nothing is cut short."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tailrace.app import open_application
from tailrace.domain.errors import AdministrationError
from tailrace.domain.export_job import SubscriptionId
from tailrace.domain.subscription_settings import SETTINGS, parse_setting
from tailrace.ingest.activities import load_activities
from tailrace.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 999
VALUE = "v" * 300
HEADER = "marketoGUID,leadId,activityDate,activityTypeId,primaryAttributeValue\n"
LINES = [f"{number},1,2026-01-01T00:00:00Z,2,{VALUE}\n" for number in range(1, ROWS + 1)]


def test_gzip_cut_in_a_value__loads_whole_lines_only_and_the_rest_later(tmp_path: Path) -> None:
    whole = gzip.compress((HEADER + "".join(LINES)).encode(), compresslevel=0)
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "whole.csv.gz").write_bytes(whole)
    application = open_application(Settings(home=tmp_path / "home"))
    first = load_activities(application, [tmp_path / "cut.csv.gz"])
    second = load_activities(application, [tmp_path / "whole.csv.gz"])
    assert first.rejected == 1
    assert 0 < first.loaded < ROWS
    assert first.loaded + second.loaded == ROWS
    log = application.activity_log(SubscriptionId(1))
    stored = pl.read_parquet([file.path for file in log.snapshot().files], glob=False)
    assert stored["primaryAttributeValue"].unique().to_list() == [VALUE]
    application.close()


def test_parquet_damaged_inside__is_reported_and_the_next_file_is_loaded(tmp_path: Path) -> None:
    rows = pl.read_csv((HEADER + "".join(LINES)).encode())
    rows.write_parquet(tmp_path / "a.parquet", row_group_size=100)
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = b"\xff" * 200
    (tmp_path / "a.parquet").write_bytes(content)
    (tmp_path / "b.csv").write_text(HEADER + LINES[0], encoding="utf-8")
    application = open_application(Settings(home=tmp_path / "home"))
    report = load_activities(application, [tmp_path / "a.parquet", tmp_path / "b.csv"])
    assert report.rejected >= 1
    assert report.loaded >= 1
    application.close()


@pytest.mark.parametrize(
    "name", [name for name, one in SETTINGS.items() if type(one.default) is int]
)
def test_setting_beyond_its_maximum__is_refused(name: str) -> None:
    assert parse_setting(name, str(SETTINGS[name].maximum)) == SETTINGS[name].maximum
    with pytest.raises(AdministrationError, match=name):
        parse_setting(name, str(SETTINGS[name].maximum + 1))
