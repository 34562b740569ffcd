"""Calls for the subscription's own activity types and for activities of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser

EXTERNAL = "/rest/v1/activities/external"


def post(user: ApiUser, path: str, body: object = None) -> Answer:
    """A POST of JSON; without a body it is declared as JSON all the same."""
    return user.call(
        "POST",
        f"{EXTERNAL}{path}.json",
        json=body,
        headers={"Content-Type": "application/json"},
    )


def result(answer: Answer) -> list[dict[str, Any]]:
    """The records of an answer that is one of success."""
    envelope = answer.envelope()
    assert list(envelope) == ["requestId", "result", "success"], envelope
    return cast("list[dict[str, Any]]", envelope["result"])


def definition(api_name: str, **members: object) -> dict[str, object]:
    """The body that creates a type."""
    return {
        "apiName": api_name,
        "name": f"Type {api_name}",
        "triggerName": "Does it",
        "filterName": "Did it",
        "primaryAttribute": {"apiName": "gift", "name": "Gift", "dataType": "string"},
        **members,
    }
