"""`tailrace redirect`: one process meets a local server under Marketo's names, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.certificate import MARKETO_HOST, Certificate
from tests.support.deadlines import DEADLINE_SECONDS, wait_for
from tests.support.home import TAILRACE, CommandResult, Home
from tests.support.raw_http import read_answer
from tests.support.server import free_port, running_server

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tests.support.server import Server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(certificate: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = Home(tmp_path_factory.mktemp("home") / "home")
    with running_server(home, *certificate.options, authority=certificate.authority) as running:
        yield running


def command_line(server_url: str, certificate: Certificate, *words: str) -> list[str]:
    return [
        *(TAILRACE, "redirect", "--to", server_url, "--authority", str(certificate.authority)),
        *words,
    ]


def redirect(server_url: str, certificate: Certificate, *words: str) -> CommandResult:
    done = subprocess.run(
        command_line(server_url, certificate, *words),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)


GET_WITH_HTTPX = f"import httpx; print(httpx.get('https://{MARKETO_HOST}/healthz').text)"
GET_WITH_URLLIB = (
    f"from urllib.request import urlopen; print(urlopen('https://{MARKETO_HOST}/healthz').read())"
)


@pytest.mark.parametrize(
    "client",
    [
        ("curl", "--silent", "--show-error", f"https://{MARKETO_HOST}/healthz"),
        (sys.executable, "-c", GET_WITH_HTTPX),
        (sys.executable, "-c", GET_WITH_URLLIB),
    ],
    ids=["curl", "httpx", "urllib"],
)
def test_client__reaches_the_server_under_marketos_name(
    server: Server, certificate: Certificate, client: tuple[str, ...]
) -> None:
    done = redirect(server.base_url, certificate, *client)
    assert done.exit_code == 0, done.errors
    assert "ok" in done.output


def test_options_of_the_client__are_the_clients(server: Server, certificate: Certificate) -> None:
    show = "import sys; print(sys.argv[1:])"
    words = (sys.executable, "-c", show, "--to", "x", "--", "--json")
    assert (
        redirect(server.base_url, certificate, *words).output == "['--to', 'x', '--', '--json']\n"
    )
    assert redirect(server.base_url, certificate, "--", *words).output.endswith("'--json']\n")


def test_exit_code__is_the_clients(server: Server, certificate: Certificate) -> None:
    assert redirect(server.base_url, certificate, "sh", "-c", "exit 7").exit_code == 7
    assert redirect(server.base_url, certificate, "sh", "-c", "kill -9 $$").exit_code == 137


def test_streams__are_the_clients(server: Server, certificate: Certificate) -> None:
    done = subprocess.run(
        command_line(server.base_url, certificate, "cat"),
        input=b"through",
        capture_output=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"through", b"")


def test_other_names_and_ports__are_refused(server: Server, certificate: Certificate) -> None:
    for url in ("https://example.com/", f"https://{MARKETO_HOST}:8443/"):
        done = redirect(server.base_url, certificate, "curl", "--silent", "--verbose", url)
        assert done.exit_code == 56
        assert "HTTP/1.1 403 Forbidden" in done.errors


def test_host_option__chooses_the_names(server: Server, certificate: Certificate) -> None:
    words = ("--host", "127.0.0.*", "curl", "--silent", "https://127.0.0.1/healthz")
    assert redirect(server.base_url, certificate, *words).output.strip() == "ok"
    words = ("--host", "127.0.0.*", "curl", "--silent", f"https://{MARKETO_HOST}/healthz")
    assert redirect(server.base_url, certificate, *words).exit_code == 56


def test_server_that_is_away__is_502(certificate: Certificate) -> None:
    away = f"https://127.0.0.1:{free_port()}"
    words = ("curl", "--silent", "--verbose", f"https://{MARKETO_HOST}/healthz")
    done = redirect(away, certificate, *words)
    assert "HTTP/1.1 502 Bad Gateway" in done.errors


def test_exemptions_from_proxies__do_not_count(server: Server, certificate: Certificate) -> None:
    done = subprocess.run(
        command_line(
            server.base_url, certificate, "curl", "--silent", f"https://{MARKETO_HOST}/healthz"
        ),
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
        capture_output=True,
        timeout=DEADLINE_SECONDS,
    )
    assert done.stdout.strip() == b"ok"


@pytest.mark.parametrize(
    ("options", "exit_code", "sentence"),
    [
        (("--to", "http://127.0.0.1:1"), 2, "does not begin with https://"),
        (("--to", "https://127.0.0.1:x"), 2, "is no URL"),
        (("--authority", "/nowhere/authority.pem"), 1, "There is no file"),
        (("nonesuch-client",), 1, "There is no command 'nonesuch-client'."),
        (("--port", "70000", "true"), 1, "--port"),
    ],
)
def test_what_cannot_work__is_said(
    server: Server,
    certificate: Certificate,
    options: tuple[str, ...],
    exit_code: int,
    sentence: str,
) -> None:
    done = redirect(server.base_url, certificate, *options)
    assert (done.exit_code, done.errors.count("\n")) == (exit_code, 1), done.errors
    assert sentence in done.errors


@contextmanager
def waiting_redirect(server: Server, certificate: Certificate) -> Generator[dict[str, str]]:
    """A redirect without a client; the variables that it prints."""
    command = command_line(server.base_url, certificate)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        variables: dict[str, str] = {}
        while "PYTHONPATH" not in variables:
            name, value = process.stdout.readline().removeprefix("export ").strip().split("=", 1)
            variables[name] = value.strip("'")
        try:
            yield variables
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE_SECONDS) == 0


def test_redirect_without_a_client__prints_variables_that_work(
    server: Server, certificate: Certificate
) -> None:
    with waiting_redirect(server, certificate) as variables:
        done = subprocess.run(
            ["curl", "--silent", f"https://{MARKETO_HOST}/healthz"],
            env={**os.environ, **variables},
            capture_output=True,
        )
        assert done.stdout.strip() == b"ok"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n", 405),
        (b"CONNECT 123-abc-456.mktorest.com HTTP/1.1\r\n\r\n", 405),
        (b"\x16\x03\x01 nonsense\r\n\r\n", 405),
        (b"CONNECT " + b"a" * 70_000, 400),
    ],
)
def test_proxy__answers_whatever_it_is_sent(
    server: Server, certificate: Certificate, sent: bytes, status: int
) -> None:
    import socket

    with waiting_redirect(server, certificate) as variables:
        port = httpx.URL(variables["HTTPS_PROXY"]).port or 0
        with socket.create_connection(("127.0.0.1", port), DEADLINE_SECONDS) as connection:
            connection.sendall(sent)
            assert read_answer(connection).status == status


def test_terminated_redirect__ends_its_client(
    server: Server, certificate: Certificate, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    script = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    command = command_line(server.base_url, certificate, sys.executable, "-c", script)
    with subprocess.Popen(command) as process:
        wait_for(lambda: (note.exists() and note.read_text()) or None, "the client's start")
        process.terminate()
        assert process.wait(DEADLINE_SECONDS) == 128 + signal.SIGTERM


def test_stand_in_for_certifi__is_seen_by_the_client_alone(
    server: Server, certificate: Certificate
) -> None:
    show = "import certifi, json; print(json.dumps([certifi.where(), certifi.contents()]))"
    done = redirect(server.base_url, certificate, sys.executable, "-c", show)
    where, contents = json.loads(done.output)
    assert where == str(certificate.authority)
    assert contents == certificate.authority.read_text()
