"""Errors of commands: one clear sentence on standard error, and an exit code that means something."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tailrace.cli.errors import CommandError, UsageError, exit_code_of
from tailrace.domain.errors import AdministrationError, HomeError, SmartListRuleError
from tests.support.home import TAILRACE
from tests.support.stores import only_with_a_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home


@pytest.mark.parametrize(
    ("error", "exit_code", "sentence"),
    [
        (CommandError("It did not work."), 1, "It did not work."),
        (UsageError("--port: no."), 2, "--port: no."),
        (AdministrationError("There is none."), 1, "There is none."),
        (HomeError("Locked."), 1, "Locked."),
        (SmartListRuleError("odd"), 1, "SmartListRuleError(reason='odd')"),
        (OSError(28, "No space left on device", "/x"), 1, "/x: No space left on device."),
        (OSError("odd"), 1, "odd."),
    ],
)
def test_error__becomes_a_sentence_and_a_code(
    error: Exception, exit_code: int, sentence: str
) -> None:
    said: list[str] = []

    def fail() -> None:
        raise error

    assert exit_code_of(fail, said.append) == exit_code
    assert said == [sentence]


def test_success__is_zero_and_silent() -> None:
    said: list[str] = []
    assert exit_code_of(lambda: None, said.append) == 0
    assert said == []


def test_interrupt__is_130() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    assert exit_code_of(interrupt, print) == 130


def test_defect__is_not_hidden() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exit_code_of(fail, print)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["subscription", "set", "quota_megabytes", "many"], 1, "a whole number from 0 to 1000000"),
        (["subscription", "set", "no_such_setting", "1"], 1, "There is no setting"),
        (["service", "revoke", "unknown"], 1, "There is no live service"),
        (["service", "create", "--user", "no address"], 1, "is not an e-mail address"),
        (["user", "create", "a@example.com", "--role", "none"], 1, "There is no role 'none'"),
        (["field", "create", "email"], 1, "There is a lead field 'email' already"),
        (["field", "create", "x", "--type", "colour"], 2, "colour"),
        (["activity-type", "create", "X", "--attribute", "Room"], 2, "is not NAME:TYPE"),
        (["load", "leads", "missing.csv"], 1, "There is no file 'missing.csv'"),
        (["load", "leads", "missing.csv", "--format", "xls"], 2, "'xls' is none of csv"),
        (["serve", "--port", "99999"], 2, "--port: Input should be less than or equal"),
        (["serve", "--host", "host.invalid", "--port", "0"], 1, "Cannot listen on host.invalid:0"),
        (["service"], 2, ""),
        (["no-such-command"], 2, "No such command"),
        (["serve", "--no-such-option"], 2, "No such option"),
    ],
)
def test_refusal__is_told_in_words(
    home: Home, arguments: list[str], exit_code: int, words: str
) -> None:
    home.make()
    command = [TAILRACE, *arguments]
    if len(arguments) > 1 and exit_code < 3:
        command += ["--home", str(home.path)]
    environment = {**os.environ, **home.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == exit_code, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_home_that_is_a_file__is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    command = [TAILRACE, "service", "list", "--home", str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "is a file" in done.stderr


def test_home_in_an_impossible_place__is_refused() -> None:
    command = [TAILRACE, "user", "create", "a@example.com", "--home", "/proc/none/home"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("tailrace: The home '/proc/none/home' cannot be used:")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LEASE_SECONDS", "soon", "TAILRACE_LEASE_SECONDS: Input should be"),
        ("LOG_LEVEL", "loud", "TAILRACE_LOG_LEVEL: 'loud' is none of debug, info,"),
    ],
)
def test_wrong_variable__is_named(home: Home, name: str, value: str, sentence: str) -> None:
    done = subprocess.run(
        [TAILRACE, "service", "list", "--home", str(home.path)],
        env={**os.environ, f"TAILRACE_{name}": value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"tailrace: {sentence}")


@pytest.mark.parametrize(
    "arguments",
    [
        ["service", "list"],
        ["service", "rotate", "unknown"],
        ["service", "revoke", "unknown"],
        ["user", "list"],
        ["role", "list"],
        ["subscription", "show"],
        ["field", "list"],
        ["activity-type", "list"],
    ],
)
def test_look_at_a_mistyped_home__is_refused_and_makes_none(
    home: Home, arguments: list[str]
) -> None:
    result = home.run(*arguments)
    assert result.exit_code == 1
    assert result.errors.startswith(f"tailrace: There is no home at '{home.path}'.")
    assert not home.path.exists()


def test_look_at_a_directory_that_is_no_home__leaves_it_alone(home: Home) -> None:
    home.path.mkdir()
    assert home.run("service", "list").exit_code == 1
    assert list(home.path.iterdir()) == []


@only_with_a_file
def test_damaged_database__is_told_in_words(home: Home) -> None:
    home.make()
    (home.path / "tailrace.db").write_bytes(b"this is no database" * 1000)
    for suffix in ("-wal", "-shm"):
        (home.path / f"tailrace.db{suffix}").unlink(missing_ok=True)
    result = home.run("service", "list")
    assert result.exit_code == 1
    assert result.errors.startswith("tailrace: The database of ")
    assert "Traceback" not in result.errors


@only_with_a_file
def test_store_that_refuses__is_told_in_words(home: Home) -> None:
    home.make()
    with home.sql() as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DROP TABLE custom_service")
    result = home.run("service", "list")
    assert result.exit_code == 1
    last_line = result.errors.splitlines()[-1]
    refusal = "refused: no such table: custom_service."
    assert last_line == f"tailrace: The database of '{home.path}' {refusal}"
