"""The parts of a `multipart/form-data` body: form fields and files, in memory (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.multipart import parse_options_header

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class Part:
    name: str
    #: None for a form field; clients send a path as well as a bare name.
    file_name: str | None
    content: bytes = b""


@dataclass(slots=True)
class Multipart:
    parts: list[Part] = field(default_factory=list[Part])
    #: Whether the body came to its last boundary.
    is_complete: bool = False

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values of the form fields."""
        return [
            (part.name, part.content.decode(errors="replace"))
            for part in self.parts
            if part.file_name is None
        ]

    def content(self, name: str) -> bytes | None:
        """The content of the first part of this name, a file or not."""
        return next((part.content for part in self.parts if part.name == name), None)


def read_multipart(content_type: str, body: bytes) -> Multipart | None:
    """The parts of a body as far as it goes, or None where it cannot be taken apart."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        return None
    reader = _Reader()
    try:
        # One write, so that a part's content is a few pieces of the body, not thousands.
        reader.parser(boundary).write(body)
    except ValueError:
        return None
    return reader.found


class _Reader:
    """Collects what the parser calls out."""

    def __init__(self) -> None:
        self.found = Multipart()
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []

    def parser(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._read_name,
                "on_header_value": self._read_value,
                "on_header_end": self._end_header,
                "on_part_data": self._read_content,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def _begin_part(self) -> None:
        self._headers = {}
        self._pieces = []

    def _read_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _read_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value).strip()
        self._name.clear()
        self._value.clear()

    def _read_content(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _end_part(self) -> None:
        options = _disposition(self._headers)
        name = options.get(b"name")
        if name is None:
            raise ValueError("a part without a name")
        file_name = options.get(b"filename")
        self.found.parts.append(
            Part(
                name.decode(errors="replace"),
                None if file_name is None else file_name.decode(errors="replace"),
                b"".join(self._pieces),
            )
        )

    def _end(self) -> None:
        self.found.is_complete = True


def _disposition(headers: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    _, options = parse_options_header(headers.get(b"content-disposition"))
    return options
