"""`tailrace certificate`: a local authority, and a certificate for names that clients insist on."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from tailrace.cli.options import JsonOption, example, group

app = group("Make certificates for `tailrace serve --tls-cert`.")

#: Some clients refuse certificates of a longer life.
_LIFE = timedelta(days=825)

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")

DirectoryOption = Annotated[
    Path, typer.Option("--directory", help="Where its files go; made if need be.", file_okay=False)
]
NameOption = Annotated[
    list[str],
    typer.Option(
        "--name", help="Host name, `*.` pattern or IP address; may be given several times."
    ),
]


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the parts of a local authority and its certificate lie."""

    directory: Path

    @property
    def authority(self) -> Path:
        """What clients are told to trust."""
        return self.directory / "authority.pem"

    @property
    def certificate(self) -> Path:
        return self.directory / "server.pem"

    @property
    def key(self) -> Path:
        return self.directory / "server-key.pem"

    def all(self) -> tuple[Path, ...]:
        return (self.authority, self.certificate, self.key)


@app.command(
    epilog=example(
        "tailrace certificate create --directory ./tls --name 123-ABC-456.mktorest.com",
        'tailrace certificate create --directory ./tls --replace --name "*.mktorest.com" \\',
        "    --name localhost --name 127.0.0.1 --json",
    )
)
def create(
    directory: DirectoryOption,
    name: NameOption,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what an earlier call made there.")
    ] = False,
    is_json: JsonOption = False,
) -> None:
    """Make a local authority and a certificate of it for the given names.

    Clients that trust `authority.pem` accept a server run with `server.pem` and `server-key.pem`
    under these names, for 825 days. The authority's own key is not kept, so that nobody can ever
    make a certificate of it for another name. Files that exist are not touched without --replace.
    """
    from tailrace.cli.output import print_json, print_line

    files = CertificateFiles(directory)
    _check_names(name)
    _check_absent(files, replace=replace)
    _make(files, name)
    if is_json:
        paths = {"authority": files.authority, "certificate": files.certificate, "key": files.key}
        print_json({**{what: str(path) for what, path in paths.items()}, "names": name})
        return
    print_line(f"The certificate is for {', '.join(name)}. Run the server with")
    print_line(f"  tailrace serve --tls-cert {files.certificate} --tls-key {files.key}")
    print_line(f"and let clients trust {files.authority}: `tailrace redirect` does that.")


def _check_names(names: list[str]) -> None:
    from tailrace.cli.errors import UsageError

    for name in names:
        if _HOST_NAME.fullmatch(name) is None and not _is_address(name):
            raise UsageError(f"--name: '{name}' is neither a host name nor an IP address.")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _check_absent(files: CertificateFiles, *, replace: bool) -> None:
    from tailrace.cli.errors import CommandError

    found = [path for path in files.all() if path.exists()]
    if found and not replace:
        raise CommandError(f"'{found[0]}' exists already; --replace makes all files anew.")


def _make(files: CertificateFiles, names: list[str]) -> None:
    from trustme import CA

    authority = CA(organization_name="Tailrace", organization_unit_name="local authority")
    issued = authority.issue_cert(
        *names,
        organization_name="Tailrace",
        organization_unit_name="server",
        not_before=datetime.now(UTC) - timedelta(days=1),
        not_after=datetime.now(UTC) + _LIFE,
    )
    files.directory.mkdir(parents=True, exist_ok=True)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    _write(files.key, issued.private_key_pem.bytes(), mode=0o600)
    _write(files.certificate, chain, mode=0o644)
    _write(files.authority, authority.cert_pem.bytes(), mode=0o644)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Write a new file that nobody can read in between with more than its `mode`."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
