"""Routes of the subscription's own activity types and activities (contract section 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api import activity_type_endpoints as endpoints
from tailrace.api.activity_type_endpoints import OwnAttributesRequest, OwnTypeRecord
from tailrace.api.custom_activity_endpoints import (
    AddedActivity,
    CustomActivitiesRequest,
    add_activities,
)
from tailrace.api.route import BodyRule, Operation, QueryParameter, Route
from tailrace.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call

TAG = "Custom activities"

_EXTERNAL = "/rest/v1/activities/external"
_READ = frozenset({Permission.READ_ONLY_ACTIVITY_METADATA, Permission.READ_WRITE_ACTIVITY_METADATA})
_WRITE = frozenset({Permission.READ_WRITE_ACTIVITY_METADATA})

_PRIMARY = {"apiName": "gift", "name": "Gift", "dataType": "string"}
_TYPE_EXAMPLE = {
    "apiName": "giftGiveaway",
    "name": "Gift Giveaway",
    "triggerName": "Gets a gift",
    "filterName": "Got a gift",
    "primaryAttribute": _PRIMARY,
}
_DRAFT = "Changes the draft; what was approved counts until the draft is."


def activity_type_routes() -> tuple[Route, ...]:
    """Own types, and activities of them."""
    return (
        Route(
            path=f"{_EXTERNAL}.json",
            methods=("POST",),
            endpoint=add_activities,
            permissions=frozenset({Permission.READ_WRITE_ACTIVITY}),
            body_rule=BodyRule.JSON,
            operation=Operation(
                id_stem="addCustomActivity",
                tag=TAG,
                summary="Add custom activities",
                description=(
                    "Adds at most 300 activities of approved types of the subscription's own; one "
                    "that cannot be added is skipped alone."
                ),
                item=AddedActivity,
                body_schema=CustomActivitiesRequest,
                body_example={
                    "input": [
                        {
                            "leadId": 1001,
                            "activityDate": "2026-07-01T06:56:35Z",
                            "activityTypeId": 100_001,
                            "primaryAttributeValue": "Teddy bear",
                        }
                    ]
                },
            ),
        ),
        *_reading_routes(),
        *_type_routes(),
        *_attribute_routes(),
    )


def _reading_routes() -> tuple[Route, ...]:
    return (
        _reading(
            "/types",
            endpoints.list_types,
            Operation(
                id_stem="getCustomActivityType",
                tag=TAG,
                summary="List custom activity types",
                description="The subscription's own types, by id.",
                item=OwnTypeRecord,
            ),
        ),
        _reading(
            "/type/{apiName}/describe",
            endpoints.describe,
            Operation(
                id_stem="describeCustomActivityType",
                tag=TAG,
                summary="Describe a custom activity type",
                description="One type as it was approved, or as its draft is.",
                item=OwnTypeRecord,
                query=(QueryParameter("draft", "Whether the draft is wanted.", "boolean"),),
            ),
        ),
    )


def _type_routes() -> tuple[Route, ...]:
    return (
        _writing(
            "/type",
            endpoints.create,
            "createCustomActivityType",
            "Create a custom activity type",
            "Makes a draft of a new type; at most ten types.",
            endpoints.OwnTypeRequest,
            _TYPE_EXAMPLE,
        ),
        _writing(
            "/type/{apiName}",
            endpoints.update,
            "updateCustomActivityType",
            "Change a custom activity type",
            _DRAFT,
            endpoints.OwnTypeRequest,
            {"description": "Who got what"},
        ),
        _writing(
            "/type/{apiName}/approve",
            endpoints.approve,
            "approveCustomActivityType",
            "Approve a custom activity type",
            "The draft counts from now on: activities of the type can be added.",
        ),
        _writing(
            "/type/{apiName}/discardDraft",
            endpoints.discard_draft,
            "discardDraftofCustomActivityType",
            "Discard the draft of a custom activity type",
            "The type is as it was approved; one that never was cannot go back.",
        ),
        _writing(
            "/type/{apiName}/delete",
            endpoints.delete,
            "deleteCustomActivityType",
            "Delete a custom activity type",
            "The type is gone and its id is not used again; its activities stay in the log.",
        ),
    )


def _attribute_routes() -> tuple[Route, ...]:
    return tuple(
        _writing(
            f"/type/{{apiName}}/attributes/{word}",
            endpoint,
            f"{word}CustomActivityTypeAttributes",
            summary,
            f"{_DRAFT} Attributes are known by their API names; at most 20 a type.",
            OwnAttributesRequest,
            {"attributes": [{"apiName": "shop", "name": "Shop", "dataType": "string"}]},
        )
        for word, endpoint, summary in (
            ("create", endpoints.create_attributes, "Add attributes to a custom activity type"),
            ("update", endpoints.update_attributes, "Change attributes of a custom activity type"),
            ("delete", endpoints.delete_attributes, "Take attributes from a custom activity type"),
        )
    )


def _reading(path: str, endpoint: Callable[[Call], Reply], operation: Operation) -> Route:
    return Route(
        path=f"{_EXTERNAL}{path}.json",
        methods=("GET",),
        endpoint=endpoint,
        permissions=_READ,
        body_rule=BodyRule.IGNORED,
        operation=operation,
    )


def _writing(
    path: str,
    endpoint: Callable[[Call], Reply],
    id_stem: str,
    summary: str,
    description: str,
    body_schema: type | None = None,
    body_example: object = None,
) -> Route:
    return Route(
        path=f"{_EXTERNAL}{path}.json",
        methods=("POST",),
        endpoint=endpoint,
        permissions=_WRITE,
        body_rule=BodyRule.JSON,
        operation=Operation(
            id_stem=id_stem,
            tag=TAG,
            summary=summary,
            description=description,
            item=OwnTypeRecord,
            body_schema=body_schema,
            body_example=body_example,
        ),
    )
