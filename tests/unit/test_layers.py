"""The layers of ARCHITECTURE.md, held against the imports that the source really has."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tailrace

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(tailrace.__file__).parent

#: Modules at the top that know nothing of ours and may be used anywhere outside the domain.
FOUNDATION = frozenset(
    {"tailrace", "crash_points", "durability", "object_storage", "repeating", "telemetry"}
)

#: What each part may import, besides itself and the foundation.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "settings": frozenset(),
    "home_directory": frozenset({"domain"}),
    "store": frozenset({"domain"}),
    "lake": frozenset({"domain"}),
    "files": frozenset({"domain"}),
    "activities": frozenset({"domain", "store", "lake"}),
    "extract": frozenset({"domain", "store", "lake", "files", "activities"}),
    "jobs": frozenset({"domain", "store", "extract", "files"}),
    "ingest": frozenset({"domain", "store", "lake", "activities"}),
    "imports": frozenset({"domain", "store", "files", "ingest"}),
    "sample": frozenset({"domain", "store", "lake"}),
    "operation": frozenset({"domain", "store", "lake", "files", "activities"}),
    "api": frozenset({"domain", "store", "jobs", "files", "imports"}),
    "client": frozenset({"domain"}),
    "chosen_parts": frozenset({"domain", "settings", "home_directory", "lake", "files", "extract"}),
    "app": frozenset(
        {
            *("domain", "settings", "home_directory", "chosen_parts", "store", "lake", "files"),
            *("activities", "extract", "jobs", "ingest", "imports", "operation"),
        }
    ),
    # One command is arguments and one call into one of these.
    "cli": frozenset(
        {"domain", "settings", "client", "app", "api", "ingest", "sample", "operation"}
    ),
    "__main__": frozenset({"cli"}),
}

#: Imports for the type checker alone: what a part is handed by the composition root.
MAY_NAME: dict[str, frozenset[str]] = {
    "jobs": frozenset({"lake"}),
    "api": frozenset({"app"}),
    "ingest": frozenset({"app"}),
    "sample": frozenset({"app"}),
    "cli": frozenset({"store"}),
}


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    named = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(("tailrace", *named))


def part_of(module: str) -> str:
    """The row of the table that a module belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


MODULES = {module_name(file): file for file in sorted(ROOT.rglob("*.py"))}


def is_type_checking_block(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(node: ast.AST, *, type_only: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that happen when the program runs, or those that only the type checker sees."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking_block(child):
            if type_only:
                yield from imports(child, type_only=False)
        elif isinstance(child, ast.Import | ast.ImportFrom):
            if not type_only:
                yield child
        else:
            yield from imports(child, type_only=type_only)


def imported_modules(file: Path, *, type_only: bool) -> set[str]:
    """Our own modules that a file imports; `from package import module` counts as the module."""
    found: set[str] = set()
    for node in imports(ast.parse(file.read_text(encoding="utf-8")), type_only=type_only):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
            continue
        assert node.level == 0, f"relative import in {file}"
        package = node.module or ""
        for alias in node.names:
            full = f"{package}.{alias.name}"
            found.add(full if full in MODULES else package)
    return {name for name in found if name.split(".")[0] == "tailrace"}


@pytest.mark.parametrize("module", MODULES)
def test_imports__stay_within_their_layer(module: str) -> None:
    own = part_of(module)
    foundation = FOUNDATION if own != "domain" else frozenset[str]()
    allowed = {own} | MAY_IMPORT.get(own, frozenset()) | foundation
    used = {part_of(name) for name in imported_modules(MODULES[module], type_only=False)}
    assert used <= allowed, f"{module} imports {used - allowed}"


@pytest.mark.parametrize("module", MODULES)
def test_type_only_imports__stay_within_their_layer(module: str) -> None:
    own = part_of(module)
    allowed = {own} | MAY_IMPORT.get(own, frozenset()) | MAY_NAME.get(own, frozenset())
    used = {part_of(name) for name in imported_modules(MODULES[module], type_only=True)}
    assert used - FOUNDATION <= allowed, f"{module} names {used - allowed}"


def test_every_part__has_a_row() -> None:
    parts = {part_of(module) for module in MODULES}
    assert parts - FOUNDATION == set(MAY_IMPORT)


def test_imports__have_no_cycle() -> None:
    graph = {
        module: imported_modules(file, type_only=False) - {module}
        for module, file in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {error.args[1]}")


@pytest.mark.parametrize("package", [name for name in MODULES if part_of(name) == "client"])
def test_client__has_no_server_library(package: str) -> None:
    """The SDK is used on its own: it must not pull in the server's libraries."""
    tree = ast.parse(MODULES[package].read_text(encoding="utf-8"))
    roots = {
        (node.module or "").split(".")[0]
        if isinstance(node, ast.ImportFrom)
        else node.names[0].name.split(".")[0]
        for node in imports(tree, type_only=False)
    }
    assert roots.isdisjoint({"polars", "deltalake", "sqlalchemy", "starlette", "uvicorn"})
