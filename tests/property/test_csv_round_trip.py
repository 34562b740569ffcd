"""What was stored is what four independent readers find in the file (contract section 4).

The readers are Python's csv, DuckDB, pyarrow and pandas, each told nothing but the delimiter, that
quotes are doubled, and that `null` is no value.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.lead_fields import DataType
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA
from tailrace.store.tables import lead
from tests.support.application import SteppedApplication
from tests.support.csv_text import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

# These two come without type stubs.
pandas: Any = import_module("pandas")
pyarrow: Any = import_module("pyarrow")
pyarrow_csv: Any = import_module("pyarrow.csv")

Rows = list[list[str | None]]

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-01T23:59:59Z"}

AWKWARD = [
    "",
    " ",
    "null",
    "NULL",
    "a,b",
    'say "hi"',
    '"',
    '""',
    "'",
    "\n",
    "\r",
    "\r\n",
    "a\nb",
    "\ttab\t",
    " leading",
    "trailing ",
    "#comment",
    "\\N",
    "\\",
    "\\n",
    ";",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x0b\x0c\x1c\x1d\x1e",
    "\x00",
    "Zoë→𝄞",
    "=1+1",
    "nan",
    "NA",
    "true",
    "0012",
]
texts = st.sampled_from(AWKWARD) | st.text(st.characters(codec="utf-8"), max_size=20)
three_columns = st.lists(st.tuples(texts, texts), min_size=1, max_size=8)
formats = st.sampled_from(sorted(DELIMITERS))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round-trip")


@pytest.fixture(scope="module")
def product(directory: Path) -> Iterator[SteppedApplication]:
    product = SteppedApplication.open(directory / "home")
    yield product
    product.close()


def at_rest(text: str) -> str | None:
    """What the product keeps of a text: no NUL, line breaks as LF, nothing for an empty one."""
    straight = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    # Text that says `null` cannot be told from no value in the file (contract section 4).
    return None if straight in {"", "null"} else straight


# The readers.


def by_csv_module(path: Path, delimiter: str, width: int) -> Rows:
    assert width > 0
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        return [[None if cell == "null" else cell for cell in row] for row in reader]


def by_duckdb(path: Path, delimiter: str, width: int) -> Rows:
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(width))
    query = (
        f"SELECT * FROM read_csv(?, columns={{{columns}}}, delim=?, quote='\"', escape='\"',"
        " header=false, auto_detect=false, nullstr='null', new_line='\\n', comment='')"
    )
    with duckdb.connect() as connection:
        rows = connection.execute(query, [str(path), delimiter]).fetchall()
    return [list(cast("tuple[str | None, ...]", row)) for row in rows]


def by_pyarrow(path: Path, delimiter: str, width: int) -> Rows:
    names = [f"c{number}" for number in range(width)]
    table = pyarrow_csv.read_csv(
        str(path),
        read_options=pyarrow_csv.ReadOptions(column_names=names),
        parse_options=pyarrow_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False
        ),
        convert_options=pyarrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pyarrow.string()),
            null_values=["null"],
            strings_can_be_null=True,
        ),
    )
    columns = cast("list[list[str | None]]", [column.to_pylist() for column in table.columns])
    return [list(row) for row in zip(*columns, strict=True)]


def by_pandas(path: Path, delimiter: str, width: int) -> Rows:
    frame = pandas.read_csv(
        io.BytesIO(path.read_bytes()),
        sep=delimiter,
        header=None,
        names=list(range(width)),
        dtype=object,
        na_filter=False,
        skip_blank_lines=False,
        encoding="utf-8",
        lineterminator="\n",
    )
    rows = cast("list[list[str]]", frame.values.tolist())
    return [[None if cell == "null" else cell for cell in row] for row in rows]


READERS: tuple[Callable[[Path, str, int], Rows], ...] = (
    by_csv_module,
    by_duckdb,
    by_pyarrow,
    by_pandas,
)


def assert_every_reader_finds(
    path: Path, content: bytes, file_format: str, expected: Sequence[Sequence[str | None]]
) -> None:
    path.write_bytes(content)
    wanted = [list(row) for row in expected]
    for read in READERS:
        assert read(path, DELIMITERS[file_format], len(wanted[0])) == wanted, read.__name__


@settings(max_examples=25)
@given(rows=three_columns, file_format=formats, headers=st.tuples(texts, texts))
@example(rows=[(text, text) for text in AWKWARD], file_format="CSV", headers=("a,b", 'c"d'))
@example(rows=[(text, text) for text in AWKWARD], file_format="TSV", headers=("a\tb", "c\nd"))
@example(rows=[(text, text) for text in AWKWARD], file_format="SSV", headers=("a b", "c\r\nd"))
def test_texts_of_activities__are_read_back_by_every_reader(
    product: SteppedApplication,
    directory: Path,
    rows: list[tuple[str, str]],
    file_format: str,
    headers: tuple[str, str],
) -> None:
    caller = product.new_subscription()
    stored = [
        {
            "marketoGUID": number,
            "leadId": 1,
            "activityDate": NOON,
            "activityTypeId": 1,
            "primaryAttributeValue": first,
            # Any text: the column holds JSON only because whoever loads sees to it.
            "attributes": f"{{{second}}}",
        }
        for number, (first, second) in enumerate(rows, start=1)
    ]
    log = product.application.activity_log(caller.subscription_id)
    log.append(pl.DataFrame(stored, schema=ACTIVITY_SCHEMA))
    # A blank header line would be skipped by some readers, so the names are never empty.
    names = [f"h{header}" for header in headers]
    body = {
        "format": file_format,
        "fields": ["marketoGUID", "primaryAttributeValue", "attributes"],
        "columnHeaderNames": {"primaryAttributeValue": names[0], "attributes": names[1]},
        "filter": {"createdAt": DAY},
    }
    done = product.export(caller, ObjectFamily.ACTIVITIES, body)
    head = ["marketoGUID", *(at_rest(name) for name in names)]
    cells = [
        [str(number), at_rest(first), at_rest(f"{{{second}}}")]
        for number, (first, second) in enumerate(rows, start=1)
    ]
    assert_every_reader_finds(directory / "file", done.content, file_format, [head, *cells])


@settings(max_examples=12)
@given(rows=three_columns, file_format=formats)
@example(rows=[(text, text) for text in AWKWARD], file_format="CSV")
@example(rows=[(text, text) for text in AWKWARD], file_format="TSV")
def test_texts_of_leads__are_read_back_by_every_reader(
    product: SteppedApplication, directory: Path, rows: list[tuple[str, str]], file_format: str
) -> None:
    caller = product.new_subscription()
    product.application.subscriptions.create_lead_field(
        caller.subscription_id, name="own", display_name="Own", data_type=DataType.STRING
    )
    instant = "2024-03-01T12:00:00Z"
    with product.application.database.write() as connection:
        for number, (first, second) in enumerate(rows, start=1):
            own = at_rest(second)
            values = {
                "subscription_id": caller.subscription_id,
                "id": number,
                "createdAt": instant,
                "updatedAt": instant,
                "changed_at": instant,
                "firstName": at_rest(first),
                "custom": json_object(own),
            }
            connection.execute(insert(lead).values(values))
    body = {
        "format": file_format,
        "fields": ["id", "firstName", "own"],
        "filter": {"createdAt": DAY},
    }
    done = product.export(caller, ObjectFamily.LEADS, body)
    cells = [
        [str(number), at_rest(first), at_rest(second)]
        for number, (first, second) in enumerate(rows, start=1)
    ]
    expected = [["id", "firstName", "own"], *cells]
    assert_every_reader_finds(directory / "file", done.content, file_format, expected)


def json_object(own: str | None) -> str:
    return json.dumps({} if own is None else {"own": own}, ensure_ascii=False)
