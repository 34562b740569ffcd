"""Commands for programs, channels, lists, forms, campaigns and smart lists, and asset files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

GERMANS = '{"field": "country", "operator": "is", "values": ["Germany"]}'


def rows(home: Home, *arguments: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", json.loads(home.command(*arguments, "--json").output))


def test_program_create__is_listed_inside_another(home: Home) -> None:
    outer = home.command("program", "create", "Nurture", "--channel", "Nurture", "--json").json()
    assert outer.keys() == {"id", "name"}
    home.command(
        *("program", "create", "Spring, Hall 7", "--channel", "Webinar", "--program", "Nurture"),
        *("--tag", "Region=EMEA", "--description", "In spring"),
    )
    first, second = rows(home, "program", "list")
    assert (first["id"], first["type"], first["status"]) == (outer["id"], "Engagement", "off")
    assert (second["name"], second["program"]) == ("Spring, Hall 7", "Nurture")
    assert (second["tags"], second["description"]) == ({"Region": "EMEA"}, "In spring")
    assert "Spring, Hall 7" in home.command("program", "list").output
    channels = {one["name"]: one for one in rows(home, "channel", "list")}
    assert set(channels) == {"Nurture", "Webinar"}
    assert channels["Webinar"]["statuses"][0] == {
        "name": "Not in Program",
        "step": 0,
        "success": False,
    }


def test_channel_create__takes_statuses(home: Home) -> None:
    home.command(
        *("channel", "create", "Roadshow", "--type", "event", "--status", "Not in Program:0"),
        *("--status", "Invited:10", "--status", "Attended:20:success"),
    )
    (made,) = rows(home, "channel", "list")
    assert [(one["name"], one["step"], one["success"]) for one in made["statuses"]] == [
        ("Not in Program", 0, False),
        ("Invited", 10, False),
        ("Attended", 20, True),
    ]
    assert "Not in Program > Invited > Attended" in home.command("channel", "list").output


@pytest.mark.parametrize(
    ("command", "options", "shown"),
    [
        ("list", ("--description", "People"), {"description": "People", "program": None}),
        ("form", ("--field", "email", "--status", "draft"),
         {"fields": ["email"], "status": "draft"}),
        ("campaign", ("--type", "trigger", "--active"), {"type": "trigger", "active": True}),
        ("smart-list", ("--rule", GERMANS), {"rule": json.loads(GERMANS)}),
    ],
)  # fmt: skip
def test_create__is_listed(
    home: Home, command: str, options: tuple[str, ...], shown: dict[str, object]
) -> None:
    made = home.command(command, "create", "A name", "--id", "4711", *options, "--json").json()
    assert made == {"id": 4711, "name": "A name"}
    (listed,) = rows(home, command, "list")
    assert {name: listed[name] for name in shown} == shown
    assert "4711  A name" in home.command(command, "list").output
    again = home.run(command, "create", "A name", *options)
    assert again.exit_code == 1
    assert "already. `tailrace load assets` changes it." in again.errors


@pytest.mark.parametrize(
    ("arguments", "exit_code", "complaint"),
    [
        (("program", "create", "A", "--channel", "None"), 1,
         "tailrace: channel: There is no channel 'None'."),
        (("program", "create", "A", "--channel", "Blog", "--tag", "x"), 2, "is not TYPE=VALUE"),
        (("program", "create", "A"), 2, "--channel"),
        (("list", "create", "A", "--program", "None"), 1,
         "tailrace: program: there is no program 'None'."),
        (("form", "create", "A", "--field", "none"), 1,
         "tailrace: fields: there is no lead field 'none'."),
        (("smart-list", "create", "A", "--rule", "x"), 2, "--rule is not JSON"),
        (("smart-list", "create", "A", "--rule", "{}"), 1,
         "tailrace: rule: a rule has exactly one of field, list, activityTypeId, all, any."),
        (("smart-list", "create", "A", "--rule", '{"list": 4711}'), 1,
         "tailrace: rule: there is no static list 4711."),
        (("channel", "create", "A", "--status", "x"), 2, "is not NAME:STEP"),
    ],
)  # fmt: skip
def test_bad_option__is_told(
    home: Home, arguments: tuple[str, ...], exit_code: int, complaint: str
) -> None:
    result = home.run(*arguments)
    assert result.exit_code == exit_code
    assert complaint in " ".join(result.errors.replace("│", " ").split())
    assert "Traceback" not in result.errors


def test_load_assets__tells_what_became_of_each_kind(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "subscription.yaml"
    file.write_text("programs: [{name: P, channel: Blog}]\nlists: [{name: L, program: P}]\n")
    report = home.command("load", "assets", str(file), "--json").json()
    none = {"created": 0, "changed": 0, "unchanged": 0}
    assert report == {"programs": none | {"created": 1}, "lists": none | {"created": 1}}
    printed = home.command("load", "assets", str(file)).output.splitlines()
    assert printed[0].split() == ["KIND", "CREATED", "CHANGED", "UNCHANGED"]
    assert printed[1].split() == ["programs", "0", "0", "1"]


def test_load_assets__refused_says_where_and_stores_nothing(home: Home, tmp_path: Path) -> None:
    home.make()
    file = tmp_path / "lists.csv"
    file.write_text("name,program\nA,\nB,Nowhere\n")
    result = home.run("load", "assets", str(file))
    assert (result.exit_code, result.output) == (1, "")
    assert result.errors == (
        f"tailrace: {file}, line 3, lists entry 2, program: there is no program 'Nowhere'.\n"
    )
    assert rows(home, "list", "list") == []
    missing = home.run("load", "assets", str(tmp_path / "none.yaml"))
    assert (missing.exit_code, "No such file" in missing.errors) == (1, True)


def test_load_assets__of_another_name_takes_its_kind(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("name\nA\n")
    assert home.run("load", "assets", str(file)).exit_code == 1
    home.command("load", "assets", str(file), "--kind", "lists")
    assert [one["name"] for one in rows(home, "list", "list")] == ["A"]
