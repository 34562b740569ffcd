"""Many requests at once, made by wrk, and streams of bytes, taken by curl.

Both are programs in C: on two cores whoever asks takes its share of them from the server, and a
client in Python would take most.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measurement import measured_work
from benchmarks.peers import executable, script_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measurement import Measurement, ProcessTree

CLIENTS = 64


@dataclass(frozen=True, slots=True)
class Requests:
    """What came of many requests."""

    per_second: float
    median_milliseconds: float
    p99_milliseconds: float
    #: Answers that were no success, and connections that broke.
    errors: int


@dataclass(frozen=True, slots=True)
class Ranges:
    """Pieces of a file at random places."""

    piece_bytes: int
    file_bytes: int


def requests(
    url: str, token: str, seconds: int, *, clients: int = CLIENTS, ranges: Ranges | None = None
) -> Requests:
    """So many clients ask for one path, each again as soon as it has its answer.

    Raises PeerMissingError if there is no wrk.
    """
    piece, size = (ranges.piece_bytes, ranges.file_bytes) if ranges else (0, 0)
    load = ["-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s"]
    script = ["-s", script_file("requests.lua"), url, "--", token, str(piece), str(size)]
    done = subprocess.run(
        [executable("wrk", "wrk"), *load, *script], check=True, capture_output=True, text=True
    )
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return Requests(
        said["requests"] / (said["microseconds"] / 1e6),
        said["median"] / 1000,
        said["p99"] / 1000,
        said["errors"],
    )


def take(
    url: str, headers: dict[str, str], ranges: Sequence[tuple[int, int]], server: ProcessTree
) -> Measurement:
    """The ranges of a file at the same time, or all of it if there are none; measured is the server.

    Raises PeerMissingError if there is no curl.
    """
    command = [executable("curl", "curl"), "--silent", "--fail", "--output", "/dev/null"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    commands = [[*command, "--range", f"{first}-{last}", url] for first, last in ranges]

    def work() -> None:
        clients = [subprocess.Popen(one) for one in commands or [[*command, url]]]
        codes = [client.wait() for client in clients]
        assert not any(codes), codes

    return measured_work(server, work)
