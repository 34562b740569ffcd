"""Servers we are compared with: nginx, PostgreSQL, ROAPI and Datasette, each with its defaults."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurement import ProcessTree
from benchmarks.peers import PeerMissingError, environment_of, executable
from benchmarks.serving import HOST, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

#: nginx with its defaults and sendfile. Not with Debian's `tcp_nopush`: on a loopback each answer to
#: a range would wait 40 ms for an acknowledgement, and nginx be twenty times as slow.
_NGINX = """
daemon off; worker_processes auto; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 768; }}
http {{
  sendfile on; access_log off; default_type text/csv;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{ listen {host}:{port}; root {root}; }}
}}
"""


@dataclass(frozen=True, slots=True)
class PeerServer:
    base_url: str
    tree: ProcessTree


@contextmanager
def nginx(root: Path, scratch: Path) -> Generator[PeerServer]:
    """nginx serving the files below `root`. Raises PeerMissingError."""
    program = executable("nginx", "nginx-light")
    scratch.mkdir(parents=True)
    port = free_port()
    configuration = scratch / "nginx.conf"
    text = _NGINX.format(directory=scratch, host=HOST, port=port, root=root)
    # Its workers are another user where it is started by root, who alone may read a home.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(f"{user}{text}", encoding="utf-8")
    with _running([program, "-c", str(configuration), "-e", str(scratch / "error.log")]) as server:
        base_url = f"http://{HOST}:{port}"
        wait_for(f"{base_url}/none", server)
        yield PeerServer(base_url, ProcessTree(server.pid))


@contextmanager
def roapi(parquet: Path) -> Generator[PeerServer]:
    """ROAPI on the Parquet files of a directory, as table `activities`. Raises PeerMissingError."""
    program = str(environment_of("roapi") / "roapi")
    ports = [free_port() for _ in range(3)]
    options = ("--addr-http", "--addr-postgres", "--addr-flight-sql")
    addresses = [
        part
        for pair in zip(options, (f"{HOST}:{port}" for port in ports), strict=True)
        for part in pair
    ]
    table = f"activities={parquet}/,format=parquet,use_memory_table=false"
    with _running([program, *addresses, "--table", table]) as server:
        base_url = f"http://{HOST}:{ports[0]}"
        wait_for(f"{base_url}/api/tables", server)
        yield PeerServer(base_url, ProcessTree(server.pid))


@contextmanager
def datasette(database: Path) -> Generator[PeerServer]:
    """Datasette on a SQLite file; a CSV may be as large as it is. Raises PeerMissingError."""
    program = str(environment_of("datasette") / "datasette")
    port = free_port()
    limits = ("--setting", "max_csv_mb", "0", "--setting", "sql_time_limit_ms", "600000")
    command = [program, "serve", str(database), "--host", HOST, "--port", str(port), *limits]
    with _running(command) as server:
        base_url = f"http://{HOST}:{port}"
        wait_for(f"{base_url}/-/versions.json", server)
        yield PeerServer(base_url, ProcessTree(server.pid))


@dataclass(frozen=True, slots=True)
class Postgres:
    #: Options of psql that lead to the server.
    options: Sequence[str]
    psql: str
    tree: ProcessTree

    def command(self, statement: str) -> list[str]:
        """The command that runs the statement; what it says goes to standard output."""
        return [self.psql, *self.options, "--no-psqlrc", "--quiet", "--command", statement]


@contextmanager
def postgres(directory: Path) -> Generator[Postgres]:
    """PostgreSQL on the cluster in `directory`, made if need be. Raises PeerMissingError."""
    initdb, program = (executable(name, "postgresql") for name in ("initdb", "postgres"))
    psql, is_ready = (executable(name, "postgresql-client") for name in ("psql", "pg_isready"))
    user = _unprivileged()
    if not (directory / "PG_VERSION").exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True, mode=0o700)
        if user is not None:
            shutil.chown(directory, user)
        _check(
            [initdb, "--auth", "trust", "--username", "postgres", "--no-locale", "--encoding=UTF8",
             "-D", str(directory)],
            user,
        )  # fmt: skip
    port = free_port()
    # It insists on sockets of its own: in its directory, nobody else's.
    options = ("-h", HOST, "-p", str(port), "-k", str(directory), "-c", "max_wal_size=8GB")
    with _running([program, "-D", str(directory), *options], user) as server:
        reach = ("-h", HOST, "-p", str(port), "-U", "postgres", "-d", "postgres")
        while subprocess.run([is_ready, *reach], capture_output=True).returncode != 0:
            if server.poll() is not None:
                raise PeerMissingError(f"PostgreSQL does not start in {directory}")
        yield Postgres(reach, psql, ProcessTree(server.pid))


def _unprivileged() -> str | None:
    """Whose process PostgreSQL has to be: it refuses to be root's."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    raise PeerMissingError("PostgreSQL refuses to run as root, and there is no other user")


def _check(command: list[str], user: str | None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, user=user, cwd="/")
    if done.returncode != 0:
        raise PeerMissingError(f"{command[0]}: {done.stderr.strip().splitlines()[-1]}")


@contextmanager
def _running(command: list[str], user: str | None = None) -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user,
        cwd=Path("/") if user else None,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
