"""Writing leads: Sync Leads and Delete Leads (contract sections 7.1 and 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tailrace.api.envelope import success_response
from tailrace.api.lead_ids import lead_ids
from tailrace.api.record_outcomes import reason_document
from tailrace.api.request import decode_json
from tailrace.domain.errors import LeadNotFoundError
from tailrace.domain.lead_sync import parse_sync_request
from tailrace.store.lead_activities import ChangeCause
from tailrace.store.lead_deletion import delete_leads
from tailrace.store.lead_sync import sync_leads
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.errors import TailraceError
    from tailrace.store.lead_sync import SyncOutcome

WEB_SERVICE = "Web service API"


class SyncLeadsRequest(msgspec.Struct, rename="camel", omit_defaults=True):
    #: Objects of values by REST name, at most 300; `null` clears a field.
    input: list[dict[str, str | int | float | bool | None]]
    action: str = "createOrUpdate"
    lookup_field: str = "email"
    partition_name: str | None = None


class LeadId(msgspec.Struct):
    id: int


class LeadIds(msgspec.Struct):
    #: At most 300; ids may as well stand in the query, as `id`.
    input: list[LeadId]


class RecordOutcome(msgspec.Struct, omit_defaults=True):
    """What became of a record: `created`, `updated`, `deleted`, `added`, `removed`, `skipped`."""

    id: int | None = None
    status: str = ""
    #: Why it was skipped.
    reasons: list[dict[str, str]] | None = None


def sync(call: Call) -> Response:
    """Leads created and updated, one outcome a record."""
    application, subscription_id = call.application, call.caller.subscription_id
    fields = application.subscriptions.lead_fields(subscription_id)
    request = parse_sync_request(decode_json(call.request.body, are_fractions_texts=True), fields)
    with application.database.write(records_of(subscription_id)) as connection:
        # Its time is taken within the transaction: readers of the log trust that order.
        cause = change_cause(call, "syncLead")
        outcomes = sync_leads(connection, subscription_id, fields, request, cause)
    return success_response(call.request_id, [_outcome(one) for one in outcomes])


def delete(call: Call) -> Response:
    """Leads deleted, one outcome an id."""
    ids = lead_ids(call.request)
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        deleted = delete_leads(
            connection, call.caller.subscription_id, ids, call.application.clock()
        )
    outcomes: list[RecordOutcome] = []
    for lead_id in ids:
        if lead_id in deleted:
            outcomes.append(RecordOutcome(lead_id, "deleted"))
            # A second record of the same id finds it gone.
            deleted.discard(lead_id)
        else:
            outcomes.append(skipped(lead_id, LeadNotFoundError()))
    return success_response(call.request_id, outcomes)


def change_cause(call: Call, api_method: str) -> ChangeCause:
    """What the log says of changes that this call makes."""
    return ChangeCause(
        at=call.application.clock(),
        source=WEB_SERVICE,
        api_method=api_method,
        user=call.caller.email,
        request_id=call.request_id,
    )


def skipped(lead_id: int | None, error: TailraceError) -> RecordOutcome:
    """The outcome of a record that was not applied."""
    return RecordOutcome(lead_id, "skipped", [reason_document(error)])


def _outcome(outcome: SyncOutcome) -> RecordOutcome:
    if outcome.error is not None:
        return skipped(outcome.lead_id, outcome.error)
    return RecordOutcome(outcome.lead_id, "created" if outcome.is_created else "updated")
