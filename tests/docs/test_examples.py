"""Every example of a help text and of the pages, run as it stands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tailrace.domain.smart_list import Operator, parse_rule
from tests.docs.commands import commands
from tests.docs.pages import code_blocks, page, section, table_rows
from tests.docs.shell import Shell
from tests.support.home import Home
from tests.support.object_storage import Bucket
from tests.support.prepared_command import prepared_command

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

EXAMPLES = {command.name: command.example for command in commands()}
#: These run until somebody ends them, or long; they have tests of their own below.
SPECIAL = {"serve", "demo", "redirect"}

LEADS_CSV = "id,email,firstName\n501,ada@example.com,Ada\n502,bob@example.com,Bob\n"
SUBSCRIPTION_YAML = "lists: [{name: Guests}]\n"
ASSETS_CSV = {"programs.csv": "name,channel\nHall 7,Live Event\n", "forms.csv": "name\nAsk\n"}
ACTIVITY = {
    "marketoGUID": "9001",
    "leadId": 501,
    "activityDate": "2026-01-05T10:00:00Z",
    "activityTypeId": 1,
    "campaignId": None,
    "primaryAttributeValueId": 71,
    "primaryAttributeValue": "example.com/index.html",
    "attributes": {"Referrer URL": "https://example.com"},
}


@pytest.fixture(scope="module")
def commands_directory(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    directory = tmp_path_factory.mktemp("commands")
    with prepared_command(directory):
        yield directory


@pytest.fixture
def shell(tmp_path: Path, commands_directory: Path) -> Shell:
    """A shell beside a home, and the files that the examples load."""
    made = Shell.at(tmp_path, commands=commands_directory)
    Home(tmp_path / "tailrace-home").make()
    (tmp_path / "leads.csv").write_text(LEADS_CSV, encoding="utf-8")
    (tmp_path / "activities.ndjson").write_text(json.dumps(ACTIVITY) + "\n", encoding="utf-8")
    (tmp_path / "subscription.yaml").write_text(SUBSCRIPTION_YAML, encoding="utf-8")
    for name, text in ASSETS_CSV.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return made


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in SPECIAL])
def test_example_of_help__runs(shell: Shell, name: str) -> None:
    script = EXAMPLES[name]
    if _UUID.search(script):
        made = shell.run(
            "tailrace service create --home ./tailrace-home --user a@example.com --json"
        )
        script = _UUID.sub(str(json.loads(made)["clientId"]), script)
    if name == "restore":
        shell.run(EXAMPLES["backup"])
    printed = shell.run(script)
    if "--json" in script:
        assert printed.strip()


@pytest.mark.parametrize("line", EXAMPLES["serve"].splitlines())
def test_example_of_serve__answers_and_stops(
    shell: Shell, line: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if "s3://" in line:
        name = line.partition("s3://")[2].partition("/")[0]
        bucket = Bucket(request.getfixturevalue("s3_server"), name)
        bucket.make()
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
    if "--tls-cert" in line:
        shell.run(EXAMPLES["certificate create"])
    with shell.serving(line) as announced:
        assert announced.credential("client id")


def test_example_of_redirect__reaches_the_server(shell: Shell) -> None:
    shell.run(EXAMPLES["certificate create"])
    (serve,) = (line for line in EXAMPLES["serve"].splitlines() if "--tls-cert" in line)
    with shell.serving(serve) as announced:
        script = EXAMPLES["redirect"].replace("https://127.0.0.1:8443", announced.base_url)
        assert shell.run(script).strip() == "ok"


def test_recipe_for_clients__leads_to_the_server(shell: Shell) -> None:
    text = page("docs/clients.md")
    steps = section(text, "## A client that insists on Marketo's host name")
    create, serve, redirect = (block for block in code_blocks(steps, "sh") if "tailrace" in block)
    shell.run(create)
    with shell.serving(serve.strip()) as announced:
        script = redirect.replace("https://127.0.0.1:8443", announced.base_url)
        assert shell.run(script).strip() == "ok"


def test_examples_of_settings__run(shell: Shell) -> None:
    text = page("docs/settings.md")
    (serve,) = code_blocks(section(text, "## Settings of the process"), "sh")
    home = shell.directory / "tailrace-home"
    with shell.serving(serve.replace("/srv/tailrace", str(home)).strip()):
        (script,) = code_blocks(section(text, "## Settings of the subscription"), "sh")
        printed = shell.run(script)
    assert re.search(r"^quota_megabytes +2000 ", printed, re.MULTILINE)


def test_example_of_the_client__runs(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (script,) = code_blocks(section(page("docs/api.md"), "## The Python client"), "python")
    shell.run("tailrace seed --leads 50 --activities 100 --days 31 --until 2026-03-31T00:00:00Z")
    monkeypatch.chdir(shell.directory)
    with shell.serving("tailrace serve --port 8080") as announced:
        values = {
            "client_id": announced.credential("client id"),
            "client_secret": announced.credential("client secret"),
        }
        exec(script.replace("http://127.0.0.1:8080", announced.base_url), values)  # pyright: ignore[reportArgumentType] - exec wants a dict of Any
    assert (shell.directory / "leads.csv").read_text().startswith("id,E-mail\n")


def test_examples_of_loading__run(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page("docs/loading.md")
    for script in code_blocks(text, "sh"):
        shell.run(script)
    monkeypatch.chdir(shell.directory)
    (script,) = code_blocks(text, "python")
    names: dict[str, object] = {}
    exec(script, names)
    (loaded,) = code_blocks(text, "json")
    report = shell.run("tailrace load leads leads.csv --json")
    assert list(json.loads(loaded)) == list(json.loads(report))


def test_examples_of_administration__run(shell: Shell) -> None:
    text = page("docs/administration.md")
    by_command, by_file = code_blocks(text, "sh")
    (yaml,) = code_blocks(text, "yaml")
    (programs,) = code_blocks(text, "csv")
    (shell.directory / "subscription.yaml").write_text(yaml, encoding="utf-8")
    (shell.directory / "programs.csv").write_text(programs, encoding="utf-8")
    shell.run("tailrace load leads leads.csv --home ./tailrace-home")
    assert "Nurture" in shell.run(by_command)
    assert "programMembers" in shell.run(by_file)
    again = json.loads(shell.run(f"{by_file.strip()} --json"))
    assert all(one["created"] == one["changed"] == 0 for one in again.values())
    printed = shell.run("tailrace load assets programs.csv --home ./tailrace-home")
    assert printed.splitlines()[1].split() == ["programs", "2", "0", "0"]


def test_rules_of_administration__are_rules() -> None:
    rows = table_rows(section(page("docs/administration.md"), "## Smart lists"))
    for row in rows:
        for text in re.findall(r"`(\{[^`]*\})`", row):
            parse_rule(json.loads(text.replace("…", '{"list": 1}')))
    operators = section(page("docs/administration.md"), "## Smart lists").split("Operators:")[1]
    assert set(re.findall(r"`([a-z ]+)`", operators)) == {one.value for one in Operator}


def test_example_of_the_file_format__reads_a_result(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (script,) = code_blocks(section(page("docs/file-format.md"), "## Reading it"), "python")
    (shell.directory / "activities.csv").write_text("marketoGUID,campaignId\n1,null\n")
    monkeypatch.chdir(shell.directory)
    names: dict[str, object] = {}
    exec(script, names)
    assert str(names["activities"]).count("null") == 1
