"""What an examination of a home finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    #: As it should be.
    OK = "ok"
    #: It works; somebody should look at it.
    WARNING = "warning"
    #: Something does not work, or is lost.
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    #: What was looked at: one word.
    check: str
    #: What there is to say: a sentence without its full stop.
    what: str
    #: What to do; None where there is nothing to do.
    advice: str | None = None


def fine(check: str, what: str) -> Finding:
    return Finding(Level.OK, check, what)


def warning(check: str, what: str, advice: str) -> Finding:
    return Finding(Level.WARNING, check, what, advice)


def problem(check: str, what: str, advice: str) -> Finding:
    return Finding(Level.PROBLEM, check, what, advice)
