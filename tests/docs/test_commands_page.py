"""docs/commands.md, held against the help of the program."""

from __future__ import annotations

import re

import pytest

from tests.docs.commands import Command, commands
from tests.docs.pages import page, section

COMMANDS = commands()
COMMAND_NAMES = [command.name for command in COMMANDS]


@pytest.mark.parametrize("command", COMMANDS, ids=COMMAND_NAMES)
def test_section__says_what_the_help_says(command: Command) -> None:
    assert section(page("docs/commands.md"), command.heading).rstrip("\n") == command.body.rstrip(
        "\n"
    )


def test_sections__are_those_of_the_program_in_order() -> None:
    headings = re.findall(r"^## `tailrace (.+)`$", page("docs/commands.md"), re.MULTILINE)
    assert headings == COMMAND_NAMES


@pytest.mark.parametrize("command", COMMANDS, ids=COMMAND_NAMES)
def test_help__has_a_sentence_for_everything_and_an_example(command: Command) -> None:
    assert command.help.endswith(".")
    assert all(meaning for _, meaning in command.parameters)
    assert command.example.startswith(f"tailrace {command.name}")
