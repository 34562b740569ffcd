"""The commands as the program has them, and the section of docs/commands.md that each must have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer.main

from tailrace.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Command:
    #: Words after `tailrace`.
    name: str
    #: The first sentence, or more, of its help.
    help: str
    #: How an option or argument is written, and what it means.
    parameters: tuple[tuple[str, str], ...]
    #: What its help says to type.
    example: str

    @property
    def heading(self) -> str:
        return f"## `tailrace {self.name}`"

    @property
    def body(self) -> str:
        """The section of the page, below its heading."""
        rows = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in self.parameters)
        table = f"| Option | Meaning |\n| --- | --- |\n{rows}\n\n" if rows else ""
        return f"\n{self.help}\n\n{table}```sh\n{self.example}\n```\n"


def commands() -> list[Command]:
    """Every command that does something, in the order of the help."""
    # Typer's own copy of Click has no public types.
    root: Any = typer.main.get_command(app)
    return list(_walk("", root))


def _walk(prefix: str, command: Any) -> Iterator[Command]:
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from _walk(f"{prefix} {name}".strip(), child)
        return
    paragraphs = [" ".join(text.split()) for text in (command.help or "").split("\n\n")]
    yield Command(
        name=prefix,
        help="\n\n".join(paragraphs),
        parameters=tuple(_parameter(one) for one in command.params),
        example=_example(command.epilog or ""),
    )


def _parameter(parameter: Any) -> tuple[str, str]:
    if parameter.param_type_name == "argument":
        name = parameter.name.upper()
        shown = f"{name}…" if parameter.nargs == -1 else name
        return shown, parameter.help
    meaning: str = parameter.help
    if not parameter.is_flag and parameter.default not in (None, "", ()):
        default = getattr(parameter.default, "value", parameter.default)
        meaning += f" Default: {default}."
    return parameter.opts[0], meaning


def _example(epilog: str) -> str:
    lines = epilog.splitlines()
    return "\n".join(re.sub("^  ", "", line) for line in lines[2:])
