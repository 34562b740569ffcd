"""A home made out of a backup: every file verified, and there whole or not at all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tailrace.crash_points import reach
from tailrace.domain.errors import HomeError
from tailrace.durability import make_directory, sync_path
from tailrace.operation.backup import CopyReport
from tailrace.operation.copied_files import copy_file, sync_tree
from tailrace.operation.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.operation.manifest import Manifest


def restore(backup: Path, home: Path) -> CopyReport:
    """Make `home`, which must not exist or be empty, what the backup was taken of.

    Raises HomeError for a home that is there, or a backup that is not whole, and OSError when the
    disk takes no more; then there is no home.
    """
    manifest = read_manifest(backup)
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise HomeError(f"'{home}' is there already and not empty.")
    partial = home.with_name(f".{home.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    make_directory(partial.parent)
    partial.mkdir(mode=0o700)
    try:
        _copy_verified(manifest, backup, partial)
        sync_tree(partial)
        reach("restore.before_rename")
        partial.rename(home)
        sync_path(home.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    files = manifest.files.values()
    return CopyReport(len(files), sum(file.size_bytes for file in files))


def _copy_verified(manifest: Manifest, backup: Path, home: Path) -> None:
    for name, expected in manifest.files.items():
        try:
            copied = copy_file(backup / name, home / name)
        except FileNotFoundError as error:
            raise HomeError(f"The backup is not whole: '{name}' is missing.") from error
        if copied != expected:
            raise HomeError(f"The backup is damaged: '{name}' is not what was backed up.")
