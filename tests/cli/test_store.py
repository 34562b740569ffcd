"""`--store`: a home and its PostgreSQL database belong together, and nobody mistakes them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.home import TAILRACE, Home
from tests.support.postgresql import PASSWORD
from tests.support.stores import POSTGRESQL, SQLITE, store_address

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([TAILRACE, *arguments], capture_output=True, text=True, timeout=60)
    assert PASSWORD not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", POSTGRESQL)
    made.make()
    return made


def test_command__works_on_the_store_that_the_option_names(home: Home) -> None:
    address = store_address(home.path, POSTGRESQL)
    assert address is not None
    options = ("--home", str(home.path), "--store", address)
    assert run("user", "create", "a@example.com", *options)[0] == 0
    with home.opened() as application:
        users = application.api_users.all(application.subscriptions.default_id())
    assert [email for email, _ in users] == ["a@example.com"]
    assert not (home.path / "tailrace.db").exists()


def test_home_whose_store_is_not_named__is_refused(home: Home) -> None:
    exit_code, said = run("service", "list", "--home", str(home.path))
    assert exit_code != 0
    assert "The store of this home is a PostgreSQL database" in said
    assert not (home.path / "tailrace.db").exists()


def test_database_of_another_home__is_refused(home: Home, tmp_path: Path) -> None:
    address = store_address(home.path, POSTGRESQL)
    assert address is not None
    exit_code, said = run("seed", "--home", str(tmp_path / "other"), "--store", address)
    assert exit_code != 0
    assert "The database is that of another home" in said


def test_home_with_a_file__takes_no_other_store(tmp_path: Path) -> None:
    Home(tmp_path / "plain", SQLITE).make()
    address = f"postgresql://nobody:{PASSWORD}@127.0.0.1:1/nowhere"
    exit_code, said = run("user", "list", "--home", str(tmp_path / "plain"), "--store", address)
    assert exit_code != 0
    assert "is its file 'tailrace.db'" in said


def test_database_that_is_not_there__is_said_without_its_password(tmp_path: Path) -> None:
    address = f"postgresql://nobody:{PASSWORD}@127.0.0.1:1/nowhere"
    exit_code, said = run("seed", "--home", str(tmp_path / "new"), "--store", address)
    assert exit_code != 0
    assert "cannot be used" in said


def test_address_of_something_else__is_a_mistake_of_usage(tmp_path: Path) -> None:
    address = f"mysql://nobody:{PASSWORD}@127.0.0.1/x"
    exit_code, said = run("seed", "--home", str(tmp_path / "new"), "--store", address)
    assert exit_code == 2
    assert "--store" in said
    assert not (tmp_path / "new").exists()
