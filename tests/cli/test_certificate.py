"""`tailrace certificate create`: files, their modes, what is refused, and who trusts the result."""

from __future__ import annotations

import json
import ssl
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.home import TAILRACE, CommandResult

if TYPE_CHECKING:
    from pathlib import Path

FILES = ["authority.pem", "server-key.pem", "server.pem"]


def create(directory: Path, *options: str) -> CommandResult:
    command = [TAILRACE, "certificate", "create", "--directory", str(directory), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    return CommandResult(done.returncode, done.stdout, done.stderr)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_create__makes_an_authority_and_a_certificate_of_it(tmp_path: Path) -> None:
    made = create(tmp_path / "a" / "tls", "--name", "123-ABC-456.mktorest.com")
    assert made.exit_code == 0, made.errors
    assert sorted(contents(tmp_path / "a" / "tls")) == FILES
    assert "tailrace serve --tls-cert" in made.output


def test_key__is_its_owners_alone(tmp_path: Path) -> None:
    create(tmp_path, "--name", "localhost")
    mode = stat.S_IMODE((tmp_path / "server-key.pem").stat().st_mode)
    assert mode == 0o600


def test_json__names_the_files(tmp_path: Path) -> None:
    made = create(tmp_path, "--name", "localhost", "--name", "127.0.0.1", "--json")
    assert json.loads(made.output) == {
        "authority": str(tmp_path / "authority.pem"),
        "certificate": str(tmp_path / "server.pem"),
        "key": str(tmp_path / "server-key.pem"),
        "names": ["localhost", "127.0.0.1"],
    }


@pytest.mark.parametrize("name", FILES)
def test_file_that_exists__is_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    made = create(tmp_path, "--name", "localhost")
    assert made.exit_code == 1
    assert made.errors == (
        f"tailrace: '{tmp_path / name}' exists already; --replace makes all files anew.\n"
    )
    assert contents(tmp_path) == {name: b"mine"}


def test_replace__makes_all_files_anew(tmp_path: Path) -> None:
    create(tmp_path, "--name", "localhost")
    before = contents(tmp_path)
    (tmp_path / "server-key.pem").chmod(0o644)
    assert create(tmp_path, "--name", "localhost", "--replace").exit_code == 0
    after = contents(tmp_path)
    assert all(before[name] != after[name] for name in FILES)
    assert stat.S_IMODE((tmp_path / "server-key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "two words", "https://localhost", "a..b", "a/b", "-a", "*"])
def test_name_that_is_none__is_wrong_usage(tmp_path: Path, name: str) -> None:
    made = create(tmp_path, f"--name={name}")
    assert made.exit_code == 2
    assert "is neither a host name nor an IP address" in made.errors
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["*.mktorest.com", "localhost", "127.0.0.1", "::1"])
def test_name__may_be_a_host_a_pattern_or_an_address(tmp_path: Path, name: str) -> None:
    assert create(tmp_path, "--name", name).exit_code == 0
    # The strictest reading that clients have today.
    context = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    assert context.get_ca_certs()


def test_directory_that_cannot_be_made__is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = create(tmp_path / "file" / "tls", "--name", "localhost")
    assert made.exit_code == 1
    assert "Not a directory" in made.errors
    assert "Traceback" not in made.errors
