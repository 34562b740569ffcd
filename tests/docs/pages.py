"""The pages of the documentation as text, and the table rows that code says they must have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tailrace.api.routes import api_routes
from tailrace.api.wire_errors import ENVELOPE_ERRORS, FILE_ERRORS, OAUTH_ERRORS, SYSTEM_ERROR
from tailrace.domain.subscription_settings import SETTINGS
from tailrace.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("benchmarks/*.md")])


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, down to the next one of the same level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    begin = text.index(f"\n{heading}\n") + len(heading) + 2
    end = re.search(rf"^#{{1,{level}}} ", text[begin:], re.MULTILINE)
    return text[begin : begin + end.start()] if end else text[begin:]


def code_blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def table_rows(text: str) -> list[str]:
    """The rows of every table, without headings and rulers."""
    lines = text.splitlines()
    rulers = {index for index, line in enumerate(lines) if re.fullmatch(r"\|[ :|-]+\|", line)}
    return [
        line
        for index, line in enumerate(lines)
        if line.startswith("|") and index not in rulers and index + 1 not in rulers
    ]


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def process_setting_rows() -> Iterator[str]:
    for name, setting in Settings.model_fields.items():
        default = "none" if setting.default is None else _shown(setting.default).replace("'", "")
        yield row(f"`TAILRACE_{name.upper()}`", default, str(setting.description))


def subscription_setting_rows() -> Iterator[str]:
    for one in SETTINGS.values():
        strict = "the same" if one.strict_default is None else _shown(one.strict_default)
        yield row(f"`{one.name}`", _shown(one.default), strict, one.help)


def route_rows() -> Iterator[str]:
    for route in api_routes():
        assert route.operation is not None, route.path
        yield row(", ".join(route.methods), f"`{route.path}`", route.operation.summary)


def envelope_error_rows() -> Iterator[str]:
    """Code, message and what it means: the first sentence of the error's own docstring."""
    for error, wire in ENVELOPE_ERRORS.items():
        yield row(wire.code, f"`{wire.template}`", _meaning(error))
    yield row(SYSTEM_ERROR.code, f"`{SYSTEM_ERROR.template}`", "Anything unforeseen.")


def oauth_error_rows() -> Iterator[str]:
    for error, wire in OAUTH_ERRORS.items():
        yield row(str(wire.http_status), f"`{wire.error}`", f"`{wire.template}`", _meaning(error))


def file_error_rows() -> Iterator[str]:
    for error, wire in FILE_ERRORS.items():
        yield row(str(wire.http_status), f"`{wire.text}`", _meaning(error))


def _meaning(error: type[Exception]) -> str:
    first = (error.__doc__ or "").strip().splitlines()[0]
    return re.sub(r" \(contract section[^)]*\)", "", first)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    return f"`'{value}'`" if isinstance(value, str | Path) else f"`{value}`"
