"""Tables of the documentation, held against the code that they describe."""

from __future__ import annotations

import re
import tomllib

import pytest

from tailrace.api.routes import all_routes
from tailrace.crash_points import POINTS
from tests.docs.pages import (
    ROOT,
    envelope_error_rows,
    file_error_rows,
    oauth_error_rows,
    page,
    process_setting_rows,
    route_rows,
    section,
    subscription_setting_rows,
    table_rows,
)


def test_settings_of_the_process__are_all_there() -> None:
    text = section(page("docs/settings.md"), "## Settings of the process")
    assert table_rows(text) == list(process_setting_rows())


def test_settings_of_the_subscription__are_all_there() -> None:
    text = section(page("docs/settings.md"), "## Settings of the subscription")
    assert table_rows(text) == list(subscription_setting_rows())


def test_errors__are_all_there_as_clients_see_them() -> None:
    text = section(page("docs/api.md"), "## Errors")
    assert table_rows(text) == [*envelope_error_rows(), *oauth_error_rows(), *file_error_rows()]


def test_calls__are_all_there() -> None:
    assert table_rows(section(page("docs/api.md"), "## Calls")) == list(route_rows())


@pytest.mark.parametrize("path", [route.path for route in all_routes()])
def test_path__is_mentioned(path: str) -> None:
    assert f"`{path}`" in page("docs/api.md")


def test_crash_points__are_all_there_in_order() -> None:
    rows = table_rows(section(page("docs/reliability.md"), "## Where the fault tests kill it"))
    assert [row.split("`")[1] for row in rows] == list(POINTS)


def test_dependencies__have_one_line_each() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = page("docs/dependencies.md")
    for heading, requirements in (
        ("## To run", project["dependencies"]),
        ("## To test", project["optional-dependencies"]["test"]),
    ):
        names = [re.split(r"[\[<>=;~! ]", requirement)[0] for requirement in requirements]
        assert [row.split("`")[1] for row in table_rows(section(text, heading))] == names


def test_tasks__are_all_there() -> None:
    tasks = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    documented = re.findall(r"^\| `make (\w+)`", page("docs/development.md"), re.MULTILINE)
    assert sorted(documented) == sorted(task for task in tasks if task != "help")


def test_benchmarks__are_all_there_with_their_command() -> None:
    modules = [
        path.stem
        for path in sorted(ROOT.glob("benchmarks/*.py"))
        if "__main__" in path.read_text(encoding="utf-8")
    ]
    text = page("benchmarks/README.md")
    assert modules
    assert [name for name in modules if f"-m benchmarks.{name}" not in text] == []


def test_test_folders__are_all_there() -> None:
    folders = {f"tests/{path.parent.name}" for path in ROOT.glob("tests/*/__init__.py")}
    documented = re.findall(r"^\| `(tests/\w+)`", page("docs/development.md"), re.MULTILINE)
    assert set(documented) == folders
