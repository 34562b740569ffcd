"""A home directory on disk, driven by the product's own commands as real processes."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from tailrace.domain.subscription_settings import SETTINGS
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.prepared_process import PreparedProcess
from tests.support.stores import DEFAULT_STORE, sql_connection, store_environment, store_settings

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from tailrace.app import Application
    from tests.support.stores import SqlConnection

#: The console script that was installed with the interpreter that runs the tests.
TAILRACE = str(Path(sys.executable).parent / "tailrace")


@dataclass(frozen=True, slots=True)
class Credentials:
    client_id: str
    client_secret: str
    user: str


@dataclass(frozen=True, slots=True)
class CommandResult:
    exit_code: int
    output: str
    errors: str

    def json(self) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.output))


@dataclass(frozen=True, slots=True)
class Home:
    path: Path
    #: A store of `tests.support.stores.STORES`.
    store: str = DEFAULT_STORE

    @property
    def environment(self) -> dict[str, str]:
        """What a process on the home needs to be told."""
        return store_environment(self.path, self.store)

    def run(self, *arguments: str) -> CommandResult:
        """Run `tailrace ARGUMENTS --home …`, whatever its exit code."""
        with TemporaryDirectory() as directory:
            output, errors = Path(directory) / "output", Path(directory) / "errors"
            process = PreparedProcess(
                [*arguments, "--home", str(self.path)],
                output=output,
                errors=errors,
                environment=self.environment,
            )
            exit_code = process.wait(DEADLINE_SECONDS * 2)
            texts = (path.read_text(encoding="utf-8") for path in (output, errors))
            return CommandResult(exit_code, *texts)

    def command(self, *arguments: str) -> CommandResult:
        """Run `tailrace ARGUMENTS --home …`, which must succeed."""
        result = self.run(*arguments)
        assert result.exit_code == 0, f"tailrace {arguments}: {result.output}{result.errors}"
        return result

    def make(self) -> None:
        """Make the home, as the first command that writes to it would."""
        with self.opened():
            pass

    @contextmanager
    def opened(self) -> Generator[Application]:
        """The home as the commands see it: a tenth of the time that a command takes to start."""
        from tailrace.app import open_application

        application = open_application(store_settings(self.path, self.store))
        try:
            yield application
        finally:
            application.close()

    def create_service(self, user: str, role: str | None = None) -> Credentials:
        """A new custom service of `user`, who is created with `role` if need be."""
        with self.opened() as application:
            made = application.identity.create_service(
                application.subscriptions.default_id(), user, role_name=role
            )
        return Credentials(made.client_id, made.client_secret, made.user)

    def set(self, name: str, value: object) -> None:
        """A setting of the subscription, in force at once: what `subscription set` does."""
        with self.opened() as application:
            subscriptions = application.subscriptions
            subscriptions.set(subscriptions.default_id(), name, str(value))

    @contextmanager
    def setting(self, name: str, value: object) -> Generator[None]:
        """A setting that goes back to its default when the block ends."""
        self.set(name, value)
        try:
            yield
        finally:
            self.set(name, SETTINGS[name].default)

    def load(self, kind: str, rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """Load `rows` of `leads` or `activities` as one NDJSON file; all of them must be taken."""
        file = self.path.parent / f"{self.path.name}-{kind}.ndjson"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        report = self.command("load", kind, str(file), "--json").json()
        assert report["rejected"] == 0, report
        return report

    @contextmanager
    def sql(self) -> Generator[SqlConnection]:
        """A transaction of our own on the store, for what no command does: time travel, lists."""
        with sql_connection(self.path, self.store) as connection:
            yield connection

    def change(self, statement: str, *values: object) -> None:
        """Carry out one SQL statement that must change at least one row."""
        with self.sql() as connection:
            cursor = connection.execute(statement, values)
            assert cursor.rowcount > 0, f"nothing changed by {statement} {values}"
