"""Smart campaigns in the form of the lead database (contract section 6.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from tailrace.api.asset_parameters import flag
from tailrace.api.envelope import success_response
from tailrace.api.list_values import integers, names, path_integer
from tailrace.api.record_pages import is_workspace_wanted, record_page, shown_page
from tailrace.domain.assets import WORKSPACE_NAME, CampaignType
from tailrace.domain.errors import ObjectNotFoundError
from tailrace.domain.instants import format_instant
from tailrace.store.asset_query import CAMPAIGNS, AssetConditions, find_asset, find_assets

if TYPE_CHECKING:
    from starlette.responses import Response

    from tailrace.api.parameters import Parameters
    from tailrace.api.route import Call
    from tailrace.domain.assets import Campaign


class CampaignItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    description: str | UnsetType
    type: str
    program_name: str | UnsetType
    program_id: int | UnsetType
    workspace_name: str
    created_at: str
    updated_at: str
    active: bool


def browse_campaigns(call: Call) -> Response:
    """The campaigns, a page of them."""
    parameters = call.request.parameters
    wanted = _wanted(parameters)
    page = record_page(parameters)
    with call.application.database.read() as connection:
        found = find_assets(connection, call.caller.subscription_id, CAMPAIGNS, wanted, page)
    shown, token = shown_page(found, page)
    return success_response(call.request_id, [_item(one) for one in shown], next_page_token=token)


def campaign_by_id(call: Call) -> Response:
    """One campaign. Raises ObjectNotFoundError."""
    campaign_id = path_integer(call, "campaignId")
    with call.application.database.read() as connection:
        found = find_asset(connection, call.caller.subscription_id, CAMPAIGNS, campaign_id)
    if found is None:
        raise ObjectNotFoundError
    return success_response(call.request_id, [_item(found)])


def _wanted(parameters: Parameters) -> AssetConditions:
    # Only the campaigns that could be triggered are told apart: false means all.
    is_triggerable = flag(parameters, "isTriggerable")
    return AssetConditions(
        ids=integers(parameters, "id") if is_workspace_wanted(parameters) else (),
        names=names(parameters, "name"),
        program_names=names(parameters, "programName"),
        campaign_type=CampaignType.TRIGGER if is_triggerable else None,
        is_active=True if is_triggerable else None,
    )


def _item(one: Campaign) -> CampaignItem:
    folder = one.folder
    return CampaignItem(
        id=one.id,
        name=one.name,
        description=one.description or UNSET,
        type=one.type.value,
        program_name=folder.name if folder.is_program else UNSET,
        program_id=folder.id if folder.is_program else UNSET,
        workspace_name=WORKSPACE_NAME,
        created_at=format_instant(one.created_at),
        updated_at=format_instant(one.updated_at),
        active=one.is_active,
    )
