"""The same records out of every format that files come in."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tailrace.domain.errors import AdministrationError
from tailrace.ingest.source import line_bound
from tailrace.ingest.source_format import SourceFormat, source_file
from tests.support.application import SteppedApplication
from tests.support.loading import (
    activities_in,
    counts,
    leads_in,
    load_activity_files,
    load_lead_files,
    rejects_in,
    text_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tailrace.app import Application


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped.application
    stepped.close()


COLUMNS = (
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "primaryAttributeValue",
    "attributes",
)
ROWS: list[tuple[object, ...]] = [
    (11, 7, "2026-02-03T04:05:06Z", 1, "a b", {"Webpage URL": "/x;y,z"}),
    (12, 8, "2026-02-03T04:05:07Z", 2, None, {"Webpage ID": 5, "User Agent": 'say "hi"'}),
    (13, 9, "2026-02-03T04:05:08Z", 37, "Zoë\nNine", {}),
]


def delimited(delimiter: str, line_end: str = "\n") -> bytes:
    def cell(value: object) -> str:
        if value is None:
            return "null"
        text = json.dumps(value) if isinstance(value, dict) else str(value)
        return '"' + text.replace('"', '""') + '"'

    lines = [delimiter.join(COLUMNS), *(delimiter.join(map(cell, row)) for row in ROWS)]
    return "".join(line + line_end for line in lines).encode()


def ndjson() -> bytes:
    return b"".join(
        json.dumps(dict(zip(COLUMNS, row, strict=True))).encode() + b"\n" for row in ROWS
    )


def frame() -> pl.DataFrame:
    """The rows with the types that a data frame would have."""
    rows = pl.DataFrame(
        {
            name: [json.dumps(row[place]) if name == "attributes" else row[place] for row in ROWS]
            for place, name in enumerate(COLUMNS)
        }
    )
    return rows.with_columns(
        pl.col("leadId").cast(pl.Float64),
        pl.col("activityDate").str.to_datetime(time_zone="UTC").dt.convert_time_zone("Asia/Tokyo"),
        pl.col("activityTypeId").cast(pl.UInt8),
    )


FILES: dict[str, Callable[[], bytes]] = {
    "a.csv": lambda: delimited(","),
    "crlf.CSV": lambda: delimited(",", "\r\n"),
    "bom.csv": lambda: b"\xef\xbb\xbf" + delimited(","),
    "unterminated.csv": lambda: delimited(",").rstrip(b"\n"),
    "a.tsv": lambda: delimited("\t"),
    "blank.ssv": lambda: delimited(" "),
    "semicolon.ssv": lambda: delimited(";"),
    "a.ndjson": ndjson,
    "bom.jsonl": lambda: b"\xef\xbb\xbf" + ndjson().replace(b"\n", b"\r\n"),
    "a.csv.gz": lambda: gzip.compress(delimited(",")),
    "a.ndjson.gz": lambda: gzip.compress(ndjson()),
}


def assert_rows_are_there(application: Application) -> None:
    stored = activities_in(application)
    assert stored.select("marketoGUID", "leadId", "activityTypeId").rows() == [
        (row[0], row[1], row[3]) for row in ROWS
    ]
    assert stored["activityDate"].dt.to_string("%Y-%m-%dT%H:%M:%SZ").to_list() == [
        row[2] for row in ROWS
    ]
    assert stored["primaryAttributeValue"].to_list() == [row[4] for row in ROWS]
    assert stored["attributes"].to_list() == [
        json.dumps(row[5], separators=(",", ":")) for row in ROWS
    ]


@pytest.mark.parametrize("name", FILES)
def test_file__gives_the_same_activities_in_every_format(
    application: Application, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    assert counts(load_activity_files(application, path)) == (3, 0, 0)
    assert_rows_are_there(application)
    assert counts(load_activity_files(application, path)) == (0, 0, 3)


def test_parquet__gives_the_same_activities(application: Application, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame().write_parquet(path)
    assert counts(load_activity_files(application, path)) == (3, 0, 0)
    assert_rows_are_there(application)


def test_parquet__takes_attributes_as_a_struct(application: Application, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = frame().with_columns(
        attributes=pl.Series([{"Webpage URL": "/x"}, {"Webpage URL": None}, {"Webpage URL": ""}])
    )
    rows.write_parquet(path)
    assert counts(load_activity_files(application, path)) == (3, 0, 0)
    assert activities_in(application)["attributes"].to_list() == [
        '{"Webpage URL":"/x"}',
        "{}",
        "{}",
    ]


def test_parquet__rejects_by_row_number(application: Application, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame().with_columns(leadId=pl.Series([7.0, 7.5, None])).write_parquet(path)
    report = load_activity_files(application, path)
    assert counts(report) == (1, 2, 0)
    assert [(line, field) for line, field, *_ in rejects_in(report)] == [
        (2, "leadId"),
        (3, "leadId"),
    ]
    assert json.loads(rejects_in(report)[0][3])["marketoGUID"] == "12"


MOMENTS = [datetime(2026, 2, 3, 4, 5, second, 999_000, tzinfo=UTC) for second in (6, 7, 8)]


@pytest.mark.parametrize(
    "dates",
    [
        pl.Series(MOMENTS, dtype=pl.Datetime("us", "UTC")),
        pl.Series(MOMENTS, dtype=pl.Datetime("ns", "UTC")).dt.convert_time_zone("Asia/Tokyo"),
        pl.Series(MOMENTS, dtype=pl.Datetime("ms", "UTC")).dt.replace_time_zone(None),
    ],
    ids=["us UTC", "ns Tokyo", "ms without a zone"],
)
def test_parquet__takes_numbers_and_instants_of_every_type(
    application: Application, tmp_path: Path, dates: pl.Series
) -> None:
    path = tmp_path / "a.parquet"
    frame().with_columns(
        pl.col("marketoGUID").cast(pl.UInt64),
        pl.col("leadId").cast(pl.Int8),
        pl.col("activityTypeId").cast(pl.UInt16),
        activityDate=dates,
    ).write_parquet(path)
    assert counts(load_activity_files(application, path)) == (3, 0, 0)
    assert_rows_are_there(application)


def test_parquet_of_numbers_and_instants__is_rejected_as_texts_are(
    application: Application, tmp_path: Path
) -> None:
    rows = pl.DataFrame(
        {
            "marketoGUID": pl.Series([1, 2, 3, 2**63, 5], dtype=pl.UInt64),
            "leadId": [0, 7, None, 7, 7],
            "activityDate": pl.Series([0, 10**15, 0, 0, 0]).cast(pl.Datetime("ms")),
            "activityTypeId": [1, 1, 1, 1, 99_999],
        }
    )
    texts = rows.with_columns(
        pl.col("activityDate").dt.to_string("%Y-%m-%dT%H:%M:%SZ"),
        pl.exclude("activityDate").cast(pl.String),
    )
    rows.write_parquet(tmp_path / "typed.parquet")
    texts.write_parquet(tmp_path / "texts.parquet")
    reports = [
        load_activity_files(application, tmp_path / name, reject_path=tmp_path / f"{name}.csv")
        for name in ("typed.parquet", "texts.parquet")
    ]
    assert [counts(report) for report in reports] == [(0, 5, 0)] * 2
    typed, plain = map(rejects_in, reports)
    assert typed == plain
    assert [(line, field) for line, field, *_ in typed] == [
        (1, "leadId"),
        (2, "activityDate"),
        (3, "leadId"),
        (4, "marketoGUID"),
        (5, "activityTypeId"),
    ]


def test_parquet__gives_leads_by_type(application: Application, tmp_path: Path) -> None:
    path = tmp_path / "leads.parquet"
    pl.DataFrame(
        {
            "id": [5],
            "email": ["ada@example.com"],
            "annualRevenue": [Decimal("12.50")],
            "urgency": [1e20],
            "unsubscribed": [True],
            "dateOfBirth": [date(1990, 1, 2)],
            "createdAt": [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)],
            "leadSource": pl.Series(["Web"], dtype=pl.Categorical),
            "city": pl.Series([None], dtype=pl.Null),
        }
    ).write_parquet(path)
    assert counts(load_lead_files(application, path)) == (1, 0, 0)
    (stored,) = leads_in(application)
    expected = {
        "id": 5,
        "annualRevenue": "12.5",
        "urgency": "100000000000000000000",
        "unsubscribed": True,
        "dateOfBirth": "1990-01-02",
        "createdAt": "2026-01-02T03:04:05Z",
        "leadSource": "Web",
    }
    assert {name: stored[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"PAR1 not really", "not Parquet"),
        ("a.csv.gz", b"plain text", "not gzip"),
        ("a.parquet.gz", gzip.compress(b"", mtime=0), "compressed inside"),
        ("a.txt", b"", "choose one of"),
        ("a.csv", b"\n\n", "no header line"),
        ("a.csv", b'"a', "no header line"),
        ("a.csv", b"\xff\xfea\x00,", "no header line"),
        ("a.csv", b"x" * 9_000_000, "no header line|too long"),
    ],
)
def test_file_that_cannot_be_read__is_refused(
    application: Application, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AdministrationError, match=message):
        load_activity_files(application, path)


def test_missing_file__is_refused_by_name(application: Application, tmp_path: Path) -> None:
    with pytest.raises(AdministrationError, match=r"no file '.*gone\.csv'"):
        load_activity_files(application, tmp_path / "gone.csv")


def test_format__can_be_chosen_against_the_name(application: Application, tmp_path: Path) -> None:
    path = tmp_path / "extract.txt"
    path.write_bytes(delimited("\t"))
    report = load_activity_files(application, path, format=SourceFormat.TSV)
    assert counts(report) == (3, 0, 0)


def test_json_line_that_is_no_record__is_rejected_alone(
    application: Application, tmp_path: Path
) -> None:
    good = ndjson().decode().splitlines()
    bad = [
        "[1]",
        "{",
        '{"leadId":1,"colour":"red"}',
        '{"leadId":1,"LeadID":2}',
        '{"leadId":1,"leadId":1}',
        '{"marketoGUID":1,"leadId":null,"activityDate":"2026-01-01","activityTypeId":1}',
        "",
    ]
    report = load_activity_files(application, text_file(tmp_path / "a.ndjson", *bad, *good))
    assert counts(report) == (3, 6, 0)
    assert [(line, field) for line, field, *_ in rejects_in(report)] == [
        (1, ""),
        (2, ""),
        (3, "colour"),
        (4, "leadId"),
        (5, "leadId"),
        (6, "leadId"),
    ]


def test_json_line_without_members__is_rejected(application: Application, tmp_path: Path) -> None:
    report = load_activity_files(application, text_file(tmp_path / "a.ndjson", "{}", "{}"))
    assert [(line, field) for line, field, *_ in rejects_in(report)] == [
        (1, "leadId"),
        (2, "leadId"),
    ]


def test_over_long_json_line__is_rejected_alone(application: Application, tmp_path: Path) -> None:
    long = '{"leadId":"' + "1" * 30_000_000 + '"}'
    good = ndjson().decode().splitlines()
    report = load_activity_files(application, text_file(tmp_path / "a.ndjson", long, *good))
    assert counts(report) == (3, 1, 0)


def test_line_bound__is_no_less_than_the_last_line(tmp_path: Path) -> None:
    for name, make in FILES.items():
        (tmp_path / name).write_bytes(make())
        assert line_bound(source_file(tmp_path / name)) >= 4 - ("json" in name)
    frame().write_parquet(tmp_path / "a.parquet")
    assert line_bound(source_file(tmp_path / "a.parquet")) == 3
