"""Routes of leads and of what is said about them (contract sections 6.1, 6.5, 7.1 and 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api import lead_endpoints, lead_field_endpoints, lead_write_endpoints
from tailrace.api.lead_documents import LeadRecord
from tailrace.api.route import BodyRule, Operation, QueryParameter, Route
from tailrace.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call

LEAD_READ = frozenset({Permission.READ_ONLY_LEAD, Permission.READ_WRITE_LEAD})
LEAD_WRITE = frozenset({Permission.READ_WRITE_LEAD})

TAG = "Leads"

FIELDS = QueryParameter("fields", "REST names of the fields to show, with commas.")
BATCH_SIZE = QueryParameter(
    "batchSize", "Records on a page: 300 at most, and by default.", "integer"
)
PAGE = QueryParameter("nextPageToken", "The page that another one told of.")

_FILTER = (
    QueryParameter("filterType", "Field to look leads up by.", is_required=True),
    QueryParameter("filterValues", "At most 300 values, with commas.", is_required=True),
    FIELDS,
    BATCH_SIZE,
    PAGE,
)


def lead_routes() -> tuple[Route, ...]:
    """Reading leads and their fields, and writing them."""
    return (*_field_routes(), *_lookup_routes(), *_writing_routes())


def _field_routes() -> tuple[Route, ...]:
    fields = lead_field_endpoints
    return (
        reading(
            "/rest/v1/leads/describe.json",
            fields.describe,
            Operation(
                id_stem="describe",
                tag=TAG,
                summary="Describe leads",
                description="Every field of a lead, with its id, type, length and names.",
                item=fields.DescribedField,
            ),
        ),
        reading(
            "/rest/v1/leads/describe2.json",
            fields.describe_again,
            Operation(
                id_stem="describe2",
                tag=TAG,
                summary="Describe leads by REST name",
                description="The fields by REST name, and those that leads can be looked up by.",
                item=fields.LeadDescription,
            ),
        ),
        *_schema_routes(),
        reading(
            "/rest/v1/leads/partitions.json",
            fields.partitions,
            Operation(
                id_stem="getLeadPartitions",
                tag=TAG,
                summary="List lead partitions",
                description="Every subscription has one.",
                item=fields.PartitionRecord,
            ),
        ),
    )


def _schema_routes() -> tuple[Route, ...]:
    fields = lead_field_endpoints
    return (
        reading(
            "/rest/v1/leads/schema/fields.json",
            fields.schema_fields,
            Operation(
                id_stem="getLeadFields",
                tag=TAG,
                summary="List lead fields",
                description="The fields as an administrator sees them, by id.",
                item=fields.SchemaField,
                query=(BATCH_SIZE, PAGE),
            ),
        ),
        Route(
            path="/rest/v1/leads/schema/fields.json",
            methods=("POST",),
            endpoint=fields.create_fields,
            permissions=LEAD_WRITE,
            body_rule=BodyRule.JSON,
            operation=Operation(
                id_stem="createLeadFields",
                tag=TAG,
                summary="Create lead fields",
                description="Makes custom fields, at most 100 of them through the API.",
                item=fields.CreatedField,
                body_schema=fields.CreateFieldsRequest,
                body_example={
                    "input": [{"displayName": "Plan", "name": "plan", "dataType": "string"}]
                },
            ),
        ),
        reading(
            "/rest/v1/leads/schema/fields/{fieldName}.json",
            fields.schema_field,
            Operation(
                id_stem="getLeadFieldByName",
                tag=TAG,
                summary="Get a lead field",
                description="One field by its REST name.",
                item=fields.SchemaField,
            ),
        ),
    )


def _lookup_routes() -> tuple[Route, ...]:
    leads = lead_endpoints
    return (
        reading(
            "/rest/v1/lead/{leadId}.json",
            leads.lead_by_id,
            Operation(
                id_stem="getLeadById",
                tag=TAG,
                summary="Get a lead by id",
                description="The lead with the fields that are asked for.",
                item=LeadRecord,
                query=(FIELDS,),
            ),
        ),
        reading(
            "/rest/v1/leads.json",
            leads.leads_by_filter,
            Operation(
                id_stem="getLeadsByFilter",
                tag=TAG,
                summary="Look leads up",
                description=(
                    "The leads that have one of some values in one field, by id. Refused where "
                    "more than 1,000 leads match. A POST with `_method=GET`, in its form body "
                    "too, is the same call."
                ),
                item=LeadRecord,
                query=_FILTER,
            ),
        ),
        *_membership_routes(),
    )


def _membership_routes() -> tuple[Route, ...]:
    leads = lead_endpoints
    return (
        reading(
            "/rest/v1/leads/{leadId}/listMembership.json",
            leads.list_membership,
            Operation(
                id_stem="getListMembership",
                tag=TAG,
                summary="List the lists of a lead",
                description="The static lists that a lead is in, by id.",
                item=leads.ListMembershipRecord,
                query=(BATCH_SIZE, PAGE),
            ),
        ),
        reading(
            "/rest/v1/leads/{leadId}/programMembership.json",
            leads.program_membership,
            Operation(
                id_stem="getProgramMembership",
                tag=TAG,
                summary="List the programs of a lead",
                description="The programs that a lead is in, by id.",
                item=leads.ProgramMembershipRecord,
                query=(BATCH_SIZE, PAGE),
            ),
        ),
    )


_LEAD = {"email": "ada@example.com", "firstName": "Ada", "leadScore": 10}


def _writing_routes() -> tuple[Route, ...]:
    return (
        writing(
            "/rest/v1/leads.json",
            "POST",
            lead_write_endpoints.sync,
            Operation(
                id_stem="syncLead",
                tag=TAG,
                summary="Create and update leads",
                description=(
                    "Applies at most 300 records in their order; a record that cannot be applied "
                    "is skipped alone. `action` is `createOrUpdate`, `createOnly`, `updateOnly` or "
                    "`createDuplicate`. Every change is told to the activity log."
                ),
                item=lead_write_endpoints.RecordOutcome,
                body_schema=lead_write_endpoints.SyncLeadsRequest,
                body_example={"action": "createOrUpdate", "lookupField": "email", "input": [_LEAD]},
            ),
        ),
        writing("/rest/v1/leads.json", "DELETE", lead_write_endpoints.delete, _deletion("Leads")),
        writing(
            "/rest/v1/leads/delete.json",
            "POST",
            lead_write_endpoints.delete,
            _deletion("LeadsByPost"),
        ),
    )


def _deletion(stem: str) -> Operation:
    return Operation(
        id_stem=f"delete{stem}",
        tag=TAG,
        summary="Delete leads",
        description="Deletes leads and their memberships; ids stand in the query, the body or both.",
        item=lead_write_endpoints.RecordOutcome,
        query=(QueryParameter("id", "Lead ids, repeated or with commas; at most 300."),),
        body_schema=lead_write_endpoints.LeadIds,
        body_example={"input": [{"id": 318581}]},
    )


def writing(
    path: str, method: str, endpoint: Callable[[Call], Reply], operation: Operation
) -> Route:
    """A route that changes leads for whoever may write them."""
    return Route(
        path=path,
        methods=(method,),
        endpoint=endpoint,
        permissions=LEAD_WRITE,
        body_rule=BodyRule.JSON,
        operation=operation,
    )


def reading(path: str, endpoint: Callable[[Call], Reply], operation: Operation) -> Route:
    """A route that shows leads to whoever may read them."""
    return Route(
        path=path,
        methods=("GET",),
        endpoint=endpoint,
        permissions=LEAD_READ,
        body_rule=BodyRule.IGNORED,
        operation=operation,
    )
