"""Routes of the asset API, and of lists and campaigns in the lead database (contract section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api import (
    asset_list_endpoints,
    asset_program_endpoints,
    campaign_endpoints,
    list_endpoints,
    static_list_changes,
)
from tailrace.api.asset_documents import (
    AssetId,
    ChannelItem,
    FormItem,
    ProgramItem,
    SmartCampaignItem,
    SmartListItem,
    StaticListItem,
)
from tailrace.api.campaign_endpoints import CampaignItem
from tailrace.api.form_fields import FormFieldItem
from tailrace.api.list_endpoints import ListItem
from tailrace.api.route import ASSET_API, BodyRule, Operation, QueryParameter, Route
from tailrace.api.static_list_changes import StaticListChange, StaticListForm
from tailrace.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call

_READ_ASSETS = frozenset({Permission.READ_ONLY_ASSETS, Permission.READ_WRITE_ASSETS})
_WRITE_ASSETS = frozenset({Permission.READ_WRITE_ASSETS})
_READ_LEADS = frozenset({Permission.READ_ONLY_LEAD, Permission.READ_WRITE_LEAD})
_READ_CAMPAIGNS = frozenset({Permission.READ_ONLY_CAMPAIGN, Permission.READ_WRITE_CAMPAIGN})

_NAME = QueryParameter("name", "The exact name.", is_required=True)
_FOLDER = QueryParameter(
    "folder",
    'Only in this folder: JSON such as `{"id": 1, "type": "Folder"}`, or `Program` with its id.',
)
_WINDOW = (
    QueryParameter("offset", "How many to pass over. Default: 0.", "integer"),
    QueryParameter("maxReturn", "At most so many; 20 if left out, never over 200.", "integer"),
)
_DATES = (
    QueryParameter("earliestUpdatedAt", "Only created or updated at this instant or later."),
    QueryParameter("latestUpdatedAt", "Only created or updated at this instant or before."),
)
_STATUS = QueryParameter("status", "`approved` or `draft`.")
_TAGS = (
    QueryParameter("includeTags", "Whether tags are told.", "boolean"),
    QueryParameter("includeCosts", "Whether costs are told.", "boolean"),
)
_RULES = QueryParameter("includeRules", "Whether the rules are told.", "boolean")
_TAG = (
    QueryParameter("tagType", "Type of the tag.", is_required=True),
    QueryParameter("tagValue", "Value of the tag.", is_required=True),
)
_PROGRAM_FILTERS = (
    QueryParameter("status", "Only in this status."),
    QueryParameter("filterType", "`id`, `programId`, `name`, `folderId` or `workspace`."),
    QueryParameter("filterValues", "Values for `filterType`, comma separated."),
)
_RECORDS = (
    QueryParameter("id", "Only these ids, comma separated."),
    QueryParameter("name", "Only these names, comma separated."),
    QueryParameter("programName", "Only inside programs of these names, comma separated."),
    QueryParameter("workspaceName", "Only in workspaces of these names; there is `Default`."),
)


def asset_routes() -> tuple[Route, ...]:
    """Lists and campaigns of the lead database, then the asset API."""
    return (
        *_record_routes(),
        *_program_routes(),
        *_static_list_routes(),
        *_smart_list_routes(),
        *_form_routes(),
        *_campaign_routes(),
        *_empty_routes(),
    )


def _record_routes() -> tuple[Route, ...]:
    """What the lead database says of lists and campaigns."""
    paged = ("batchSize", "nextPageToken")
    triggerable = QueryParameter(
        "isTriggerable", "Whether to leave out all but active trigger campaigns.", "boolean"
    )
    return (
        _route(
            "/rest/v1/lists.json",
            list_endpoints.browse_lists,
            _operation("getLists", "Static Lists", "List static lists", ListItem, _RECORDS, paged),
            _READ_LEADS,
        ),
        _route(
            "/rest/v1/lists/{listId}.json",
            list_endpoints.list_by_id,
            _operation("getListById", "Static Lists", "Get a static list", ListItem),
            _READ_LEADS,
        ),
        _route(
            "/rest/v1/campaigns.json",
            campaign_endpoints.browse_campaigns,
            _operation(
                "getCampaigns",
                "Campaigns",
                "List campaigns",
                CampaignItem,
                (*_RECORDS, triggerable),
                paged,
            ),
            _READ_CAMPAIGNS,
        ),
        _route(
            "/rest/v1/campaigns/{campaignId}.json",
            campaign_endpoints.campaign_by_id,
            _operation("getCampaignById", "Campaigns", "Get a campaign", CampaignItem),
            _READ_CAMPAIGNS,
        ),
    )


def _program_routes() -> tuple[Route, ...]:
    endpoints = asset_program_endpoints
    return (
        _asset(
            "program/byName",
            endpoints.program_by_name,
            _operation("getProgramByName", "Programs", "Get a program by name", ProgramItem,
                       (_NAME, *_TAGS)),
        ),
        _asset(
            "program/byTag",
            endpoints.programs_by_tag,
            _operation("getProgramsByTag", "Programs", "Get programs by tag", ProgramItem,
                       (*_TAG, *_WINDOW)),
        ),
        _asset(
            "program/{id}",
            endpoints.program_by_id,
            _operation("getProgramById", "Programs", "Get a program", ProgramItem),
        ),
        _asset(
            "programs",
            endpoints.browse_programs,
            _operation("browsePrograms", "Programs", "List programs", ProgramItem,
                       (*_PROGRAM_FILTERS, *_DATES, *_WINDOW)),
        ),
        _asset(
            "program/{id}/smartList",
            asset_list_endpoints.smart_list_of_program,
            _operation("getSmartListOfProgram", "Programs", "Get the smart list of a program",
                       SmartListItem, (_RULES,)),
        ),
        _asset(
            "channels",
            endpoints.channels,
            _operation("getChannels", "Programs", "List channels", ChannelItem, _WINDOW),
        ),
        _asset(
            "channel/byName",
            endpoints.channel_by_name,
            _operation("getChannelByName", "Programs", "Get a channel by name", ChannelItem,
                       (_NAME,)),
        ),
    )  # fmt: skip


def _static_list_routes() -> tuple[Route, ...]:
    endpoints, changes, tag = asset_list_endpoints, static_list_changes, "Static Lists"
    return (
        _asset(
            "staticList/byName",
            endpoints.static_lists_by_name,
            _operation("getStaticListByName", tag, "Get static lists by name", StaticListItem,
                       (_NAME,)),
        ),
        _asset(
            "staticList/{id}",
            endpoints.static_list_by_id,
            _operation("getStaticListById", tag, "Get a static list as an asset", StaticListItem),
        ),
        _asset(
            "staticLists",
            endpoints.browse_static_lists,
            _operation("getStaticLists", tag, "List static lists as assets", StaticListItem,
                       (_FOLDER, *_DATES, *_WINDOW)),
        ),
        _change(
            "staticLists",
            changes.create_static_list,
            _operation("createStaticList", tag, "Create a static list", StaticListItem,
                       body=StaticListForm),
        ),
        _change(
            "staticList/{id}",
            changes.update_static_list,
            _operation("updateStaticList", tag, "Rename or describe a static list",
                       StaticListItem, body=StaticListChange),
        ),
        _change(
            "staticList/{id}/delete",
            changes.delete_static_list,
            _operation("deleteStaticList", tag, "Delete a static list", AssetId),
        ),
    )  # fmt: skip


def _smart_list_routes() -> tuple[Route, ...]:
    endpoints, tag = asset_list_endpoints, "Smart Lists"
    return (
        _asset(
            "smartList/byName",
            endpoints.smart_lists_by_name,
            _operation("getSmartListByName", tag, "Get smart lists by name", SmartListItem,
                       (_NAME,)),
        ),
        _asset(
            "smartList/{id}",
            endpoints.smart_list_by_id,
            _operation("getSmartListById", tag, "Get a smart list", SmartListItem, (_RULES,)),
        ),
        _asset(
            "smartLists",
            endpoints.browse_smart_lists,
            _operation("getSmartLists", tag, "List smart lists", SmartListItem,
                       (_FOLDER, *_DATES, *_WINDOW)),
        ),
    )  # fmt: skip


def _form_routes() -> tuple[Route, ...]:
    endpoints, tag = asset_list_endpoints, "Forms"
    return (
        _asset(
            "form/byName",
            endpoints.forms_by_name,
            _operation("getFormByName", tag, "Get forms by name", FormItem,
                       (_NAME, _STATUS, _FOLDER)),
        ),
        _asset(
            "form/{id}",
            endpoints.form_by_id,
            _operation("getFormById", tag, "Get a form", FormItem, (_STATUS,)),
        ),
        _asset(
            "form/{id}/fields",
            endpoints.fields_of_form,
            _operation("getFieldsOfForm", tag, "Get the fields of a form", FormFieldItem),
        ),
        _asset(
            "forms",
            endpoints.browse_forms,
            _operation("getForms", tag, "List forms", FormItem,
                       (_STATUS, _FOLDER, *_DATES, *_WINDOW)),
        ),
    )  # fmt: skip


def _campaign_routes() -> tuple[Route, ...]:
    endpoints, tag = asset_program_endpoints, "Campaigns"
    active = QueryParameter("isActive", "Only active ones, or only others.", "boolean")
    return (
        _asset(
            "smartCampaign/byName",
            endpoints.smart_campaign_by_name,
            _operation("getSmartCampaignByName", tag, "Get smart campaigns by name",
                       SmartCampaignItem, (_NAME,)),
        ),
        _asset(
            "smartCampaign/{id}",
            endpoints.smart_campaign_by_id,
            _operation("getSmartCampaignById", tag, "Get a smart campaign", SmartCampaignItem),
        ),
        _asset(
            "smartCampaign/{id}/smartList",
            asset_list_endpoints.smart_list_of_campaign,
            _operation("getSmartListOfSmartCampaign", tag, "Get the smart list of a campaign",
                       SmartListItem, (_RULES,)),
        ),
        _asset(
            "smartCampaigns",
            endpoints.browse_smart_campaigns,
            _operation("getSmartCampaigns", tag, "List smart campaigns", SmartCampaignItem,
                       (_FOLDER, active, *_DATES, *_WINDOW)),
        ),
    )  # fmt: skip


def _empty_routes() -> tuple[Route, ...]:
    """Kinds of asset that clients ask for and that there are none of."""
    return tuple(
        _asset(
            path,
            asset_program_endpoints.no_assets,
            _operation(stem, "Other Assets", f"{summary}: there are none", AssetId),
        )
        for path, stem, summary in (
            ("segmentation", "getSegmentations", "List segmentations"),
            ("emails", "getEmails", "List e-mails"),
            ("folder/{id}/tokens", "getTokensOfFolder", "List the tokens of a folder"),
        )
    )


def _operation(
    stem: str,
    tag: str,
    summary: str,
    item: type[Struct],
    query: tuple[QueryParameter, ...] = (),
    parameters: tuple[str, ...] = (),
    *,
    body: type[Struct] | None = None,
) -> Operation:
    return Operation(
        id_stem=stem,
        tag=tag,
        summary=summary,
        description=f"{summary}.",
        item=item,
        query=query,
        parameters=parameters,
        body_schema=body,
    )


def _route(
    path: str,
    endpoint: Callable[[Call], Reply],
    operation: Operation,
    permissions: frozenset[Permission],
    method: str = "GET",
) -> Route:
    return Route(
        path=path,
        methods=(method,),
        endpoint=endpoint,
        permissions=permissions,
        body_rule=BodyRule.IGNORED if method == "GET" else BodyRule.FORM,
        operation=operation,
    )


def _asset(path: str, endpoint: Callable[[Call], Reply], operation: Operation) -> Route:
    return _route(f"{ASSET_API}v1/{path}.json", endpoint, operation, _READ_ASSETS)


def _change(path: str, endpoint: Callable[[Call], Reply], operation: Operation) -> Route:
    return _route(f"{ASSET_API}v1/{path}.json", endpoint, operation, _WRITE_ASSETS, "POST")
