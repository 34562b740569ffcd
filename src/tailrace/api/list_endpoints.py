"""Static lists of the lead database: the lists themselves, not their members (contract 6.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from tailrace.api.envelope import success_response
from tailrace.api.list_values import integers, names, path_integer
from tailrace.api.record_pages import is_workspace_wanted, record_page, shown_page
from tailrace.domain.assets import WORKSPACE_ID, WORKSPACE_NAME
from tailrace.domain.errors import ObjectNotFoundError
from tailrace.domain.instants import format_instant
from tailrace.store.asset_query import STATIC_LISTS, AssetConditions, find_asset, find_assets

if TYPE_CHECKING:
    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.assets import StaticList


class ListItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    description: str | UnsetType
    program_name: str | UnsetType
    workspace_id: int
    workspace_name: str
    created_at: str
    updated_at: str


def browse_lists(call: Call) -> Response:
    """The static lists, a page of them."""
    parameters = call.request.parameters
    wanted = AssetConditions(
        ids=integers(parameters, "id") if is_workspace_wanted(parameters) else (),
        names=names(parameters, "name"),
        program_names=names(parameters, "programName"),
    )
    page = record_page(parameters)
    with call.application.database.read() as connection:
        found = find_assets(connection, call.caller.subscription_id, STATIC_LISTS, wanted, page)
    shown, token = shown_page(found, page)
    return success_response(call.request_id, [_item(one) for one in shown], next_page_token=token)


def list_by_id(call: Call) -> Response:
    """One static list. Raises ObjectNotFoundError."""
    list_id = path_integer(call, "listId")
    with call.application.database.read() as connection:
        found = find_asset(connection, call.caller.subscription_id, STATIC_LISTS, list_id)
    if found is None:
        raise ObjectNotFoundError
    return success_response(call.request_id, [_item(found)])


def _item(one: StaticList) -> ListItem:
    return ListItem(
        id=one.id,
        name=one.name,
        description=one.description or UNSET,
        program_name=one.folder.name if one.folder.is_program else UNSET,
        workspace_id=WORKSPACE_ID,
        workspace_name=WORKSPACE_NAME,
        created_at=format_instant(one.created_at),
        updated_at=format_instant(one.updated_at),
    )
