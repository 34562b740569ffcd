"""Answers of the store that are given again as long as nothing in the store has changed.

A client that polls asks the same few questions thousands of times between two changes. Before an
answer is given again the store is asked for its version, which costs a hundredth of a query; so a
change acts at the next call, whoever made it. A store that has no version to tell, as a shared
one, is asked every time.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.store.database import Database

Question = TypeVar("Question")
Response = TypeVar("Response")

#: Beyond this everything is forgotten: whoever asks so much different hardly asks again.
_MAXIMUM_ANSWERS = 4096


class NotRememberedError(Exception):
    """The store would have to be asked, in a block of `Database.memory_alone`."""


class Remembered(Generic[Question, Response]):
    """What `read` answers to questions; questions are told apart by equality. For many threads."""

    def __init__(self, database: Database, read: Callable[[Question], Response]) -> None:
        self._database = database
        self._read = read
        self._reading = Lock()
        #: With the version of the store before it was read.
        self._answers: dict[Question, tuple[int | None, Response]] = {}

    def get(self, question: Question) -> Response:
        """The answer as of now. Raises whatever `read` raises; that is not remembered."""
        if self._database.is_shared:
            return self._read(question)
        known = self._known(question)
        if known is None:
            if self._database.is_closed_to_this_call:
                raise NotRememberedError
            # After a change everybody who polls asks at once: one reads, the others have its answer.
            with self._reading:
                known = self._known(question) or self._learned(question)
        return known[1]

    def _known(self, question: Question) -> tuple[int | None, Response] | None:
        known = self._answers.get(question)
        return known if known is not None and known[0] == self._database.version() else None

    def _learned(self, question: Question) -> tuple[int | None, Response]:
        # A change after this only makes the answer be asked for once more.
        version = self._database.version()
        learned = version, self._read(question)
        if version is not None:
            if len(self._answers) >= _MAXIMUM_ANSWERS:
                self._answers.clear()
            self._answers[question] = learned
        return learned
