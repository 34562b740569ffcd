"""Section 3.1 and code 603: which permission opens which family."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.api_user import ApiUser, Family
from tests.support.job_states import BODIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.answers import Answer
    from tests.support.home import Home
    from tests.support.server import Server

DENIED = ("603", "Access denied")
ALLOWED: dict[str, set[Family]] = {
    "Read-Only Lead": {"leads"},
    "Read-Write Lead": {"leads"},
    "Read-Only Activity": {"activities"},
    "Read-Write Activity": {"activities"},
    "Read-Only Assets": set(),
}


@pytest.fixture(scope="module")
def user_of_role(home: Home, server: Server) -> Iterator[Callable[[str], ApiUser]]:
    users: dict[str, ApiUser] = {}
    with ExitStack() as stack:

        def find(role: str) -> ApiUser:
            if role not in users:
                email = role.lower().replace(" ", "-") + "@example.com"
                credentials = home.create_service(email, role)
                users[role] = stack.enter_context(ApiUser(server.base_url, credentials))
            return users[role]

        yield find


def every_call(user: ApiUser, family: Family) -> list[Answer]:
    return [
        user.list(family),
        user.create(family, BODIES[family]),
        user.enqueue(family, "x"),
        user.status(family, "x"),
        user.file(family, "x"),
        user.cancel(family, "x"),
    ]


@pytest.mark.parametrize("role", ALLOWED)
@pytest.mark.parametrize("family", ["leads", "activities"])
def test_role__opens_its_families_and_no_other(
    user_of_role: Callable[[str], ApiUser], role: str, family: Family
) -> None:
    user = user_of_role(role)
    if family in ALLOWED[role]:
        assert user.export(family, BODIES[family]).job["numberOfRecords"] > 0
    else:
        assert [answer.error() for answer in every_call(user, family)] == [DENIED] * 6


def test_permission__is_checked_before_content_type_and_json(
    user_of_role: Callable[[str], ApiUser],
) -> None:
    user = user_of_role("Read-Only Assets")
    headers = {"Content-Type": "text/plain"}
    path = "/bulk/v1/leads/export/create.json"
    assert user.call("POST", path, content=b"not json", headers=headers).error() == DENIED


def test_unknown_path__is_610_whatever_the_role(user_of_role: Callable[[str], ApiUser]) -> None:
    answer = user_of_role("Read-Only Assets").call("GET", "/bulk/v1/nothing.json")
    assert answer.error()[0] == "610"
