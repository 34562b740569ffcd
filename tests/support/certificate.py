"""A certificate for the names that clients insist on, made by the product's own command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.home import TAILRACE

if TYPE_CHECKING:
    from pathlib import Path

#: What clients make of the account 123-ABC-456.
MARKETO_HOST = "123-abc-456.mktorest.com"


@dataclass(frozen=True, slots=True)
class Certificate:
    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, directory: Path, *names: str) -> Certificate:
        options = [
            word for name in names or (MARKETO_HOST, "127.0.0.1") for word in ("--name", name)
        ]
        command = [TAILRACE, "certificate", "create", "--directory", str(directory), *options]
        subprocess.run(command, check=True, capture_output=True)
        return cls(
            directory / "authority.pem", directory / "server.pem", directory / "server-key.pem"
        )

    @property
    def options(self) -> tuple[str, ...]:
        """For `tailrace serve`."""
        return ("--tls-cert", str(self.certificate), "--tls-key", str(self.key))
