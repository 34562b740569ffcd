"""Parameters that the asset API alone has: folders, dates, names that must be there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tailrace.domain.assets import FolderReference
from tailrace.domain.errors import (
    AssetDateError,
    AssetNotFoundError,
    BlankParameterError,
    ReversedAssetDatesError,
    ScalarTypeError,
)
from tailrace.domain.instants import parse_instant
from tailrace.domain.lead_values import parse_boolean
from tailrace.store.asset_query import LARGEST_ID

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.api.parameters import Parameters
    from tailrace.api.route import Call

#: Members of a folder in JSON, or in what some clients send for it: single quotes, bare words.
_FOLDER_ID = re.compile(r"""['"]?\bid['"]?\s*[:=]\s*['"]?(\d{1,18})\b""", re.IGNORECASE)
_FOLDER_TYPE = re.compile(r"""['"]?\btype['"]?\s*[:=]\s*['"]?(\w+)""", re.IGNORECASE)

_FOLDER_TYPES = {"folder": False, "program": True}


def asset_id(call: Call) -> int:
    """The id in the path. Raises AssetNotFoundError for what cannot be one."""
    text = call.path_values["id"]
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_ID)):
        raise AssetNotFoundError
    return int(text)


def required(parameters: Parameters, name: str) -> str:
    """The parameter's text. Raises BlankParameterError where it is absent or blank."""
    text = parameters.first(name)
    if text is None:
        raise BlankParameterError(name)
    return text


def exact_names(parameters: Parameters) -> list[str]:
    """The name that must be there, in the spellings it may have lost a blank in.

    Raises BlankParameterError.
    """
    required(parameters, "name")
    return parameters.spellings("name")


def flag(parameters: Parameters, name: str) -> bool | None:
    """A parameter that is `true` or `false`. Raises ScalarTypeError for anything else."""
    text = parameters.first(name)
    if text is None:
        return None
    try:
        return parse_boolean(text)
    except ScalarTypeError as error:
        raise ScalarTypeError(value=text, type_name="Boolean") from error


def folder(parameters: Parameters) -> FolderReference | None:
    """The `folder` parameter: JSON, something like it, or the folder's id alone.

    Raises ScalarTypeError where no id is in it, or a type that folders do not have.
    """
    text = parameters.first("folder")
    return None if text is None else parse_folder(text)


def parse_folder(text: str) -> FolderReference:
    """As `folder`, for its text."""
    if text.isascii() and text.isdigit():
        return FolderReference(int(text[:18]))
    found = _FOLDER_ID.search(text)
    kind = _FOLDER_TYPE.search(text)
    is_program = _FOLDER_TYPES.get("folder" if kind is None else kind[1].lower())
    if found is None or is_program is None:
        raise ScalarTypeError(value=text, type_name="Folder")
    return FolderReference(int(found[1]), is_program)


def updated_range(parameters: Parameters) -> tuple[datetime | None, datetime | None]:
    """`earliestUpdatedAt` and `latestUpdatedAt`, either of which may be missing.

    Raises AssetDateError for what is no date-time, ReversedAssetDatesError for a range that ends
    before it starts.
    """
    earliest = _instant(parameters, "earliestUpdatedAt")
    latest = _instant(parameters, "latestUpdatedAt")
    if earliest is not None and latest is not None and earliest > latest:
        raise ReversedAssetDatesError
    return earliest, latest


def _instant(parameters: Parameters, name: str) -> datetime | None:
    text = parameters.first(name)
    if text is None:
        return None
    try:
        return parse_instant(_without_second_zone(text))
    except ScalarTypeError as error:
        raise AssetDateError from error


def _without_second_zone(text: str) -> str:
    # Clients send back the form that the asset API writes; in a query string its + is a blank.
    return re.sub(r"Z[+ ]0000$", "Z", text)
