"""Where CPU time goes: an export, a load and a download under perf, by kind of work.

    .venv/bin/python -m benchmarks.profiles --scale small

Shares of samples, so that a busy machine changes little. A run of the full scale puts its table
into `docs/performance.md`. Wants perf (Debian: linux-perf) and leave to use it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks import exports as jobs
from benchmarks.activity_exports import WHOLE, activity_exports
from benchmarks.exports import ACTIVITIES
from benchmarks.peers import PeerMissingError, executable
from benchmarks.report import replace_in_page
from benchmarks.request_load import take
from benchmarks.scale import SCALES, ScaleName
from benchmarks.serving import TAILRACE as COMMAND
from benchmarks.workbench import DIRECTORY, Workbench, remove

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.serving import ServedHome

#: Kinds of work by what the library or the function is called; the first that matches counts.
_KINDS = (
    ("decompress (zstd)", r"ZSTD|HUF_|FSE_"),
    ("hash (SHA-256)", r"libcrypto"),
    ("compress, checksum", r"zstd|lz4|snappy|crc32"),
    ("order rows: sort, gather", r"sort|merge|gather|take_|chunked_array::ops"),
    ("decode and encode Parquet", r"parquet|hybrid_rle|dictionary|simdutf8"),
    ("render and read CSV and text", r"csv|serializ|memchr|strftime|chrono|itoa|ryu|jiter|json"),
    ("copy between buffers", r"memmove|memcpy|total_bytes_len|concatenate"),
    ("send to sockets", r"tcp_|skb|sock|inet|__dev_|loopback|net_rx|ip_|nf_"),
    (
        "write files: page cache, blocks",
        r"copy_folio_from_iter|_copy_to_iter|_copy_from_iter|ext4|jbd2|folio|xas_|writeback|iomap"
        r"|blk|virtio|pagevec|drop_buffers|perform_write|mark_buffer|filemap|fadvise|mpage|dquot",
    ),
    (
        "memory: page faults, clearing",
        r"page_fault|clear_page|anonymous|handle_mm|mmap|unmap|zap_|lru|rmqueue|alloc|charge|slab"
        r"|list_del|pmd|pte|tlb|memcg|_rjem|malloc",
    ),
    ("locks, scheduling", r"sched|spin|futex|switch|wake|queue|rcu|syscall|osq|pick_|irq|psi|msr"),
    ("Python", r"libpython|loop\.cpython"),
)
_OTHER = "other"
_PERF_BEGINS_SECONDS = 1.0
#: Short work is done again and again: for enough samples.
_LEAST_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", choices=[*ScaleName], default=ScaleName.FULL)
    scale = SCALES[ScaleName(parser.parse_args().scale)]
    bench = Workbench(scale, 1, DIRECTORY)
    try:
        shares = {
            "export": _export(bench),
            "load from Parquet": _load(bench, "parquet"),
            "load from CSV": _load(bench, "csv"),
            "download": _download(bench),
        }
    except PeerMissingError as reason:
        raise SystemExit(f"no profile: {reason}") from reason
    text = table(shares)
    print(text)
    if scale.name is ScaleName.FULL:
        replace_in_page("profile", text)


def table(shares: dict[str, dict[str, float]]) -> str:
    """Percents of each column, the kinds of work in the order of the first column."""
    first = next(iter(shares.values()))
    every = {kind for column in shares.values() for kind in column}
    kinds = sorted(every, key=lambda kind: (kind == _OTHER, -first.get(kind, 0.0), kind))
    rows = [f"| % of CPU time | {' | '.join(shares)} |", "| --- |" + " --- |" * len(shares)]
    for kind in kinds:
        cells = (f"{column.get(kind, 0.0):.0f}" for column in shares.values())
        rows.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join([*rows, ""])


def by_kind(report: str) -> dict[str, float]:
    """Percents of samples by kind of work, from what `perf report` prints of libraries, functions."""
    shares: dict[str, float] = {}
    for percent, what in re.findall(r"^\s*([\d.]+)%\s*\|(.*)$", report, re.MULTILINE):
        kind = next((kind for kind, names in _KINDS if re.search(names, what)), _OTHER)
        shares[kind] = shares.get(kind, 0.0) + float(percent)
    return shares


def _export(bench: Workbench) -> dict[str, float]:
    with activity_exports(bench.lake(bench.scale.lake)) as exports:
        body = WHOLE[0].body
        jobs.run_export(exports.client, ACTIVITIES, body)
        exports.clear()

        def work() -> None:
            jobs.run_export(exports.client, ACTIVITIES, body)
            exports.clear()

        return _of_server(bench, exports.server, work)


def _load(bench: Workbench, ending: str) -> dict[str, float]:
    home = bench.scratch("profiled-load")
    command = [COMMAND, "load", "activities", str(bench.load_file(ending)), "--home", str(home)]
    data = bench.scratch("perf.data")
    record = [*_record(data), "--", *command, "--register-types", "--json"]
    subprocess.run(record, check=True, stdout=subprocess.DEVNULL)
    remove(home)
    return _reported(data)


def _download(bench: Workbench) -> dict[str, float]:
    with activity_exports(bench.lake(bench.scale.lake)) as exports:
        export = jobs.run_export(exports.client, ACTIVITIES, WHOLE[0].body)
        server = exports.server
        url = f"{server.base_url}/bulk/v1/activities/export/{export.export_id}/file.json"
        shares = _of_server(bench, server, lambda: take(url, server.headers, [], server.tree))
        exports.clear()
    return shares


def _of_server(
    bench: Workbench, server: ServedHome, work: Callable[[], object]
) -> dict[str, float]:
    data = bench.scratch("perf.data")
    with subprocess.Popen([*_record(data), "--pid", str(server.process_id)]) as perf:
        time.sleep(_PERF_BEGINS_SECONDS)
        ends = time.monotonic() + _LEAST_SECONDS
        while time.monotonic() < ends:
            work()
        perf.terminate()
    return _reported(data)


def _record(data: Path) -> list[str]:
    return [executable("perf", "linux-perf"), "record", "--quiet", "-F", "499", "-o", str(data)]


def _reported(data: Path) -> dict[str, float]:
    command = ["report", "--stdio", "-i", str(data), "-F", "overhead,dso,symbol", "-t", "|"]
    done = subprocess.run(
        [shutil.which("perf") or "perf", *command], check=True, capture_output=True, text=True
    )
    remove(data)
    return by_kind(done.stdout)


if __name__ == "__main__":
    main()
