"""Every error has exactly one answer, and every answer's text can be filled from its error."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import string
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, cast

import msgspec
import pytest

from tailrace.api.error_replies import error_response
from tailrace.api.wire_errors import (
    ENVELOPE_ERRORS,
    FILE_ERRORS,
    MAXIMUM_SHOWN_CHARACTERS,
    NEVER_ON_THE_WIRE,
    OAUTH_ERRORS,
    fill,
)
from tailrace.domain import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

TABLES = (ENVELOPE_ERRORS, OAUTH_ERRORS, FILE_ERRORS)
REQUEST_ID = "1#2"


def concrete_errors() -> list[type[errors.TailraceError]]:
    """Every error class that is raised as itself; those in between only sort the tree."""
    found = [
        one
        for _, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, errors.TailraceError)
    ]
    return [one for one in found if not one.__subclasses__()]


def test_every_error_of_an_area__is_imported_from_the_package() -> None:
    defined = {
        name
        for module in pkgutil.iter_modules(errors.__path__, "tailrace.domain.errors.")
        for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if issubclass(one, errors.TailraceError)
    }
    assert sorted(defined) == sorted(errors.__all__)


def for_clients() -> list[type[errors.TailraceError]]:
    return [one for one in concrete_errors() if not issubclass(one, errors.OperatorError)]


def templates() -> Iterator[tuple[type[errors.TailraceError], str]]:
    for error_class, wire_error in ENVELOPE_ERRORS.items():
        yield error_class, wire_error.template
    for error_class, oauth_error in OAUTH_ERRORS.items():
        yield error_class, oauth_error.template
    for error_class, file_error in FILE_ERRORS.items():
        for template in file_error.headers.values():
            yield error_class, template


def members(response: Response) -> dict[str, object]:
    return cast("dict[str, object]", msgspec.json.decode(bytes(response.body)))


@pytest.mark.parametrize("error_class", for_clients())
def test_error__is_in_exactly_one_table(error_class: type[errors.TailraceError]) -> None:
    places = sum(error_class in table for table in (*TABLES, NEVER_ON_THE_WIRE))
    assert places == 1


@pytest.mark.parametrize("table", TABLES)
def test_table__holds_only_errors_that_are_raised(
    table: dict[type[errors.TailraceError], object],
) -> None:
    assert set(table) <= set(for_clients())


@pytest.mark.parametrize(("error_class", "template"), list(templates()))
def test_template__names_only_fields_of_its_error(
    error_class: type[errors.TailraceError], template: str
) -> None:
    used = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    known = {one.name for one in fields(error_class)} if is_dataclass(error_class) else set[str]()
    assert used <= known


def test_fields_of_the_error__are_in_its_message() -> None:
    body = members(error_response(errors.ScalarTypeError("x", "DateTime"), REQUEST_ID))
    message = "Invalid value 'x'. Required of type 'DateTime'"
    assert body == {
        "requestId": REQUEST_ID,
        "success": False,
        "errors": [{"code": "1001", "message": message}],
    }


def test_braces_in_a_callers_text__stay_as_they_are() -> None:
    error = errors.UnknownFilterError("{filter} {0}")
    assert fill(ENVELOPE_ERRORS[errors.UnknownFilterError].template, error) == (
        "Invalid filter type: {filter} {0}"
    )


def test_endless_text_of_a_caller__is_cut() -> None:
    error = errors.UnknownFilterError("x" * 100_000)
    message = fill(ENVELOPE_ERRORS[errors.UnknownFilterError].template, error)
    assert len(message) < MAXIMUM_SHOWN_CHARACTERS + 50


def test_most_specific_class__decides() -> None:
    class NewlyInventedError(errors.ObjectNotFoundError):
        pass

    body = members(error_response(NewlyInventedError(), REQUEST_ID))
    assert body["errors"] == [{"code": "1013", "message": "Object not found"}]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret"),
        errors.LeaseLostError(),
        errors.HomeError("secret"),
        errors.AdministrationError("secret"),
        RecursionError("secret"),
    ],
)
def test_anything_else__is_a_system_error_without_details(error: Exception) -> None:
    response = error_response(error, REQUEST_ID)
    assert response.status_code == 200
    assert members(response)["errors"] == [{"code": "611", "message": "System error"}]


def test_oauth_error__is_in_its_own_form_and_never_stored() -> None:
    response = error_response(errors.UnknownClientError("abc"), REQUEST_ID)
    assert response.status_code == 401
    assert response.headers["cache-control"] == "no-store"
    assert members(response) == {
        "error": "unauthorized",
        "error_description": "No client with requested id: abc",
    }


def test_unsatisfiable_range__tells_the_size() -> None:
    response = error_response(errors.UnsatisfiableRangeError(182), REQUEST_ID)
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */182"
    assert response.headers["content-type"] == "text/plain;charset=UTF-8"
