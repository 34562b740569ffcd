"""The README's five minutes with curl, run as they stand apart from host, id and secret."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import code_blocks, page, section
from tests.docs.shell import Announced, Shell

if TYPE_CHECKING:
    from pathlib import Path

WALK_THROUGH = section(page("README.md"), "## Five minutes with curl")


def at(announced: Announced, script: str) -> str:
    """The script with what this server printed in place of what the README shows."""
    values = {
        "BASE": announced.base_url,
        "CLIENT_ID": announced.credential("client id"),
        "CLIENT_SECRET": announced.credential("client secret"),
    }
    for name, value in values.items():
        script, count = re.subn(rf"^{name}=.*$", f"{name}={value}", script, flags=re.MULTILINE)
        assert count == 1, name
    return script


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, object]], Path]:
    """Every JSON answer that the walk-through prints, and where it leaves its files."""
    directory = tmp_path_factory.mktemp("walk-through")
    shell = Shell.at(directory)
    begin, *calls = code_blocks(WALK_THROUGH, "sh")
    seed, serve = begin.strip().splitlines()
    shell.run(seed)
    with shell.serving(serve) as announced:
        printed = shell.run(at(announced, "\n".join(calls)) + "\necho\n")
    documents = re.findall(r'\{"requestId".*?"success":\w+\}', printed)
    (directory / "printed.txt").write_text(printed, encoding="utf-8")
    return [json.loads(document) for document in documents], directory


def jobs_of(answer: dict[str, object]) -> list[dict[str, object]]:
    result = answer["result"]
    assert isinstance(result, list)
    return result  # pyright: ignore[reportUnknownVariableType] - JSON


def test_every_answer__is_a_success(answers: tuple[list[dict[str, object]], Path]) -> None:
    documents, _ = answers
    assert [document["success"] for document in documents] == [True] * 6


def test_statuses__are_those_of_the_story(
    answers: tuple[list[dict[str, object]], Path],
) -> None:
    documents, _ = answers
    assert [jobs_of(document)[0]["status"] for document in documents] == [
        "Queued",
        "Completed",
        "Queued",
        "Completed",
        "Cancelled",
        "Cancelled",
    ]


def test_shown_answer__has_the_members_of_the_real_one(
    answers: tuple[list[dict[str, object]], Path],
) -> None:
    documents, _ = answers
    (shown,) = code_blocks(WALK_THROUGH, "json")
    shown_job = jobs_of(json.loads(shown))[0]
    assert list(shown_job) == list(jobs_of(documents[1])[0])


def test_files__are_what_their_status_says(
    answers: tuple[list[dict[str, object]], Path],
) -> None:
    documents, directory = answers
    for name, document in (("activities.csv", documents[1]), ("leads.csv", documents[3])):
        content = (directory / name).read_bytes()
        job = jobs_of(document)[0]
        assert job["fileSize"] == len(content)
        assert job["fileChecksum"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        with (directory / name).open(encoding="utf-8", newline="") as file:
            rows = sum(1 for _ in csv.reader(file)) - 1
        assert job["numberOfRecords"] == rows > 0


def test_range__is_the_first_kilobyte(answers: tuple[list[dict[str, object]], Path]) -> None:
    _, directory = answers
    whole = (directory / "activities.csv").read_bytes()
    assert (directory / "first-kilobyte.csv").read_bytes() == whole[:1000]


def test_printed_checksum__is_the_files(answers: tuple[list[dict[str, object]], Path]) -> None:
    documents, directory = answers
    checksum = str(jobs_of(documents[1])[0]["fileChecksum"]).removeprefix("sha256:")
    assert f"{checksum}  activities.csv" in (directory / "printed.txt").read_text()


def test_columns__are_named_as_asked(answers: tuple[list[dict[str, object]], Path]) -> None:
    _, directory = answers
    header = (directory / "leads.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "First Name,Last Name,id,email"
