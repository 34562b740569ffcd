"""A server that dies while it takes in a batch: sent again under its key, it is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.contract.test_activity_ingest import activities_of, body, line, outcome, send
from tests.support.api_user import ApiUser
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World


@pytest.mark.parametrize(
    ("point", "is_committed"), [("ingest.before_commit", False), ("ingest.after_commit", True)]
)
def test_killed_ingest__is_there_once_when_sent_again(
    make_world: Callable[[], World], point: str, *, is_committed: bool
) -> None:
    world = make_world()
    content = body(line(leadId=9100), line(leadId=9100), {})
    dying = Server(world.home, environment={"TAILRACE_CRASH_POINT": point})
    dying.start()
    with ApiUser(dying.base_url, world.main) as user, pytest.raises(httpx.TransportError):
        assert user.token
        send(user, content, "batch")
    dying.wait_for_crash()
    server = Server(world.home)
    server.start()
    with ApiUser(server.base_url, world.main) as user:
        assert len(activities_of(user, 9100)) == (2 if is_committed else 0)
        taken = outcome(send(user, content, "batch"))
        assert (taken["accepted"], taken["rejected"]) == (2, 1)
        assert len(activities_of(user, 9100)) == 2
    server.stop()
