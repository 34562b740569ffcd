"""Answers that are given again: only while nothing has changed, whoever might have changed it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tailrace.store.database import Database
from tailrace.store.remembered import NotRememberedError, Remembered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMIT_ELSEWHERE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("UPDATE word SET text = ?", (sys.argv[2],))
connection.commit()
"""


class Words:
    """A table of one word, and how often it was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(path)
        with self.database.write() as connection:
            connection.execute(text("CREATE TABLE word (text TEXT)"))
            connection.execute(text("INSERT INTO word VALUES ('first')"))
        self.reads = 0
        self.remembered = Remembered(self.database, self._read)

    def _read(self, question: str) -> str:
        self.reads += 1
        if not question:
            raise ValueError(question)
        with self.database.read() as connection:
            word = connection.execute(text("SELECT text FROM word")).scalar_one()
        return f"{question} {word}"

    def put(self, word: str) -> None:
        with self.database.write() as connection:
            connection.execute(text("UPDATE word SET text = :word"), {"word": word})


@pytest.fixture
def words(tmp_path: Path) -> Iterator[Words]:
    words = Words(tmp_path / "words.db")
    yield words
    words.database.close()


def test_answer__is_read_once_while_nothing_changes(words: Words) -> None:
    assert [words.remembered.get("the") for _ in range(5)] == ["the first"] * 5
    assert words.reads == 1


def test_answer__is_another_questions(words: Words) -> None:
    assert (words.remembered.get("the"), words.remembered.get("a")) == ("the first", "a first")


def test_change_by_a_transaction_of_ours__acts_at_once(words: Words) -> None:
    for number in range(50):
        words.put(str(number))
        assert words.remembered.get("the") == f"the {number}"


def test_change_by_another_process__acts_at_once(words: Words) -> None:
    assert words.remembered.get("the") == "the first"
    command = [sys.executable, "-c", _COMMIT_ELSEWHERE, str(words.path), "second"]
    subprocess.run(command, check=True)
    assert words.remembered.get("the") == "the second"


def test_change_that_is_not_committed__does_not_act(words: Words) -> None:
    assert words.remembered.get("the") == "the first"
    with closing(sqlite3.connect(words.path)) as other:
        other.execute("UPDATE word SET text = 'second'")
        assert words.remembered.get("the") == "the first"
        other.rollback()
    assert words.reads == 1


def test_change_while_an_answer_is_read__is_in_the_next_answer(words: Words) -> None:
    def read(_: str) -> str:
        with words.database.read() as connection:
            word = connection.execute(text("SELECT text FROM word")).scalar_one()
        if word == "first":
            words.put("second")
        return str(word)

    remembered = Remembered(words.database, read)
    assert [remembered.get("the") for _ in range(2)] == ["first", "second"]


def test_error__is_not_remembered(words: Words) -> None:
    for _ in range(3):
        with pytest.raises(ValueError):
            words.remembered.get("")
    assert words.reads == 3


def test_answers__are_bounded(words: Words) -> None:
    for number in range(5000):
        words.remembered.get(str(number))
    words.reads = 0
    for number in range(5000):
        words.remembered.get(str(number))
    assert words.reads >= 904


def test_store_that_tells_no_version__is_always_asked(words: Words) -> None:
    words.database.close()
    words.path.rename(words.path.with_suffix(".moved"))
    words.path.mkdir()
    asked: list[str] = []
    remembered = Remembered(words.database, asked.append)
    for _ in range(3):
        remembered.get("the")
    assert asked == ["the"] * 3


def test_many_who_ask_at_once_after_a_change__are_answered_by_one_look(words: Words) -> None:
    clients = 8
    barrier = Barrier(clients)

    def ask(_: int) -> str:
        barrier.wait()
        return words.remembered.get("the")

    words.put("second")
    with ThreadPoolExecutor(clients) as threads:
        assert list(threads.map(ask, range(clients))) == ["the second"] * clients
    assert words.reads == 1


def test_memory_alone__answers_what_is_known_without_the_store(words: Words) -> None:
    words.remembered.get("the")
    with words.database.memory_alone():
        assert words.remembered.get("the") == "the first"
        with pytest.raises(NotRememberedError):
            words.remembered.get("a")
        with pytest.raises(NotRememberedError), words.database.read():
            pytest.fail("the store was asked")
        with pytest.raises(NotRememberedError), words.database.write():
            pytest.fail("the store was asked")
    assert words.remembered.get("a") == "a first"


def test_memory_alone__knows_nothing_of_before_a_change(words: Words) -> None:
    words.remembered.get("the")
    words.put("second")
    with words.database.memory_alone(), pytest.raises(NotRememberedError):
        words.remembered.get("the")
    assert words.remembered.get("the") == "the second"


def test_memory_alone__holds_for_the_call_that_asked_for_it_and_no_other(words: Words) -> None:
    with words.database.memory_alone(), ThreadPoolExecutor(1) as threads:
        assert threads.submit(words.remembered.get, "the").result() == "the first"


def test_memory_alone__is_nothing_where_the_store_tells_no_version(words: Words) -> None:
    words.database.close()
    words.path.rename(words.path.with_suffix(".moved"))
    words.path.mkdir()
    with pytest.raises(NotRememberedError), words.database.memory_alone():
        pytest.fail("there is nothing to go by")
