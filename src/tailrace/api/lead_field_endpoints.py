"""What a lead consists of: its fields, described in three ways, and its partition (section 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tailrace.api.envelope import success_response
from tailrace.api.lead_pages import last_id_before, token_after
from tailrace.api.paging import batch_size
from tailrace.api.record_outcomes import reason_document
from tailrace.api.request import decode_json
from tailrace.domain.errors import FieldNotFoundError, ParameterError
from tailrace.domain.lead_field_request import field_records, new_lead_field
from tailrace.domain.lead_fields import DataType
from tailrace.domain.lead_lookup import PARTITION_ID, PARTITION_NAME, lookup_fields
from tailrace.store.lead_fields import create_requested_field, own_field_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row
    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.lead_fields import LeadField


class FieldAccess(msgspec.Struct, rename="camel"):
    name: str
    read_only: bool


class DescribedField(msgspec.Struct, rename="camel", omit_defaults=True):
    id: int
    display_name: str
    #: Score fields are integers here.
    data_type: str
    #: Not there for a field that exports do not take: clients ask for whatever has one.
    rest: FieldAccess | msgspec.UnsetType
    length: int | None = None
    soap: FieldAccess | None = None


class UpdateableField(msgspec.Struct, rename="camel"):
    name: str
    display_name: str
    data_type: str
    updateable: bool
    crm_managed: bool
    length: int | msgspec.UnsetType = msgspec.UNSET


class LeadDescription(msgspec.Struct, rename="camel"):
    name: str
    searchable_fields: list[list[str]]
    fields: list[UpdateableField]


class SchemaField(msgspec.Struct, rename="camel"):
    display_name: str
    name: str
    description: str | None
    data_type: str
    is_hidden: bool
    is_html_encoding_in_email: bool
    is_sensitive: bool
    is_custom: bool
    is_api_created: bool
    length: int | msgspec.UnsetType = msgspec.UNSET


class NewSchemaField(msgspec.Struct, rename="camel", omit_defaults=True):
    display_name: str
    name: str
    data_type: str
    description: str | None = None
    is_hidden: bool = False
    is_sensitive: bool = False


class CreateFieldsRequest(msgspec.Struct, rename="camel"):
    input: list[NewSchemaField]


class CreatedField(msgspec.Struct, rename="camel", omit_defaults=True):
    name: str | None
    status: str
    reasons: list[dict[str, str]] | None = None


class PartitionRecord(msgspec.Struct):
    id: int
    name: str
    description: str


def describe(call: Call) -> Response:
    """Every field with its REST and SOAP names."""
    rules = call.application.subscriptions.rules(call.caller.subscription_id)
    is_sharing = rules.settings.audience_sharing
    return success_response(
        call.request_id, [_described(field, is_sharing=is_sharing) for field in rules.lead_fields]
    )


def describe_again(call: Call) -> Response:
    """Every field by REST name, and those that leads are looked up by."""
    fields = call.application.subscriptions.lead_fields(call.caller.subscription_id)
    description = LeadDescription(
        name="API Lead",
        searchable_fields=[[field.name] for field in lookup_fields(fields)],
        fields=[_updateable(field) for field in fields],
    )
    return success_response(call.request_id, [description])


def schema_fields(call: Call) -> Response:
    """The fields as an administrator sees them, a page at a time."""
    size, after = batch_size(call.request.parameters), last_id_before(call.request.parameters)
    fields = call.application.subscriptions.lead_fields(call.caller.subscription_id)
    rest = sorted((one for one in fields if one.id > after), key=lambda one: one.id)
    is_last = len(rest) <= size
    return success_response(
        call.request_id,
        _schema_records(call, rest[:size]),
        next_page_token=None if is_last else token_after(rest[size - 1].id),
        more_result=not is_last,
    )


def schema_field(call: Call) -> Response:
    """One field by its REST name."""
    name = call.path_values["fieldName"]
    fields = call.application.subscriptions.lead_fields(call.caller.subscription_id)
    field = fields.find(name)
    if field is None:
        raise FieldNotFoundError(name)
    return success_response(call.request_id, _schema_records(call, [field]))


def create_fields(call: Call) -> Response:
    """New fields of the subscription's own; one that cannot be made is skipped alone."""
    records = field_records(decode_json(call.request.body))
    with call.application.database.write() as connection:
        outcomes = [_create(connection, call, record) for record in records]
    return success_response(call.request_id, outcomes)


def partitions(call: Call) -> Response:
    """The one lead partition of every subscription."""
    record = PartitionRecord(PARTITION_ID, PARTITION_NAME, "The partition of every lead")
    return success_response(call.request_id, [record])


def _create(connection: Connection, call: Call, record: dict[str, object]) -> CreatedField:
    given = record.get("name")
    name = given if isinstance(given, str) else None
    try:
        requested = new_lead_field(record)
        create_requested_field(connection, call.caller.subscription_id, requested)
    except ParameterError as error:
        return CreatedField(name, "skipped", [reason_document(error)])
    return CreatedField(requested.name, "created")


def _described(field: LeadField, *, is_sharing: bool) -> DescribedField:
    is_exported = field.is_exported(has_audience_sharing=is_sharing)
    return DescribedField(
        id=field.id,
        display_name=field.display_name,
        data_type=_described_type(field),
        length=field.length,
        rest=FieldAccess(field.name, field.read_only) if is_exported else msgspec.UNSET,
        soap=None if field.soap_name is None else FieldAccess(field.soap_name, field.read_only),
    )


def _updateable(field: LeadField) -> UpdateableField:
    return UpdateableField(
        name=field.name,
        display_name=field.display_name,
        data_type=_described_type(field),
        length=msgspec.UNSET if field.length is None else field.length,
        updateable=not field.read_only,
        crm_managed=False,
    )


def _described_type(field: LeadField) -> str:
    return (DataType.INTEGER if field.data_type is DataType.SCORE else field.data_type).value


def _schema_records(call: Call, fields: Sequence[LeadField]) -> list[SchemaField]:
    with call.application.database.read() as connection:
        rows = own_field_rows(connection, call.caller.subscription_id)
    return [_schema_record(field, rows.get(field.id)) for field in fields]


def _schema_record(field: LeadField, row: Row[Any] | None) -> SchemaField:
    return SchemaField(
        display_name=field.display_name,
        name=field.name,
        description=None if row is None else row.description,
        data_type=field.data_type.value,
        length=msgspec.UNSET if field.length is None else field.length,
        is_hidden=row is not None and row.is_hidden,
        is_html_encoding_in_email=True,
        is_sensitive=row is not None and row.is_sensitive,
        is_custom=field.is_custom,
        is_api_created=row is not None and row.is_api_created,
    )
