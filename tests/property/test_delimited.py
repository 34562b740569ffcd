"""Delimited text: the fast way and the exact way see the same records, whatever the bytes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.errors import AdministrationError
from tailrace.ingest.delimited import DelimitedSource
from tailrace.ingest.exact_records import parse_records, raw_text
from tailrace.ingest.source_format import source_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tailrace.ingest.record_batch import RecordBatch

Row = tuple[str | None, ...]

PIECES = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"a",
    b"null",
    b" ",
    b"\xff",
    "é".encode(),
    b"\0",
]
RECORDS = [b"1,2,3\n", b'"x, ""y""",,null\n', b'"line\nbreak",b,c\r\n', b'a,b,"{""k"":1}"\n']

damaged_text = st.lists(st.sampled_from([*PIECES, *RECORDS]), max_size=40).map(b"".join)
#: Without CR, which the csv module leaves unquoted when lines end in LF.
fields = st.text(st.sampled_from('ab",\n é\0|;'), max_size=6)


@dataclass(frozen=True, slots=True)
class Seen:
    rows: list[tuple[int, Row, str]]
    rejected: list[tuple[int, str]]


def read(directory: Path, content: bytes, *, chunk_bytes: int, name: str = "file.csv") -> Seen:
    path = directory / name
    path.write_bytes(content)
    source = DelimitedSource(source_file(path), chunk_bytes)
    try:
        names = [f"column {place}" for place in range(len(source.header))]
        return seen(list(source.batches(names)))
    finally:
        source.close()


def seen(batches: Sequence[RecordBatch]) -> Seen:
    rows = [
        (batch.lines[place], row, batch.text_of(place))
        for batch in batches
        for place, row in enumerate(batch.frame.rows())
    ]
    rejected = [(one.line, one.text) for batch in batches for one in batch.malformed]
    return Seen(rows, rejected)


def read_exactly(content: bytes) -> Seen:
    """The same by the exact way alone, over all bytes at once; the header is line 1."""
    found = parse_records(content, delimiter=",", width=3, is_at_end=True)
    rows = [
        (line + 1, tuple(None if value in ("", "null") else value for value in row), span)
        for line, row, span in zip(
            found.lines, found.rows, (raw_text(content[a:b]) for a, b in found.spans), strict=True
        )
    ]
    return Seen(rows[1:], [(one.line + 1, one.text) for one in found.rejections])


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("delimited")


@given(text=damaged_text, chunk_bytes=st.sampled_from([1, 3, 16, 64, 4096]))
def test_delimited_source__sees_what_the_exact_way_sees(
    directory: Path, text: bytes, chunk_bytes: int
) -> None:
    content = b"x,y,z\n" + text
    assert read(directory, content, chunk_bytes=chunk_bytes) == read_exactly(content)


@given(
    rows=st.lists(st.tuples(fields, fields, fields), max_size=20),
    terminator=st.sampled_from(["\n", "\r\n"]),
    is_all_quoted=st.booleans(),
    delimiter=st.sampled_from([",", "\t", ";", " "]),
)
def test_delimited_source__reads_back_what_the_csv_module_writes(
    directory: Path,
    rows: list[tuple[str, str, str]],
    terminator: str,
    is_all_quoted: bool,
    delimiter: str,
) -> None:
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if is_all_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator=terminator, quoting=quoting, delimiter=delimiter)
    writer.writerows([("x", "y", "z"), *rows])
    name = {",": "f.csv", "\t": "f.tsv", ";": "f.ssv", " ": "f.ssv"}[delimiter]
    got = read(directory, text.getvalue().encode(), chunk_bytes=50, name=name)
    assert got.rejected == []
    assert [row for _, row, _ in got.rows] == [
        tuple(None if value == "" else value for value in row) for row in rows
    ]


@given(text=damaged_text)
def test_delimited_source__never_raises_but_for_a_missing_header(
    directory: Path, text: bytes
) -> None:
    try:
        read(directory, text, chunk_bytes=32)
    except AdministrationError as error:
        assert "header" in str(error)
