"""What whoever operates a server asks it: `/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.job_states import BODIES
from tests.support.server import free_port, running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.api_user import ApiUser
    from tests.support.server import Server
    from tests.support.world import World


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    with running_server(world.home, environment={"TAILRACE_METRICS": "on"}) as running:
        yield running


def get(server: Server, path: str) -> httpx.Response:
    return httpx.get(f"{server.base_url}{path}", trust_env=False, timeout=DEADLINE_SECONDS)


def figures(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted_runs(values: dict[tuple[str, ...], float]) -> float:
    return values.get(("tailrace_export_runs_total", "leads", "completed"), 0)


def test_health__is_told_without_a_token(server: Server) -> None:
    answer = get(server, "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_readiness__names_what_it_looked_at(server: Server) -> None:
    answer = get(server, "/readyz")
    checks = dict.fromkeys(("store", "lake", "disk", "notStopping"), True)
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": checks})
    assert answer.headers["Cache-Control"] == "no-store"


def test_metrics__tell_of_jobs_rows_bytes_stages_and_calls(server: Server, main: ApiUser) -> None:
    before = figures(get(server, "/metrics").text)
    job = main.export("leads", BODIES["leads"]).job
    # A run is counted when all of it is over: a moment after its job is Completed.
    wait_until(
        lambda: counted_runs(figures(get(server, "/metrics").text)) > counted_runs(before),
        "the run to be counted",
    )
    answer = get(server, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    after = figures(answer.text)

    def grown(*name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown("tailrace_jobs", "leads", "Completed") == 1
    assert grown("tailrace_export_runs_total", "leads", "completed") == 1
    assert grown("tailrace_exported_rows_total", "leads") == job["numberOfRecords"]
    assert grown("tailrace_exported_bytes_total", "leads") == job["fileSize"]
    assert grown("tailrace_quota_used_bytes") == job["fileSize"]
    for stage in ("plan", "render", "write", "publish"):
        assert grown("tailrace_export_stage_seconds_count", stage) == 1
    route = "/bulk/v1/leads/export/{exportId}/enqueue.json"
    assert grown("tailrace_http_request_seconds_count", "POST", route, "2xx") == 1
    for name in ("lake_files", "lake_bytes", "hot_activities", "settling_lag_seconds"):
        assert after[f"tailrace_{name}",] >= 0
    assert after["tailrace_disk_free_bytes",] > 0
    assert after["tailrace_imports", "Queued"] == after["tailrace_queue_age_seconds",] == 0


def test_metrics__have_no_label_that_a_caller_could_make_up(server: Server, main: ApiUser) -> None:
    for path in ("/rest/v1/made-up-1.json", "/rest/v1/lead/4711.json", "/made/up/2?secret=x"):
        main.call("GET", path)
    main.http.request("PUT", "/rest/v1/leads.json")
    names = list(figures(get(server, "/metrics").text))
    # Not in the whole text: any digits may be part of a figure.
    labels = {label for name in names for label in name}
    for made_up in ("made-up", "4711", "PUT", "secret", main.credentials.client_id):
        assert not any(made_up in label for label in labels)
    methods = {name[1] for name in names if name[0] == "tailrace_http_request_seconds_count"}
    assert methods <= {"GET", "POST", "HEAD", "DELETE", "other"}
    assert "other" in methods


def test_metrics__are_off_unless_asked_for_or_on_an_address_of_their_own(
    make_world: Callable[[], World],
) -> None:
    home = make_world().home
    with running_server(home) as server:
        assert get(server, "/metrics").json()["errors"][0]["code"] == "610"
    port = free_port()
    with running_server(home, environment={"TAILRACE_METRICS": f"127.0.0.1:{port}"}) as server:
        assert get(server, "/metrics").json()["errors"][0]["code"] == "610"
        address = f"http://127.0.0.1:{port}/metrics"
        text = httpx.get(address, trust_env=False, timeout=DEADLINE_SECONDS).text
        assert ("tailrace_jobs", "leads", "Queued") in figures(text)


def test_too_little_disk__is_not_ready(make_world: Callable[[], World]) -> None:
    environment = {"TAILRACE_LEAST_FREE_MEGABYTES": str(10**9)}
    with running_server(make_world().home, environment=environment) as server:
        answer = get(server, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert [name for name, holds in answer.json()["checks"].items() if not holds] == ["disk"]


def test_stopping_server__is_not_ready_while_it_still_answers(
    make_world: Callable[[], World],
) -> None:
    # Far longer than this test takes: a second signal ends it.
    long = {"TAILRACE_DRAIN_SECONDS": "3600"}
    with running_server(make_world().home, environment=long) as server:
        assert get(server, "/readyz").status_code == 200
        os.kill(server.process_id, signal.SIGTERM)
        wait_until(lambda: get(server, "/readyz").status_code == 503, "the server to be unready")
        answer = get(server, "/readyz")
        assert answer.json()["checks"]["notStopping"] is False
        assert get(server, "/healthz").status_code == 200
        assert server.stop() == 0
