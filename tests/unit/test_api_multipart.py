"""Multipart bodies: parts whole and in memory, damage told from the end."""

from __future__ import annotations

import pytest

from tailrace.api.multipart import read_multipart

TYPE = "multipart/form-data; boundary=x"


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    file = "" if file_name is None else f'; filename="{file_name}"'
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def test_parts__are_fields_and_files() -> None:
    body = part("format", b"csv") + part("file", b"a\r\nb", "C:\\leads.csv") + b"--x--\r\n"
    found = read_multipart(TYPE, body)
    assert found is not None
    assert found.is_complete
    assert found.fields == [("format", "csv")]
    assert found.content("file") == b"a\r\nb"
    assert found.content("other") is None


@pytest.mark.parametrize("line", [b"--", b"--x", b"\r\n--", b"\r\n-- x", b"-" * 1000])
def test_content_like_a_boundary__is_content(line: bytes) -> None:
    content = b"first" + line + b"last\n" * 1000
    found = read_multipart(TYPE, part("file", content, "f") + b"--x--")
    assert found is not None
    assert found.content("file") == content


def test_several_parts_of_a_name__the_first_counts() -> None:
    found = read_multipart(TYPE, part("file", b"1", "f") + part("file", b"2", "f") + b"--x--")
    assert found is not None
    assert found.content("file") == b"1"


@pytest.mark.parametrize("length", range(0, 90, 7))
def test_body_that_breaks_off__is_not_complete(length: int) -> None:
    body = part("file", b"abc", "leads.csv") + b"--x--\r\n"
    found = read_multipart(TYPE, body[: min(length, len(body) - 4)])
    assert found is None or not found.is_complete


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", part("file", b"")),
        ("multipart/form-data; boundary=", part("file", b"")),
        (TYPE, b"nonsense"),
        (TYPE, b"--x\r\nno header\r\n\r\nx\r\n--x--"),
        (TYPE, b"--x\r\nContent-Type: text/plain\r\n\r\nx\r\n--x--"),
        (f"multipart/form-data; boundary={'b' * 1000}", b""),
    ],
)
def test_what_is_no_multipart_body__cannot_be_taken_apart(content_type: str, body: bytes) -> None:
    assert read_multipart(content_type, body) is None
