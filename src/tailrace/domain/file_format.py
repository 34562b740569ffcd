"""The file formats of a result file and the bytes that shape them (contract section 4)."""

from __future__ import annotations

from enum import StrEnum

from tailrace.domain.errors import AttributeTypeError, UnknownFormatError

#: What a cell without a value holds.
NULL_TEXT = "null"

#: Served for all three formats: clients read any other type as an error (contract section 0.7).
CONTENT_TYPE = "text/csv;charset=UTF-8"


class FileFormat(StrEnum):
    #: Comma separated.
    CSV = "CSV"
    #: Tab separated.
    TSV = "TSV"
    #: Space separated, or semicolon by a setting of the subscription (contract section 10, row 1).
    SSV = "SSV"

    def delimiter(self, ssv_delimiter: str) -> str:
        """The one-byte column delimiter."""
        return {FileFormat.CSV: ",", FileFormat.TSV: "\t", FileFormat.SSV: ssv_delimiter}[self]


def parse_format(value: object) -> FileFormat:
    """The format a request asks for, in any letter case; CSV when it asks for none."""
    if value is None:
        return FileFormat.CSV
    if not isinstance(value, str):
        raise AttributeTypeError(attribute="format")
    try:
        return FileFormat(value.upper())
    except ValueError as error:
        raise UnknownFormatError(value=value) from error


def header_cell(text: str, delimiter: str) -> str:
    """One cell of the header line, quoted only when it must be (contract section 4).

    An empty one is quoted as well: alone it would be a blank line, which readers skip.
    """
    clean = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    if not clean or any(mark in clean for mark in (delimiter, '"', "\n")):
        return '"' + clean.replace('"', '""') + '"'
    return clean
