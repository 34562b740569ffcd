"""Look-ups over a seeded subscription: more than one page of everything, held against the truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.api_user import ApiUser
from tests.support.home import Home
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTS = {"lists": 350, "programs": 250, "campaigns": 310, "smart-lists": 210, "forms": 205}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seeded")


@pytest.fixture(scope="module")
def truth(directory: Path) -> dict[str, Any]:
    path = directory / "truth.json"
    counts = [text for name, count in COUNTS.items() for text in (f"--{name}", str(count))]
    arguments = ("seed", "--leads", "300", "--activities", "2000", *counts, "--truth", str(path))
    Home(directory / "home").command(*arguments)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def user(directory: Path, truth: dict[str, Any]) -> Iterator[ApiUser]:
    home = Home(directory / "home")
    credentials = home.create_service("seeded@example.com")
    with running_server(home) as server, ApiUser(server.base_url, credentials) as user:
        yield user


def records(user: ApiUser, path: str) -> list[dict[str, Any]]:
    """All records of the lead database, following the token."""
    found: list[dict[str, Any]] = []
    parameters: tuple[tuple[str, str], ...] = ()
    while True:
        body = user.call("GET", f"/rest/v1/{path}.json", parameters=parameters).envelope()
        found += cast("list[dict[str, Any]]", body["result"])
        if "nextPageToken" not in body:
            return found
        parameters = (("nextPageToken", str(body["nextPageToken"])),)


def assets(user: ApiUser, path: str, **parameters: str) -> list[dict[str, Any]]:
    """All assets, page after page, until the warning that there are no more."""
    found: list[dict[str, Any]] = []
    while True:
        pairs = (("offset", str(len(found))), ("maxReturn", "200"), *parameters.items())
        body = user.call("GET", f"/rest/asset/v1/{path}.json", parameters=pairs).envelope()
        if "result" not in body:
            assert body["warnings"] == ["No assets found for the given search criteria."]
            return found
        found += cast("list[dict[str, Any]]", body["result"])


def named(items: list[dict[str, Any]]) -> dict[str, str]:
    assert [one["id"] for one in items] == sorted({one["id"] for one in items})
    return {str(one["id"]): one["name"] for one in items}


@pytest.mark.parametrize("path", ["lists", "campaigns"])
def test_records__are_those_of_the_truth(user: ApiUser, truth: dict[str, Any], path: str) -> None:
    found = records(user, path)
    assert named(found) == truth[path]
    start = truth["window"]["startAt"]
    for one in found:
        assert start <= one["createdAt"] <= one["updatedAt"] <= truth["window"]["endAt"]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("programs", "programs"),
        ("staticLists", "lists"),
        ("smartLists", "smartLists"),
        ("forms", "forms"),
        ("smartCampaigns", "campaigns"),
    ],
)
def test_assets__are_those_of_the_truth(
    user: ApiUser, truth: dict[str, Any], path: str, part: str
) -> None:
    assert named(assets(user, path)) == truth[part]
    start = truth["window"]["startAt"]
    window = {"earliestUpdatedAt": start, "latestUpdatedAt": truth["window"]["endAt"]}
    assert named(assets(user, path, **window)) == truth[part]


@pytest.mark.parametrize(
    ("kind", "part"),
    [("program", "programs"), ("staticList", "lists"), ("form", "forms")],
)
def test_every_awkward_name__is_found_by_itself(
    user: ApiUser, truth: dict[str, Any], kind: str, part: str
) -> None:
    awkward = [name for name in truth[part].values() if not name.isascii() or "  " in name]
    awkward += [name for name in truth[part].values() if any(one in name for one in '\n\t,"=')]
    assert awkward
    for name in awkward[:40]:
        path = f"/rest/asset/v1/{kind}/byName.json"
        body = user.call("GET", path, parameters=(("name", name),)).envelope()
        assert [one["name"] for one in cast("list[dict[str, Any]]", body["result"])] == [name] * (
            2 if name == "Attendees" else 1
        )


def test_channels__are_those_of_the_programs(user: ApiUser) -> None:
    channels = assets(user, "channels")
    assert {one["channel"] for one in assets(user, "programs")} == {one["name"] for one in channels}
    for one in channels:
        statuses = one["progressionStatuses"]
        assert (statuses[0]["name"], statuses[0]["step"]) == ("Not in Program", 0)
        assert any(status["success"] for status in statuses)
