"""The pipeline: exact bytes, checkpoints, and what becomes of errors (contract section 4)."""

from __future__ import annotations

import errno
import hashlib
import threading
import weakref
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tailrace.domain.errors import LeaseLostError
from tailrace.domain.export_request import ActivityFilter, Column, ExportRequest, InstantRange
from tailrace.domain.file_format import FileFormat
from tailrace.extract.pipeline import write_export
from tailrace.files.directory import FileDirectory
from tailrace.files.result_files import part_name
from tests.support.activities import EXPORT, START, SUBSCRIPTION
from tests.support.deadlines import DEADLINE_SECONDS, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from tailrace.domain.export_job import ResultFile


@dataclass
class FrameSource:
    """Frames from memory, one a fragment."""

    frames: Sequence[pl.DataFrame]
    error: Exception | None = None
    reads_at_once: int = 1
    read_count: int = field(default=0, init=False)

    def fragments(self) -> Sequence[int]:
        return range(len(self.frames))

    def identity(self, fragment: int) -> None:
        """They are different in each test."""

    def reader(self) -> None:
        """They are in this process alone."""

    def read(self, fragment: int) -> Generator[pl.DataFrame]:
        self.read_count += 1
        yield self.frames[fragment]
        if self.error is not None:
            raise self.error


@dataclass
class JealousSource(FrameSource):
    """Makes a frame only once nobody has the one before it any more."""

    frames: Sequence[pl.DataFrame] = ()
    latest: weakref.ref[pl.DataFrame] | None = None

    def fragments(self) -> Sequence[int]:
        return range(3)

    def read(self, fragment: int) -> Generator[pl.DataFrame]:
        wait_until(lambda: self.latest is None or self.latest() is None, "the frame to be let go")
        yield self._made(fragment)

    def _made(self, fragment: int) -> pl.DataFrame:
        frame = pl.DataFrame({"c0": [fragment]})
        self.latest = weakref.ref(frame)
        return frame


def nothing() -> None:
    """A checkpoint that never ends the export."""


def request(*headers: str) -> ExportRequest:
    columns = tuple(Column(f"c{number}", header) for number, header in enumerate(headers))
    return ExportRequest(FileFormat.CSV, columns, ActivityFilter(InstantRange(START, START)))


def written(
    directory: Path,
    source: FrameSource,
    *headers: str,
    delimiter: str = ",",
    checkpoint: Callable[[], None] = nothing,
) -> tuple[bytes, ResultFile]:
    files = FileDirectory(directory)
    with files.writer(SUBSCRIPTION, EXPORT, fence=1) as out:
        write_export(source, request(*headers), delimiter, out, checkpoint)
        result = out.publish()
    return (directory / str(SUBSCRIPTION) / result.name).read_bytes(), result


def left_in(directory: Path) -> list[str]:
    return [path.name for path in (directory / str(SUBSCRIPTION)).iterdir()]


@pytest.fixture(autouse=True)
def no_thread_stays() -> Generator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def test_frame_that_is_rendered__is_not_in_memory_while_the_next_is_read(tmp_path: Path) -> None:
    assert written(tmp_path, JealousSource(), "id")[0] == b"id\n0\n1\n2\n"


def test_values__are_rendered_as_the_contract_says(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "c0": [2**63 - 1, None],
            "c1": pl.Series([datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC), None]).cast(
                pl.Datetime("us", "UTC")
            ),
            "c2": ["text", None],
            "c3": [True, None],
            "c4": [date(2026, 3, 4), None],
        }
    )
    content, result = written(tmp_path, FrameSource([frame]), "id", "When", "a,b", "ok", "day")
    expected = (
        b'id,When,"a,b",ok,day\n'
        b"9223372036854775807,2026-03-04T05:06:07Z,text,true,2026-03-04\n"
        b"null,null,null,null,null\n"
    )
    assert content == expected
    assert (result.size_bytes, result.row_count) == (len(expected), 2)
    assert result.sha256 == hashlib.sha256(expected).hexdigest()


@pytest.mark.parametrize("delimiter", [",", "\t", " ", ";"])
@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "null",
        "a,b",
        "a\tb",
        "a b",
        "a;b",
        'say "x"',
        "two\nlines",
        "cr\rcr",
        " lead",
        "#x",
    ],
)
def test_cell__is_quoted_only_if_it_must_be(tmp_path: Path, delimiter: str, text: str) -> None:
    instant = pl.Series([datetime(2026, 3, 4, tzinfo=UTC)]).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"c0": [text], "c1": instant, "c2": [-1]})
    content, _ = written(tmp_path, FrameSource([frame]), "a", "b", "c", delimiter=delimiter)
    must = any(mark in text for mark in (delimiter, '"', "\n", "\r"))
    cell = '"' + text.replace('"', '""') + '"' if must else text
    assert content.decode().split("\n", 1)[1] == (
        delimiter.join((cell, "2026-03-04T00:00:00Z", "-1")) + "\n"
    )


@pytest.mark.parametrize("frames", [[], [pl.DataFrame({"c0": [], "c1": []})]])
def test_export_without_rows__is_its_header(tmp_path: Path, frames: list[pl.DataFrame]) -> None:
    content, result = written(tmp_path, FrameSource(frames), "a", "b")
    assert (content, result.row_count) == (b"a,b\n", 0)


def test_frames__follow_one_another(tmp_path: Path) -> None:
    frames = [pl.DataFrame({"c0": range(start, start + 5)}) for start in range(0, 500, 5)]
    content, result = written(tmp_path, FrameSource(frames), "n")
    assert content == b"n\n" + b"".join(b"%d\n" % number for number in range(500))
    assert result.row_count == 500


@dataclass
class BackwardsSource(FrameSource):
    """Of each two fragments, makes the second first."""

    frames: Sequence[pl.DataFrame] = tuple(pl.DataFrame({"c0": [number]}) for number in range(7))
    reads_at_once: int = 2
    has_read: dict[int, threading.Event] = field(
        default_factory=lambda: defaultdict(threading.Event)
    )

    def read(self, fragment: int) -> Generator[pl.DataFrame]:
        if fragment % 2 == 0 and fragment + 1 < len(self.frames):
            assert self.has_read[fragment + 1].wait(DEADLINE_SECONDS)
        self.has_read[fragment].set()
        yield self.frames[fragment]


def test_frames_that_are_read_at_once__follow_one_another(tmp_path: Path) -> None:
    assert written(tmp_path, BackwardsSource(), "n")[0] == b"n\n0\n1\n2\n3\n4\n5\n6\n"


def test_error_of_one_of_two_that_read__is_raised_as_it_is(tmp_path: Path) -> None:
    frames = [pl.DataFrame({"c0": [number]}) for number in range(2)]
    source = FrameSource(frames, error=KeyError("lost"), reads_at_once=2)
    with pytest.raises(KeyError, match="lost"):
        written(tmp_path, source, "n")
    assert left_in(tmp_path) == []


def large_frame() -> pl.DataFrame:
    """About 50 MB of text."""
    return pl.DataFrame({"c0": ["x" * 1000] * 50_000})


def test_checkpoint__is_called_at_least_every_10_megabytes_by_the_caller(tmp_path: Path) -> None:
    sizes: list[int] = []
    threads: set[int] = set()

    def checkpoint() -> None:
        threads.add(threading.get_ident())
        sizes.append(sum(path.stat().st_size for path in (tmp_path / "1").iterdir()))

    content, _ = written(tmp_path, FrameSource([large_frame()]), "c", checkpoint=checkpoint)
    steps = [
        later - earlier for earlier, later in zip([0, *sizes], [*sizes, len(content)], strict=True)
    ]
    assert max(steps) <= 10_000_000
    assert threads == {threading.get_ident()}


def test_checkpoint_that_raises__ends_the_export_and_removes_the_part(tmp_path: Path) -> None:
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise LeaseLostError

    source = FrameSource([large_frame()] * 20)
    with pytest.raises(LeaseLostError):
        written(tmp_path, source, "c", checkpoint=checkpoint)
    assert left_in(tmp_path) == []
    assert source.read_count <= 3


def test_error_of_the_source__is_raised_as_it_is(tmp_path: Path) -> None:
    source = FrameSource([pl.DataFrame({"c0": [1]})], error=KeyError("lost"))
    with pytest.raises(KeyError, match="lost"):
        written(tmp_path, source, "c")
    assert left_in(tmp_path) == []


def test_frame_that_cannot_be_rendered__is_an_error(tmp_path: Path) -> None:
    source = FrameSource([pl.DataFrame({"c0": [[1, 2]]})])
    with pytest.raises(pl.exceptions.ComputeError):
        written(tmp_path, source, "c")
    assert left_in(tmp_path) == []


def test_full_disk__is_an_error_of_the_operating_system(tmp_path: Path) -> None:
    part = tmp_path / str(SUBSCRIPTION) / part_name(EXPORT, 1)
    part.parent.mkdir()
    part.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space") as raised:
        written(tmp_path, FrameSource([large_frame()] * 3), "c")
    assert raised.value.errno == errno.ENOSPC
    assert left_in(tmp_path) == []
