"""Section 2.1 and section 11.1: how a raw request target becomes a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.job_states import BODIES
from tests.support.raw_http import raw_request

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser
    from tests.support.server import Server


def ask(user: ApiUser, server: Server, target: str, method: str = "GET") -> Answer:
    headers = {"Authorization": f"Bearer {user.token}"}
    return raw_request(server, target, method=method, headers=headers)


@pytest.mark.parametrize(
    "target",
    [
        "/rest/../bulk/v1/leads/export.json",
        "/bulk/v1/./leads/export.json",
        "/bulk/v1/activities/../leads/export.json",
        "/../bulk/v1/leads/export.json",
        "//bulk//v1///leads/export.json",
        "/bulk/v1/leads/export.json/",
        "/bulk/v1/leads/export%2Ejson",
        "/bulk/v1/%6Ceads/export.json",
        "/rest/%2E%2E/bulk/v1/leads/export.json",
        "http://123-abc-456.mktorest.com/bulk/v1/leads/export.json",
    ],
)
def test_raw_path__is_normalised_before_routing(main: ApiUser, server: Server, target: str) -> None:
    assert ask(main, server, target).jobs() == []


def test_raw_path__of_the_whole_life_of_a_job(main: ApiUser, server: Server) -> None:
    export_id = main.created("activities", BODIES["activities"])
    root = f"/rest/../bulk/v1/activities/export/{export_id}"
    assert ask(main, server, f"{root}/enqueue.json", "POST").job()["status"] == "Queued"
    main.finished("activities", export_id)
    assert ask(main, server, f"{root}/status.json").job()["status"] == "Completed"
    assert ask(main, server, f"{root}/file.json").status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/bulk/v1/leads/export%252Ejson",
        "/rest/%252E%252E/bulk/v1/leads/export.json",
        "/bulk/v1/leads/export",
        "/rest/bulk/v1/leads/export.json",
        "/bulk/v1/leads/export.json//x",
        "/bulk/v1/%FF%00/export.json",
        "/bulk/v1/leads/export/../../../../../etc/passwd",
    ],
)
def test_path_that_is_none_after_decoding_once__is_610(
    main: ApiUser, server: Server, target: str
) -> None:
    assert ask(main, server, target).error() == ("610", "Requested resource not found")


def test_request_target_of_8_kilobytes__is_taken(main: ApiUser, server: Server) -> None:
    path = "/bulk/v1/leads/export.json?padding="
    assert ask(main, server, path + "x" * (8192 - len(path))).jobs() == []


@pytest.mark.parametrize("length", [8193, 20_000])
def test_request_target_over_8_kilobytes__is_http_414(
    main: ApiUser, server: Server, length: int
) -> None:
    path = "/bulk/v1/leads/export.json?padding="
    assert ask(main, server, path + "x" * (length - len(path))).status == 414
