"""What a backup holds: the list of its files that makes a directory a backup."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from tailrace.domain.errors import HomeError
from tailrace.operation.copied_files import CopiedFile

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_NAME = "backup.json"

#: Grows when a backup of a new kind cannot be restored by an older program.
FORMAT = 1


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    format: int
    #: Of the program that made it.
    version: str
    #: Of the database's tables.
    revision: str
    taken_at: datetime
    #: By path within the home, with slashes.
    files: dict[str, CopiedFile]


def write_manifest(directory: Path, manifest: Manifest) -> None:
    (directory / MANIFEST_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def read_manifest(directory: Path) -> Manifest:
    """Raises HomeError for what is no backup, or one of a later program."""
    path = directory / MANIFEST_NAME
    if not path.is_file():
        raise HomeError(f"'{directory}' is no backup: it has no '{MANIFEST_NAME}'.")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise HomeError(f"'{path}' is damaged: {error}.") from error
    if manifest.format > FORMAT:
        raise HomeError(f"The backup '{directory}' was made by Tailrace {manifest.version}.")
    for name in manifest.files:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise HomeError(f"'{path}' is damaged: '{name}' is no name of a file in a home.")
    return manifest
