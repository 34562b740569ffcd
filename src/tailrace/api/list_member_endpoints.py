"""Members of static lists: shown, asked about, added, removed (contract sections 6.6 and 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.envelope import success_response
from tailrace.api.lead_documents import ShownFields
from tailrace.api.lead_ids import lead_ids
from tailrace.api.lead_pages import id_in_text, last_id_before, token_after
from tailrace.api.lead_write_endpoints import RecordOutcome, change_cause, skipped
from tailrace.api.paging import batch_size
from tailrace.domain.errors import (
    LeadNotFoundError,
    LeadNotInListError,
    ObjectNotFoundError,
    ScalarTypeError,
)
from tailrace.store.lead_lookup import read_leads
from tailrace.store.list_members import MemberList
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from tailrace.api.route import Call


def members(call: Call) -> Response:
    """The leads in a list, by id, a page at a time."""
    parameters, subscription_id = call.request.parameters, call.caller.subscription_id
    catalogue = call.application.subscriptions.lead_fields(subscription_id)
    shown = ShownFields.asked_for(parameters, catalogue)
    size, after = batch_size(parameters), last_id_before(parameters)
    with call.application.database.read() as connection:
        ids = _list(connection, call).page(after, size + 1)
        found = read_leads(connection, subscription_id, ids[:size], shown.fields)
    return success_response(
        call.request_id,
        shown.documents(found),
        next_page_token=token_after(ids[size - 1]) if len(ids) > size else None,
    )


def is_member(call: Call) -> Response:
    """Which of some leads are in a list."""
    with call.application.database.read() as connection:
        asked = _list(connection, call)
        ids = lead_ids(call.request)
        leads, inside = asked.existing_leads(ids), asked.members(ids)
    return success_response(
        call.request_id,
        [
            RecordOutcome(one, "memberof" if one in inside else "notmemberof")
            if one in leads
            else skipped(one, LeadNotFoundError())
            for one in ids
        ],
    )


def add_members(call: Call) -> Response:
    """Leads added to a list; who is in it already is called added as well."""
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        changed = _list(connection, call)
        ids = lead_ids(call.request)
        leads = changed.existing_leads(ids)
        changed.add([one for one in ids if one in leads], change_cause(call, "addToList"))
    return success_response(
        call.request_id,
        [
            RecordOutcome(one, "added") if one in leads else skipped(one, LeadNotFoundError())
            for one in ids
        ],
    )


def remove_members(call: Call) -> Response:
    """Leads removed from a list."""
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        changed = _list(connection, call)
        ids = lead_ids(call.request)
        leads, inside = changed.existing_leads(ids), changed.members(ids)
        changed.remove([one for one in ids if one in inside], change_cause(call, "removeFromList"))
    outcomes: list[RecordOutcome] = []
    for one in ids:
        if one not in leads:
            outcomes.append(skipped(one, LeadNotFoundError()))
        elif one not in inside:
            outcomes.append(skipped(one, LeadNotInListError()))
        else:
            outcomes.append(RecordOutcome(one, "removed"))
            # A second record of the same id finds it gone.
            inside.discard(one)
    return success_response(call.request_id, outcomes)


def _list(connection: Connection, call: Call) -> MemberList:
    """The list that the path names. Raises ObjectNotFoundError."""
    try:
        list_id = id_in_text(call.path_values["listId"])
    except ScalarTypeError as error:
        raise ObjectNotFoundError from error
    return MemberList(connection, call.caller.subscription_id, list_id)
