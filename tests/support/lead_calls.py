"""Calls on leads and lists, and what the store and the log then hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from tests.support.hot import lake_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

Record = dict[str, object]

#: Id, name and value id of an activity's primary attribute, and its attributes.
Logged = tuple[int, int, int | None, str | None, dict[str, object]]

JSON = {"Content-Type": "application/json"}


def records(answer: Answer) -> list[Record]:
    """The result of a success."""
    body = answer.envelope()
    assert body["success"] is True, body
    return cast("list[Record]", body["result"])


def sync(user: ApiUser, *leads: Record, **members: object) -> Answer:
    """Sync Leads with these records."""
    return user.call("POST", "/rest/v1/leads.json", json={"input": list(leads), **members})


def synced_ids(user: ApiUser, *leads: Record, **members: object) -> list[int]:
    """The ids of leads that a sync has created or updated."""
    found = records(sync(user, *leads, **members))
    assert all(one["status"] in ("created", "updated") for one in found), found
    return [cast("int", one["id"]) for one in found]


def lead(user: ApiUser, lead_id: int, *fields: str) -> Record:
    """The lead with these fields, or the default ones."""
    asked = f"?fields={','.join(fields)}" if fields else ""
    (found,) = records(user.call("GET", f"/rest/v1/lead/{lead_id}.json{asked}"))
    return found


def reason(code: str, message: str) -> list[dict[str, str]]:
    return [{"code": code, "message": message}]


def skipped(code: str, message: str, **more: object) -> Record:
    """The outcome of a record that was not applied."""
    return {**more, "status": "skipped", "reasons": reason(code, message)}


def last_guid(home: Home) -> int:
    """The newest activity there is, in the log or on its way to it."""
    with home.sql() as connection:
        query = "SELECT next_value FROM sequence WHERE kind = 'activity' AND subscription_id = 1"
        row = connection.execute(query).fetchone()
    return 0 if row is None else row[0] - 1


def logged_since(home: Home, guid: int, leads: Sequence[int] | None = None) -> list[Logged]:
    """What was told to the log after `guid`, whether or not it is in the lake yet."""
    # SQL first: what is moved meanwhile is then found twice, never missed.
    rows = _hot_rows(home) | _lake_rows(home)
    return [
        (lead_id, type_id, value_id, value, json.loads(attributes))
        for number, (lead_id, type_id, value_id, value, attributes) in sorted(rows.items())
        if number > guid and (leads is None or lead_id in leads)
    ]


_Row = tuple[int, int, int | None, str | None, str]


def _hot_rows(home: Home) -> dict[int, _Row]:
    with home.sql() as connection:
        found = connection.execute(
            "SELECT guid, lead_id, activity_type_id, primary_value_id, primary_value, attributes"
            " FROM hot_activity"
        )
        return {guid: (*others,) for guid, *others in found}


def _lake_rows(home: Home) -> dict[int, _Row]:
    with home.opened() as application:
        log = application.activity_log(application.subscriptions.default_id())
        found = lake_rows(log)
    columns = ("leadId", "activityTypeId", "primaryAttributeValueId", "primaryAttributeValue")
    return {
        row["marketoGUID"]: (*(row[name] for name in columns), row["attributes"])
        for row in found.iter_rows(named=True)
    }
