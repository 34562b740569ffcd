"""Commands that administer a home: what they change, what they show, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from tailrace.domain.permissions import Permission
from tailrace.domain.subscription_settings import SETTINGS

if TYPE_CHECKING:
    from tests.support.home import Home

Rows = list[dict[str, object]]


def rows(home: Home, *arguments: str) -> Rows:
    return cast("Rows", json.loads(home.command(*arguments, "--json").output))


def test_service_create__makes_the_home_and_answers_in_json(home: Home) -> None:
    made = home.command("service", "create", "--user", "a@example.com", "--json").json()
    assert list(made) == ["clientId", "clientSecret", "user"]
    assert made["user"] == "a@example.com"
    assert len(str(made["clientId"])) == 36
    assert len(str(made["clientSecret"])) == 32


def test_service_create__of_one_user_twice_is_two_services(home: Home) -> None:
    first = home.create_service("a@example.com")
    second = home.create_service("a@example.com")
    assert first.client_id != second.client_id
    assert rows(home, "user", "list") == [{"user": "a@example.com", "role": "Read-Write"}]


def test_service_list__shows_revoked_ones_too(home: Home) -> None:
    kept, gone = home.create_service("a@example.com"), home.create_service("b@example.com")
    home.command("service", "revoke", gone.client_id)
    listed = rows(home, "service", "list")
    assert [one["clientId"] for one in listed] == [kept.client_id, gone.client_id]
    assert [one["revokedAt"] is None for one in listed] == [True, False]
    assert gone.client_id in home.command("service", "list").output


def test_service_rotate__changes_the_secret_alone(home: Home) -> None:
    made = home.create_service("a@example.com")
    rotated = home.command("service", "rotate", made.client_id, "--json").json()
    assert rotated["clientId"] == made.client_id
    assert rotated["clientSecret"] != made.client_secret


def test_credentials__are_readable_by_people(home: Home) -> None:
    text = home.command("service", "create", "--user", "a@example.com").output
    assert [line.split("  ")[1] for line in text.splitlines()] == [
        "client id",
        "client secret",
        "API user",
    ]


def test_role__gives_a_user_its_permissions_and_no_more(home: Home) -> None:
    name = Permission.READ_ONLY_LEAD.value
    home.command("role", "create", "lead reader", "--permission", name)
    home.command("service", "create", "--user", "r@example.com", "--role", "lead reader")
    assert {"user": "r@example.com", "role": "lead reader"} in rows(home, "user", "list")
    assert {"role": "lead reader", "permissions": [name]} in rows(home, "role", "list")


def test_role__of_an_existing_user_is_not_changed_by_the_way(home: Home) -> None:
    home.command("user", "create", "a@example.com", "--role", "Read-Only")
    result = home.run("service", "create", "--user", "a@example.com", "--role", "Read-Write")
    assert result.exit_code == 1
    assert result.errors == "tailrace: API user 'a@example.com' has the role 'Read-Only'.\n"


def test_subscription_show__has_every_setting(home: Home) -> None:
    home.make()
    shown = home.command("subscription", "show", "--json").json()
    assert shown == {name: setting.default for name, setting in SETTINGS.items()}
    text = home.command("subscription", "show").output
    assert all(name in text for name in SETTINGS)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("quota_megabytes", "2000", 2000),
        ("audience_sharing", "on", True),
        ("ssv_delimiter", ";", ";"),
    ],
)
def test_subscription_set__is_shown(home: Home, name: str, text: str, value: object) -> None:
    assert home.command("subscription", "set", name, text, "--json").json() == {name: value}
    assert home.command("subscription", "show", "--json").json()[name] == value


def test_field_create__is_listed_after_the_standard_ones(home: Home) -> None:
    made = home.command("field", "create", "favouriteColour", "--length", "40", "--json").json()
    assert (made["name"], made["dataType"], made["length"]) == ("favouriteColour", "string", 40)
    assert [one["name"] for one in rows(home, "field", "list", "--custom")] == ["favouriteColour"]
    assert rows(home, "field", "list")[-1]["name"] == "favouriteColour"


def test_activity_type_create__takes_the_next_free_id(home: Home) -> None:
    first = home.command("activity-type", "create", "Attend Webinar", "--json").json()
    second = home.command(
        "activity-type", "create", "Ask", "--primary", "Form ID:integer", "--json"
    ).json()
    assert (first["id"], second["id"]) == (100_001, 100_002)
    assert rows(home, "activity-type", "list")[-1] == {
        "id": 100_002,
        "name": "Ask",
        "activities": 0,
    }
