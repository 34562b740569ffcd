"""Static lists made, renamed and deleted through the asset API: forms in, assets out (7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from tailrace.api.asset_documents import AssetId, static_list_item
from tailrace.api.asset_parameters import asset_id, parse_folder, required
from tailrace.api.envelope import assets_response
from tailrace.domain.assets import MAXIMUM_NAME_CHARACTERS
from tailrace.domain.errors import AssetNotFoundError, ContentTypeError, ScalarTypeError
from tailrace.domain.lead_values import clean_text
from tailrace.store import static_list_changes as store
from tailrace.store.asset_query import STATIC_LISTS, find_asset
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.assets import StaticList


class StaticListForm(Struct, frozen=True):
    """The form that makes a list."""

    #: JSON such as `{"id": 1, "type": "Folder"}`.
    folder: str
    name: str
    description: str | UnsetType = UNSET


class StaticListChange(Struct, frozen=True):
    """The form that changes a list; what is left out stays."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


def create_static_list(call: Call) -> Response:
    """A new list in a folder or program."""
    _check_form(call)
    parameters = call.request.parameters
    folder = parse_folder(required(parameters, "folder"))
    name = _checked_name(required(parameters, "name"))
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        list_id = store.create_static_list(
            connection,
            call.caller.subscription_id,
            folder=folder,
            name=name,
            description=_description(call),
            now=call.application.clock(),
        )
        return _response(call, _list(call, connection, list_id))


def update_static_list(call: Call) -> Response:
    """The list with its new name or description."""
    _check_form(call)
    parameters = call.request.parameters
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        known = _list(call, connection, asset_id(call))
        store.change_static_list(
            connection,
            call.caller.subscription_id,
            known,
            name=_checked_name(parameters.first("name") or known.name),
            description=_description(call) if "description" in parameters else known.description,
            now=call.application.clock(),
        )
        return _response(call, _list(call, connection, known.id))


def delete_static_list(call: Call) -> Response:
    """The id of the list that is gone."""
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        known = _list(call, connection, asset_id(call))
        store.delete_static_list(connection, call.caller.subscription_id, known.id)
    return assets_response(call.request_id, [AssetId(known.id)])


def _check_form(call: Call) -> None:
    """Raises ContentTypeError for a body that says it is JSON: its values would be lost."""
    if call.request.is_json and call.request.body.strip():
        raise ContentTypeError


def _checked_name(text: str) -> str:
    name = clean_text(text)
    if len(name) > MAXIMUM_NAME_CHARACTERS:
        type_name = f"name of at most {MAXIMUM_NAME_CHARACTERS} characters"
        raise ScalarTypeError(value=name, type_name=type_name)
    return name


def _description(call: Call) -> str | None:
    text = call.request.parameters.first("description")
    return None if text is None else clean_text(text)


def _list(call: Call, connection: Connection, list_id: int) -> StaticList:
    found = find_asset(connection, call.caller.subscription_id, STATIC_LISTS, list_id)
    if found is None:
        raise AssetNotFoundError
    return found


def _response(call: Call, one: StaticList) -> Response:
    return assets_response(call.request_id, [static_list_item(one)])
