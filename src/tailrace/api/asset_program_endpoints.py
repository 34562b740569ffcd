"""Programs, channels and smart campaigns of the asset API, read (contract section 6.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tailrace.api.asset_documents import channel_item, program_item, smart_campaign_item
from tailrace.api.asset_parameters import (
    asset_id,
    exact_names,
    flag,
    folder,
    required,
    updated_range,
)
from tailrace.api.envelope import assets_response
from tailrace.api.list_values import integer, integers, names
from tailrace.api.paging import asset_window
from tailrace.domain.assets import DEFAULT_FOLDER, WORKSPACE_NAME, FolderReference
from tailrace.domain.errors import AssetNotFoundError, BlankParameterError, ParameterValueError
from tailrace.store.asset_query import (
    CAMPAIGNS,
    PROGRAMS,
    AssetConditions,
    AssetPage,
    find_asset,
    find_assets,
    find_channels,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from tailrace.api.parameters import Parameters
    from tailrace.api.route import Call
    from tailrace.domain.assets import Program

_NOTHING = AssetConditions(ids=())


def program_by_id(call: Call) -> Response:
    """One program with its tags and costs."""
    with call.application.database.read() as connection:
        found = find_asset(connection, call.caller.subscription_id, PROGRAMS, asset_id(call))
    if found is None:
        raise AssetNotFoundError
    item = program_item(found, has_tags=True, has_costs=True, is_full=True)
    return assets_response(call.request_id, [item])


def program_by_name(call: Call) -> Response:
    """The program of exactly this name; tags and costs where they are asked for."""
    parameters = call.request.parameters
    has_tags = flag(parameters, "includeTags") or False
    has_costs = flag(parameters, "includeCosts") or False
    wanted = AssetConditions(names=exact_names(parameters))
    found = _programs(call, wanted, AssetPage())
    items = [
        program_item(one, has_tags=has_tags, has_costs=has_costs, is_full=True) for one in found
    ]
    return assets_response(call.request_id, items)


def programs_by_tag(call: Call) -> Response:
    """The programs that carry a tag, a page of them."""
    parameters = call.request.parameters
    tag_type, tag_value = required(parameters, "tagType"), required(parameters, "tagValue")
    offset, count = asset_window(parameters)
    tagged = [
        one
        for one in _programs(call, AssetConditions(), AssetPage())
        if any((tag.type, tag.value) == (tag_type, tag_value) for tag in one.tags)
    ]
    items = [
        program_item(one, has_tags=True, has_costs=True, is_full=True)
        for one in tagged[offset : offset + count]
    ]
    return assets_response(call.request_id, items)


def browse_programs(call: Call) -> Response:
    """The programs, a page of them, without tags and costs."""
    parameters = call.request.parameters
    earliest, latest = updated_range(parameters)
    wanted = replace(
        _filtered(parameters),
        earliest=earliest,
        latest=latest,
        status=parameters.first("status"),
    )
    offset, count = asset_window(parameters)
    found = _programs(call, wanted, AssetPage(count, offset))
    return assets_response(call.request_id, [program_item(one) for one in found])


def channels(call: Call) -> Response:
    """The channels with the statuses of their members, a page of them."""
    offset, count = asset_window(call.request.parameters)
    with call.application.database.read() as connection:
        found = find_channels(connection, call.caller.subscription_id)
    items = [channel_item(one) for one in found[offset : offset + count]]
    return assets_response(call.request_id, items)


def channel_by_name(call: Call) -> Response:
    """The channel of exactly this name; some clients write the parameter with a capital."""
    parameters = call.request.parameters
    name = parameters.first("Name") or required(parameters, "name")
    with call.application.database.read() as connection:
        found = find_channels(connection, call.caller.subscription_id, name)
    return assets_response(call.request_id, [channel_item(one) for one in found])


def smart_campaign_by_id(call: Call) -> Response:
    """One smart campaign."""
    with call.application.database.read() as connection:
        found = find_asset(connection, call.caller.subscription_id, CAMPAIGNS, asset_id(call))
    if found is None:
        raise AssetNotFoundError
    return assets_response(call.request_id, [smart_campaign_item(found)])


def smart_campaign_by_name(call: Call) -> Response:
    """The smart campaigns of exactly this name."""
    wanted = AssetConditions(names=exact_names(call.request.parameters))
    return _smart_campaigns(call, wanted, AssetPage())


def browse_smart_campaigns(call: Call) -> Response:
    """The smart campaigns, a page of them."""
    parameters = call.request.parameters
    earliest, latest = updated_range(parameters)
    wanted = AssetConditions(
        folder=folder(parameters),
        earliest=earliest,
        latest=latest,
        is_active=flag(parameters, "isActive"),
    )
    offset, count = asset_window(parameters)
    return _smart_campaigns(call, wanted, AssetPage(count, offset))


def no_assets(call: Call) -> Response:
    """The answer for kinds of asset that there are none of."""
    return assets_response(call.request_id, [])


def _programs(call: Call, wanted: AssetConditions, page: AssetPage) -> list[Program]:
    with call.application.database.read() as connection:
        return find_assets(connection, call.caller.subscription_id, PROGRAMS, wanted, page)


def _smart_campaigns(call: Call, wanted: AssetConditions, page: AssetPage) -> Response:
    with call.application.database.read() as connection:
        found = find_assets(connection, call.caller.subscription_id, CAMPAIGNS, wanted, page)
    return assets_response(call.request_id, [smart_campaign_item(one) for one in found])


def _filtered(parameters: Parameters) -> AssetConditions:
    """What `filterType` and `filterValues` say; nothing without them."""
    filter_type = parameters.first("filterType")
    if filter_type is None:
        return AssetConditions()
    if not parameters.pieces("filterValues"):
        raise BlankParameterError("filterValues")
    condition = _FILTERS.get(filter_type.lower())
    if condition is None:
        raise ParameterValueError(value=filter_type, parameter="filterType")
    return condition(parameters)


def _by_id(parameters: Parameters) -> AssetConditions:
    return AssetConditions(ids=integers(parameters, "filterValues"))


def _by_name(parameters: Parameters) -> AssetConditions:
    return AssetConditions(names=names(parameters, "filterValues"))


def _by_folder(parameters: Parameters) -> AssetConditions:
    """In one folder or program: the ids of folders and of programs never meet."""
    folder_id = integer(parameters.pieces("filterValues")[0])
    is_program = folder_id != DEFAULT_FOLDER.id
    return AssetConditions(folder=FolderReference(folder_id, is_program))


def _by_workspace(parameters: Parameters) -> AssetConditions:
    names = {name.lower() for name in parameters.pieces("filterValues")}
    return AssetConditions() if WORKSPACE_NAME.lower() in names else _NOTHING


_FILTERS: dict[str, Callable[[Parameters], AssetConditions]] = {
    "id": _by_id,
    "programid": _by_id,
    "name": _by_name,
    "folderid": _by_folder,
    "workspace": _by_workspace,
}
