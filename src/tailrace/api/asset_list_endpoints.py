"""Static lists, smart lists and forms of the asset API, read (contract section 6.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tailrace.api.asset_documents import form_item, smart_list_item, static_list_item
from tailrace.api.asset_parameters import asset_id, exact_names, flag, folder, updated_range
from tailrace.api.envelope import assets_response
from tailrace.api.form_fields import form_field_items
from tailrace.api.paging import asset_window
from tailrace.api.smart_list_rules import rules_document
from tailrace.domain.assets import FolderReference
from tailrace.domain.errors import AssetNotFoundError
from tailrace.store.asset_query import (
    CAMPAIGNS,
    FORMS,
    PROGRAMS,
    SMART_LISTS,
    STATIC_LISTS,
    AssetConditions,
    AssetKind,
    AssetPage,
    find_asset,
    find_assets,
)

if TYPE_CHECKING:
    from starlette.responses import Response

    from tailrace.api.asset_documents import SmartListItem
    from tailrace.api.route import Call
    from tailrace.domain.assets import SmartList
    from tailrace.store.asset_query import SomeAsset


def static_list_by_id(call: Call) -> Response:
    """One static list."""
    return assets_response(call.request_id, [static_list_item(_one(call, STATIC_LISTS))])


def static_lists_by_name(call: Call) -> Response:
    """The static lists of exactly this name: one a program may have its own."""
    found = _found(call, STATIC_LISTS, _named(call), AssetPage())
    return assets_response(call.request_id, [static_list_item(one) for one in found])


def browse_static_lists(call: Call) -> Response:
    """The static lists, a page of them."""
    found = _found(call, STATIC_LISTS, _browsed(call), _page(call))
    return assets_response(call.request_id, [static_list_item(one) for one in found])


def smart_list_by_id(call: Call) -> Response:
    """One smart list, with its rules where they are asked for."""
    return assets_response(call.request_id, [_smart_list_item(call, _one(call, SMART_LISTS))])


def smart_lists_by_name(call: Call) -> Response:
    """The smart lists of exactly this name."""
    found = _found(call, SMART_LISTS, _named(call), AssetPage())
    return assets_response(call.request_id, [smart_list_item(one) for one in found])


def browse_smart_lists(call: Call) -> Response:
    """The smart lists, a page of them."""
    found = _found(call, SMART_LISTS, _browsed(call), _page(call))
    return assets_response(call.request_id, [smart_list_item(one) for one in found])


def smart_list_of_program(call: Call) -> Response:
    """The first smart list inside a program."""
    program = _one(call, PROGRAMS)
    inside = AssetConditions(folder=FolderReference(program.id, is_program=True))
    found = _found(call, SMART_LISTS, inside, AssetPage(1))
    return assets_response(call.request_id, [_smart_list_item(call, one) for one in found])


def smart_list_of_campaign(call: Call) -> Response:
    """None: campaigns are described here, not run, and have no list of their own."""
    _one(call, CAMPAIGNS)
    return assets_response(call.request_id, [])


def form_by_id(call: Call) -> Response:
    """One form, in the status asked for."""
    form = _one(call, FORMS)
    if call.request.parameters.first("status") not in (None, form.status.value):
        raise AssetNotFoundError
    return assets_response(call.request_id, [form_item(form)])


def forms_by_name(call: Call) -> Response:
    """The forms of exactly this name."""
    parameters = call.request.parameters
    wanted = replace(_named(call), folder=folder(parameters), status=parameters.first("status"))
    found = _found(call, FORMS, wanted, AssetPage())
    return assets_response(call.request_id, [form_item(one) for one in found])


def browse_forms(call: Call) -> Response:
    """The forms, a page of them."""
    wanted = replace(_browsed(call), status=call.request.parameters.first("status"))
    found = _found(call, FORMS, wanted, _page(call))
    return assets_response(call.request_id, [form_item(one) for one in found])


def fields_of_form(call: Call) -> Response:
    """The fields that a form asks for, from the top."""
    form = _one(call, FORMS)
    catalogue = call.application.subscriptions.lead_fields(call.caller.subscription_id)
    return assets_response(call.request_id, form_field_items(form.fields, catalogue))


def _one(call: Call, kind: AssetKind[SomeAsset]) -> SomeAsset:
    with call.application.database.read() as connection:
        found = find_asset(connection, call.caller.subscription_id, kind, asset_id(call))
    if found is None:
        raise AssetNotFoundError
    return found


def _found(
    call: Call, kind: AssetKind[SomeAsset], wanted: AssetConditions, page: AssetPage
) -> list[SomeAsset]:
    with call.application.database.read() as connection:
        return find_assets(connection, call.caller.subscription_id, kind, wanted, page)


def _named(call: Call) -> AssetConditions:
    return AssetConditions(names=exact_names(call.request.parameters))


def _browsed(call: Call) -> AssetConditions:
    parameters = call.request.parameters
    earliest, latest = updated_range(parameters)
    return AssetConditions(folder=folder(parameters), earliest=earliest, latest=latest)


def _page(call: Call) -> AssetPage:
    offset, count = asset_window(call.request.parameters)
    return AssetPage(count, offset)


def _smart_list_item(call: Call, one: SmartList) -> SmartListItem:
    if not flag(call.request.parameters, "includeRules"):
        return smart_list_item(one)
    subscriptions, subscription_id = call.application.subscriptions, call.caller.subscription_id
    rules = rules_document(
        one.rule,
        subscriptions.lead_fields(subscription_id),
        subscriptions.activity_types(subscription_id),
    )
    return smart_list_item(one, rules)
