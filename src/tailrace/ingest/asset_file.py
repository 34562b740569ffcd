"""Asset files: YAML or CSV read into entries that know where they stand.

YAML is read as version 1.2 has it: only `true` and `false` are booleans, and dates are texts, so
that `status: on` and `startDate: 2026-01-01` are what they look like. A CSV file holds one kind.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec
import yaml

from tailrace.domain.asset_entries import ENTRY_TYPES, Entry, EntryKind
from tailrace.domain.errors import AdministrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Asset files are read into memory whole.
MAXIMUM_BYTES = 64 * 1024 * 1024

_YAML_ENDINGS = frozenset({".yaml", ".yml", ".json"})

#: Members of CSV files that are lists of plain texts, divided by semicolons.
_LISTED = frozenset({"members", "fields"})
#: Members of CSV files that are written as JSON.
_STRUCTURED = frozenset({"statuses", "tags", "costs", "rule"})
_NUMBERS = frozenset({"id", "length"})
_BOOLEANS = frozenset({"active", "acquiredBy"})
#: Leads are numbers or e-mail addresses.
_LEADS = frozenset({"lead", "members"})

#: Values of one YAML file, aliases counted as often as they stand.
_MAXIMUM_VALUES = 2_000_000

_CORE_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE_INTEGER = re.compile(r"[-+]?[0-9]+")
_CORE_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
#: Longer numbers are no ids or counts of ours.
_MOST_DIGITS = 19
_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `\$?\.?(?P<path>.*)`)?$", re.DOTALL)


# The library has no types of its own for it.
_compose = cast("Callable[..., yaml.Node | None]", yaml.compose)  # pyright: ignore[reportUnknownMemberType]


@dataclass(frozen=True, slots=True)
class Located:
    """An entry of a file."""

    kind: EntryKind
    entry: Entry
    #: Names the file, the line and the entry.
    where: str


def read_asset_file(path: Path, kind: EntryKind | None) -> list[Located]:
    """The entries of a file, in its order.

    `kind` is that of a CSV file whose name does not tell. Raises AdministrationError naming the
    file, the line, the entry, its field and what is wrong.
    """
    size = path.stat().st_size
    if size > MAXIMUM_BYTES:
        raise AdministrationError(f"{path}: an asset file has at most {MAXIMUM_BYTES:,} bytes.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AdministrationError(f"{path}: byte {error.start:,} is not UTF-8.") from error
    if path.suffix.lower() in _YAML_ENDINGS:
        return list(_read_yaml(path, text))
    return list(_read_csv(path, text, kind or _kind_by_name(path)))


def _kind_by_name(path: Path) -> EntryKind:
    found = _kind(path.stem)
    if found is None:
        kinds = ", ".join(EntryKind)
        raise AdministrationError(
            f"{path}: its name does not tell what it holds; --kind is one of {kinds}."
        )
    return found


def _kind(text: str) -> EntryKind | None:
    """The kind that a text names, however its words are joined."""
    plain = re.sub(r"[-_ ]", "", text).lower()
    return next((one for one in EntryKind if one.value.lower() == plain), None)


def _read_yaml(path: Path, text: str) -> Iterator[Located]:
    reader = _YamlReader(path)
    try:
        # The base loader leaves every scalar a text: what it means is decided below.
        root = _compose(text, Loader=yaml.BaseLoader)
        if root is None:
            return
        for name, node in reader.members(root, "a file names its kinds: programs, lists …"):
            kind = _kind(name)
            if kind is None:
                raise reader.error(node, f"'{name}' is none of {', '.join(EntryKind)}")
            if not isinstance(node, yaml.SequenceNode):
                raise reader.error(node, f"'{name}' is not a list of entries")
            for number, item in enumerate(cast("list[yaml.Node]", node.value), start=1):
                where = f"{path}, line {_line(item)}, {kind} entry {number}"
                yield Located(kind, _entry(kind, reader.value(item), where), where)
    except yaml.YAMLError as error:
        raise AdministrationError(f"{path}: {_yaml_reason(error)}.") from error
    except RecursionError as error:
        raise AdministrationError(f"{path}: it is nested too deeply.") from error


class _YamlReader:
    """Turns the nodes of one file into values."""

    def __init__(self, path: Path) -> None:
        self._path = path
        #: Aliases make many values out of few bytes.
        self._values_left = _MAXIMUM_VALUES

    def value(self, node: yaml.Node) -> object:
        """What a node means. Raises AdministrationError for a member given twice."""
        self._values_left -= 1
        if self._values_left < 0:
            raise self.error(node, f"the file has more than {_MAXIMUM_VALUES:,} values")
        if isinstance(node, yaml.MappingNode):
            return {name: self.value(inner) for name, inner in self.members(node, "")}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(inner) for inner in cast("list[yaml.Node]", node.value)]
        is_plain = cast("yaml.ScalarNode", node).style is None
        text = str(node.value)
        return _plain_value(text) if is_plain else text

    def members(self, node: yaml.Node, otherwise: str) -> Iterator[tuple[str, yaml.Node]]:
        """Names and values; each name once, though YAML itself would take the last of two."""
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, otherwise)
        seen: set[str] = set()
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            name = str(key.value)
            if name in seen:
                raise self.error(key, f"'{name}' is there twice")
            seen.add(name)
            yield name, value

    def error(self, node: yaml.Node, reason: str) -> AdministrationError:
        return AdministrationError(f"{self._path}, line {_line(node)}: {reason}.")


def _plain_value(text: str) -> object:
    """A scalar without quotes, as YAML 1.2 has it."""
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if _CORE_INTEGER.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text)
    return float(text) if _CORE_FLOAT.fullmatch(text) else text


def _line(node: yaml.Node) -> int:
    return cast("yaml.Mark", node.start_mark).line + 1


def _yaml_reason(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem or error.context}"
    return " ".join(str(error).split())


def _read_csv(path: Path, text: str, kind: EntryKind) -> Iterator[Located]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            return
        if len(set(header)) < len(header):
            raise AdministrationError(f"{path}, line 1: a column is there twice.")
        line = reader.line_num + 1
        for number, cells in enumerate(reader, start=1):
            where = f"{path}, line {line}, {kind} entry {number}"
            line = reader.line_num + 1
            if cells:
                yield Located(kind, _csv_entry(kind, header, cells, where), where)
    except csv.Error as error:
        raise AdministrationError(f"{path}, line {reader.line_num}: {error}.") from error


def _csv_entry(kind: EntryKind, header: list[str], cells: list[str], where: str) -> Entry:
    if len(cells) != len(header):
        raise AdministrationError(
            f"{where}: it has {len(cells)} cells, the header has {len(header)}."
        )
    document = {
        name: _csv_value(name, cell, where)
        for name, cell in zip(header, cells, strict=True)
        # An empty cell says nothing.
        if cell
    }
    return _entry(kind, document, where)


def _csv_value(name: str, cell: str, where: str) -> object:
    if name in _STRUCTURED:
        try:
            return msgspec.json.decode(cell)
        except msgspec.DecodeError as error:
            raise AdministrationError(f"{where}, {name}: not JSON: {error}.") from error
    if name in _LISTED:
        pieces = [piece.strip() for piece in cell.split(";") if piece.strip()]
        return [_number_or_text(piece) for piece in pieces] if name in _LEADS else pieces
    if name in _NUMBERS or name in _LEADS:
        return _number_or_text(cell)
    if name in _BOOLEANS and cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    return cell


def _number_or_text(text: str) -> int | str:
    is_number = _CORE_INTEGER.fullmatch(text.strip()) and len(text) <= _MOST_DIGITS
    return int(text) if is_number else text


def _entry(kind: EntryKind, document: object, where: str) -> Entry:
    try:
        return msgspec.convert(document, ENTRY_TYPES[kind])
    except msgspec.ValidationError as error:
        match = _PATH.match(str(error))
        assert match is not None
        field = f", {match['path']}" if match["path"] else ""
        reason = match["reason"].replace("`", "'")
        raise AdministrationError(f"{where}{field}: {reason}.") from error
