"""`tailrace demo`: the whole product in one run, over real HTTP, with every file verified."""

from __future__ import annotations

import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.errors import CommandError
from tailrace.cli.options import example
from tailrace.cli.output import print_line, print_table

if TYPE_CHECKING:
    from tailrace.cli.demo_exports import DemoResult
    from tailrace.cli.demo_server import DemoServer
    from tailrace.cli.progress import Bars
    from tailrace.store.identity import ServiceCredentials

EPILOG = example("tailrace demo", "tailrace demo --keep")

#: Visit Webpage, Open Email, Change Data Value.
_ACTIVITY_TYPES = (1, 10, 13)

#: Fixed, so that every run makes the same data and the same checksums.
_UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
_DAYS = 31
_SEED = 1

_USER = "demo@tailrace.local"

#: A server of our own on this machine is either there or gone.
_PATIENCE_SECONDS = 5.0

#: Forms filled out; what the first of the lines to copy creates.
_BODY = (
    '{"filter": {"createdAt": {"startAt": "2026-01-01T00:00:00Z",'
    ' "endAt": "2026-01-31T23:59:59Z"}, "activityTypeIds": [2]}}'
)

_MEGABYTE = 1e6
_WIDTH = 118


def demo(
    leads: Annotated[int, typer.Option("--leads", min=1, help="Leads to make.")] = 100_000,
    activities: Annotated[
        int, typer.Option("--activities", min=1, help="Activities to make.")
    ] = 1_000_000,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the server up and print how to call it.")
    ] = False,
) -> None:
    """Run the whole product once and verify its files.

    Makes sample data, starts a server, exports activities and leads over HTTP, and holds size,
    SHA-256 and rows of both files against what the server reported.

    Works in a temporary directory and removes it, the server too, however the run ends.
    """
    from tailrace.cli.demo_server import DemoServer
    from tailrace.cli.stop_signals import postponed_stop_signals

    # Whoever stops us from outside must not leave the server behind.
    signal.signal(signal.SIGTERM, _interrupt)
    server = None
    is_kept = False
    try:
        # A stop signal between the directory and our knowledge of it would leave it behind.
        with postponed_stop_signals():
            server = DemoServer()
        _run(server, leads=leads, activities=activities, is_kept=keep)
        is_kept = keep
    finally:
        if server is not None and not is_kept:
            server.remove()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _run(server: DemoServer, *, leads: int, activities: int, is_kept: bool) -> None:
    from tailrace.cli.progress import progress_bars
    from tailrace.client import ClientError

    with progress_bars() as bars:
        began = time.perf_counter()
        credentials = _prepare(server, leads, activities, bars)
        _say(f"Made {leads:,} leads and {activities:,} activities", began)
        began = time.perf_counter()
        base_url = server.start()
        _say(f"Started a server on {base_url}", began)
        try:
            results = _run_exports(server, base_url, credentials, bars)
        except ClientError as error:
            raise CommandError(f"{error} The server wrote:\n{server.last_words()}") from error
    _report(results)
    if is_kept:
        _hand_over(server, base_url, credentials, results)


def _run_exports(
    server: DemoServer, base_url: str, credentials: ServiceCredentials, bars: Bars
) -> list[DemoResult]:
    from tailrace.cli.demo_exports import demo_exports, run_export
    from tailrace.client import ExtractClient
    from tailrace.domain.export_request import InstantRange

    month = InstantRange(_UNTIL - timedelta(days=_DAYS), _UNTIL - timedelta(seconds=1))
    with ExtractClient(
        base_url,
        credentials.client_id,
        credentials.client_secret,
        patience_seconds=_PATIENCE_SECONDS,
    ) as client:
        print_line(f"Got an access token for {client.token().scope}")
        return [
            run_export(client, export, server.directory, bars)
            for export in demo_exports(month, _ACTIVITY_TYPES, server.truth)
        ]


def _prepare(server: DemoServer, leads: int, activities: int, bars: Bars) -> ServiceCredentials:
    """Fill the home with sample data and make the service that the demo calls with."""
    from tailrace.cli.home import opened_home
    from tailrace.sample.plan import SeedPlan
    from tailrace.sample.seeding import seed

    plan = SeedPlan(leads=leads, activities=activities, days=_DAYS, until=_UNTIL, seed=_SEED)
    bar = bars.begin("Making sample data")
    with opened_home(server.home) as application:
        seed(application, plan, truth_path=server.truth, progress=bar)
        subscription_id = application.subscriptions.default_id()
        return application.identity.create_service(subscription_id, _USER, name="demo")


def _say(what: str, began: float) -> None:
    print_line(f"{what} in {time.perf_counter() - began:.1f} s")


def _report(results: list[DemoResult]) -> None:
    print_line()
    headings = ("EXPORT", "ROWS", "BYTES", "SECONDS", "MB/S", "CHECKSUM", "SHA-256")
    rows = [
        (
            result.export.name,
            result.file.row_count,
            result.file.size_bytes,
            result.seconds,
            result.file.size_bytes / _MEGABYTE / result.seconds,
            "ok",
            f"{result.file.sha256[:16]}…",
        )
        for result in results
    ]
    print_table(headings, rows)
    for result in results:
        print_line(f"\n{result.path.name}")
        for line in result.first_lines:
            print_line(f"  {line if len(line) <= _WIDTH else line[: _WIDTH - 1] + '…'}")


def _hand_over(
    server: DemoServer,
    base_url: str,
    credentials: ServiceCredentials,
    results: list[DemoResult],
) -> None:
    """How to go on with the server that stays up."""
    activities = results[0]
    path = f"$BASE/bulk/v1/{activities.export.family}/export"
    print_line(f"""
The server stays up. Copy, paste:

BASE={base_url}
CLIENT_ID={credentials.client_id}
CLIENT_SECRET={credentials.client_secret}
TOKEN=$(curl -s "$BASE/identity/oauth/token?grant_type=client_credentials&client_id=$CLIENT_ID&client_secret=$CLIENT_SECRET" | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
curl -s -X POST -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{_BODY}' "{path}/create.json"
curl -s -H "Authorization: Bearer $TOKEN" "{path}.json"
curl -s -H "Authorization: Bearer $TOKEN" "{path}/{activities.export_id}/status.json"
curl -s -H "Authorization: Bearer $TOKEN" -H "Range: bytes=0-999" "{path}/{activities.export_id}/file.json"

The files are in {server.directory}. To end it all:

kill {server.process_id}; while kill -0 {server.process_id} 2>/dev/null; do sleep 0.1; done; rm -r {server.directory}""")
    sys.stdout.flush()
