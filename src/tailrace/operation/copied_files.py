"""Files copied so that they last, and what is remembered of them: size and SHA-256."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from tailrace.durability import sync_path

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK_BYTES = 1024 * 1024


class CopiedFile(msgspec.Struct, frozen=True, rename="camel"):
    size_bytes: int
    #: 64 lower-case hexadecimal digits.
    sha256: str


def copy_file(source: Path, target: Path) -> CopiedFile:
    """Copy the bytes to a new file, on the disk when this returns. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size_bytes = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as original, os.fdopen(descriptor, "wb") as copy:
        while chunk := original.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return CopiedFile(size_bytes, digest.hexdigest())


def described(path: Path) -> CopiedFile:
    """What a file that is there already is, once it is on the disk."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        os.fsync(file.fileno())
    return CopiedFile(path.stat().st_size, digest.hexdigest())


def sync_tree(root: Path) -> None:
    """Wait until the entries of every directory of a tree are on the disk. Raises OSError."""
    for path in (*(one for one in root.rglob("*") if one.is_dir()), root):
        sync_path(path)
