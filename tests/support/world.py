"""A small hand-written subscription: every contract test can name what is in it by heart."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tailrace.domain.lead_fields import DataType
from tests.support.home import Credentials, Home
from tests.support.stores import copy_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Holds every lead and activity below that is "in March".
MARCH = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-31T23:59:59Z"}

ANONYMOUS_LEAD = 6
LEADS: tuple[dict[str, object], ...] = (
    # Before lead 3 in the file and created in the same second: exports must put 3 first.
    {
        "id": 7,
        "email": "gus@example.com",
        "firstName": "Gus",
        "country": "France",
        "leadScore": 30,
        "createdAt": "2024-03-15T12:00:00Z",
        "updatedAt": "2024-03-15T12:00:00Z",
    },
    {
        "id": 1,
        "email": "ada@example.com",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "country": "Germany",
        "leadScore": 10,
        "createdAt": "2024-03-01T00:00:00Z",
        "updatedAt": "2024-03-20T00:00:00Z",
    },
    {
        "id": 2,
        "email": "bob@example.com",
        "firstName": "Bob",
        "country": "Austria",
        "leadScore": 20,
        "createdAt": "2024-03-01T00:00:01Z",
        "updatedAt": "2024-03-19T00:00:00Z",
    },
    {
        "id": 3,
        "email": "cleo@example.org",
        "firstName": "Cleo",
        "country": "germany",
        "createdAt": "2024-03-15T12:00:00Z",
        "updatedAt": "2024-05-01T00:00:00Z",
    },
    {
        "id": 4,
        "email": "dan@example.com",
        "firstName": "Dan",
        "leadScore": -5,
        "createdAt": "2024-03-31T23:59:59Z",
        "updatedAt": "2024-04-02T00:00:00Z",
    },
    {
        "id": 5,
        "email": "eve@example.com",
        "firstName": "Eve",
        "country": "Germany",
        "createdAt": "2024-04-01T00:00:00Z",
        "updatedAt": "2024-04-01T00:00:00Z",
    },
    {
        "id": ANONYMOUS_LEAD,
        "isAnonymous": True,
        "country": "Germany",
        "createdAt": "2024-03-15T12:00:01Z",
        "updatedAt": "2024-03-15T12:00:01Z",
    },
)

# Programs, forms and lists: id, name, id of the program around it. Names are those of real
# recordings (contract section 5.3).
PROGRAMS: tuple[tuple[int, str, int | None], ...] = (
    (1001, "API Test Program", None),
    (1002, "123", 1001),
    (1010, "API Test Program 10", None),
    (1011, "MPS v1.2", None),
    (1012, "Child", 1001),
)
FORMS: tuple[tuple[int, str, int | None], ...] = (
    (1006, "airbyte", 1002),
    (1007, "Email Unsubscribe Form", None),
    (1008, "Outbound", 1011),
)
TEST_LIST = 1017
DOOMED_LIST = 1023
STATIC_LISTS: tuple[tuple[int, str, int | None], ...] = (
    (1016, "List 1", 1001),
    (TEST_LIST, "Test list", None),
    (1018, "Twin", None),
    (1019, "Twin", None),
    (1020, "Members", 1001),
    (1021, "Members", 1010),
    (1022, "Empty list", None),
    (DOOMED_LIST, "Doomed list", None),
)
LIST_MEMBERS: dict[int, tuple[int, ...]] = {
    TEST_LIST: (5, 3, 1, ANONYMOUS_LEAD),
    1016: (2,),
    1020: (4,),
    1021: (7,),
    DOOMED_LIST: (1,),
}
GERMANS = 2001
SMART_LISTS: tuple[tuple[int, str, int | None, object], ...] = (
    (GERMANS, "Germans", None, {"field": "country", "operator": "is", "values": ["Germany"]}),
    (2002, "Everybody", None, {"all": []}),
    (2003, "Scored", 1001, {"field": "leadScore", "operator": "at least", "values": [20]}),
    (2004, "Twin", None, {"list": TEST_LIST}),
    (2005, "Twin", None, {"list": 1016}),
    (
        2006,
        "In the list or scored, but no example.org",
        None,
        {
            "all": [
                {"any": [{"list": TEST_LIST}, {"list": 1016}]},
                {"field": "email", "operator": "not contains", "values": ["example.ORG"]},
            ]
        },
    ),
    (2007, "Not in the test list", None, {"list": TEST_LIST, "isMember": False}),
)


def _activity(
    guid: int,
    lead: int,
    at: str,
    type_id: int,
    *,
    primary: tuple[int | None, str | None] = (None, None),
    campaign: int | None = None,
    result: str | None = None,
    **attributes: object,
) -> dict[str, object]:
    """One line of a load file; attribute names are written with `_` for a blank."""
    return {
        "marketoGUID": str(guid),
        "leadId": lead,
        "activityDate": at,
        "activityTypeId": type_id,
        "campaignId": campaign,
        "primaryAttributeValueId": primary[0],
        "primaryAttributeValue": primary[1],
        "attributes": {name.replace("_", " "): value for name, value in attributes.items()},
        "actionResult": result,
    }


ACTIVITIES: tuple[dict[str, object], ...] = (
    _activity(101, 1, "2024-03-01T00:00:00Z", 12, primary=(1, "Ada Lovelace"), Source_Type="API"),
    # The same second as 104 and loaded before it.
    _activity(105, 2, "2024-03-02T10:00:00Z", 2, primary=(1007, "Email Unsubscribe Form")),
    _activity(104, 1, "2024-03-02T10:00:00Z", 2, primary=(1006, "API Test Program.123.airbyte")),
    _activity(
        106,
        3,
        "2024-03-03T00:00:00Z",
        13,
        primary=(53, "First Name"),
        Old_Value="A",
        New_Value="B",
    ),
    _activity(107, 3, "2024-03-03T00:00:01Z", 13, primary=(146, "Lead Score"), New_Value="9"),
    _activity(108, 3, "2024-03-03T00:00:01Z", 22, primary=(146, "Lead Score"), New_Value=9),
    _activity(109, 1, "2024-03-04T00:00:00Z", 24, primary=(TEST_LIST, "Test list")),
    _activity(110, 2, "2024-03-05T00:00:00Z", 24, primary=(1016, "API Test Program.List 1")),
    _activity(111, 2, "2024-03-06T00:00:00Z", 25, primary=(1016, "API Test Program.List 1")),
    _activity(
        112,
        2,
        "2024-03-07T00:00:00Z",
        104,
        primary=(1010, "API Test Program 10"),
        campaign=8497,
        result="succeeded",
        New_Status="Member",
        Success=False,
        New_Status_ID=21,
    ),
    _activity(113, 2, "2024-03-07T00:00:00Z", 104, primary=(1012, "Child"), result="skipped"),
    _activity(114, 2, "2024-03-08T00:00:00Z", 2, primary=(1008, "MPS v1.2.Outbound")),
    _activity(115, 4, "2024-03-09T00:00:00Z", 37, primary=(4, "Dan")),
    _activity(116, 1, "2024-03-10T00:00:00Z", 1, primary=(71, "localhost/a.html")),
    _activity(117, 1, "2024-03-31T23:59:59Z", 1, primary=(71, "localhost/a.html"), result="failed"),
    _activity(118, 1, "2024-04-01T00:00:00Z", 1, primary=(71, "localhost/a.html")),
)


@dataclass(frozen=True, slots=True)
class World:
    """A home that holds all of the above, and who may call it."""

    home: Home
    main: Credentials
    #: Another service of main's user.
    second: Credentials
    #: Another user.
    other: Credentials

    @classmethod
    def build(cls, home: Home) -> World:
        main = home.create_service("main@example.com")
        second = home.create_service("main@example.com")
        other = home.create_service("other@example.com")
        home.load("leads", LEADS)
        add_assets(home)
        home.load("activities", ACTIVITIES)
        return cls(home, main, second, other)

    def save(self, path: Path) -> None:
        services = {"main": self.main, "second": self.second, "other": self.other}
        texts = {name: asdict(service) for name, service in services.items()}
        path.write_text(json.dumps(texts), encoding="utf-8")

    @classmethod
    def copy(cls, template: Path, credentials: Path, target: Path) -> World:
        """A copy of a finished home that no process has open."""
        shutil.copytree(template, target)
        copy_store(template, target)
        texts = json.loads(credentials.read_text(encoding="utf-8"))
        services = {name: Credentials(**texts[name]) for name in ("main", "second", "other")}
        return cls(Home(target), **services)


def add_assets(home: Home) -> None:
    """Programs, forms and lists under the ids above; those made later have larger ones."""
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO sequence (subscription_id, kind, next_value) VALUES (1, 'asset', 9001)"
        )
        connection.executemany(
            "INSERT INTO program (subscription_id, id, name, parent_id, channel, created_at, updated_at)"
            " VALUES (1, ?, ?, ?, 'Web', 0, 0)",
            PROGRAMS,
        )
        for table, assets in (("form", FORMS), ("static_list", STATIC_LISTS)):
            connection.executemany(
                f"INSERT INTO {table} (subscription_id, id, name, program_id, created_at, updated_at)"
                " VALUES (1, ?, ?, ?, 0, 0)",
                assets,
            )
        connection.executemany(
            "INSERT INTO smart_list (subscription_id, id, name, program_id, rule, created_at, updated_at)"
            " VALUES (1, ?, ?, ?, ?, 0, 0)",
            [(*others, json.dumps(rule)) for *others, rule in SMART_LISTS],
        )
        connection.executemany(
            "INSERT INTO static_list_member (subscription_id, list_id, lead_id, added_at)"
            " VALUES (1, ?, ?, 0)",
            [(list_id, lead) for list_id, leads in LIST_MEMBERS.items() for lead in leads],
        )


def add_custom_fields(home: Home, fields: Sequence[tuple[str, str]]) -> None:
    """Lead fields of the subscription's own: name and data type each."""
    with home.opened() as application:
        subscriptions = application.subscriptions
        for name, data_type in fields:
            subscriptions.create_lead_field(
                subscriptions.default_id(),
                name=name,
                display_name=name,
                data_type=DataType(data_type),
            )
