"""A result file whose writer is killed: absent, a part, or complete under its final name."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tailrace.crash_points import POINTS
from tailrace.files.directory import FileDirectory
from tailrace.files.result_files import part_name, result_name
from tests.support.activities import EXPORT, SUBSCRIPTION

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"marketoGUID\n" + b"1\n" * 100_000

PUBLISH = """
import sys
from pathlib import Path
from tailrace.files.directory import FileDirectory
from tests.fault.test_publish_crashes import CONTENT
from tests.support.activities import EXPORT, SUBSCRIPTION

with FileDirectory(Path(sys.argv[1])).writer(SUBSCRIPTION, EXPORT, 1) as out:
    for start in range(0, len(CONTENT), 50_000):
        out.write(CONTENT[start : start + 50_000])
    out.publish()
"""

BEFORE_RENAME = {"publish.part_written", "publish.part_synced"}


@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("publish.")])
def test_killed_publish__leaves_a_part_or_the_whole_file(tmp_path: Path, point: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", PUBLISH, str(tmp_path)],
        env={**os.environ, "TAILRACE_CRASH_POINT": point},
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    files = FileDirectory(tmp_path)
    if point in BEFORE_RENAME:
        assert files.names(SUBSCRIPTION) == {part_name(EXPORT, 1)}
    else:
        assert files.names(SUBSCRIPTION) == {result_name(EXPORT, 1)}
        with files.open(SUBSCRIPTION, result_name(EXPORT, 1)) as file:
            assert os.pread(file.fd, file.size_bytes, 0) == CONTENT
    assert_next_attempt_publishes(files)


def assert_next_attempt_publishes(files: FileDirectory) -> None:
    with files.writer(SUBSCRIPTION, EXPORT, 2) as out:
        out.write(CONTENT)
        result = out.publish()
    assert result.name == result_name(EXPORT, 2)
    assert result.sha256 == hashlib.sha256(CONTENT).hexdigest()
