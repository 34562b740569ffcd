"""The one table of routes: what is served, to whom, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.api.activity_routes import activity_routes
from tailrace.api.activity_type_routes import activity_type_routes
from tailrace.api.asset_routes import asset_routes
from tailrace.api.export_endpoints import ExportEndpoints
from tailrace.api.identity_endpoint import grant_token
from tailrace.api.import_routes import import_routes
from tailrace.api.ingest_routes import ingest_routes
from tailrace.api.lead_routes import lead_routes
from tailrace.api.list_member_routes import list_member_routes
from tailrace.api.operation_pages import operation_routes
from tailrace.api.pages import page_routes
from tailrace.api.program_routes import program_routes
from tailrace.api.route import BodyRule, Operation, Route, RouteTable
from tailrace.api.statistics_routes import statistics_routes
from tailrace.domain.export_job import FAMILY_PERMISSIONS, ObjectFamily

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call


def all_routes() -> RouteTable:
    """Every route: the API, the pages that describe it, and those for who operates it."""
    return RouteTable((*api_routes(), *page_routes(api_routes()), *operation_routes()))


def api_routes() -> tuple[Route, ...]:
    """The routes that the OpenAPI document describes, in its order."""
    return (
        _IDENTITY,
        *(route for words in _FAMILIES for route in _export_routes(words)),
        *lead_routes(),
        *list_member_routes(),
        *import_routes(),
        *activity_routes(),
        *activity_type_routes(),
        *asset_routes(),
        *program_routes(),
        *statistics_routes(),
        *ingest_routes(),
    )


_IDENTITY = Route(
    path="/identity/oauth/token",
    methods=("GET", "POST"),
    endpoint=grant_token,
    permissions=None,
    body_rule=BodyRule.FORM,
    operation=Operation(
        id_stem="identity",
        tag="Identity",
        summary="Get an access token",
        description=(
            "Exchanges the credentials of a custom service for an access token. Asking again "
            "before it expires gives the same token with the time it has left. Credentials may "
            "also be sent as HTTP Basic. Not counted against any call limit."
        ),
        responses={200: "Token", 400: "TokenRefused", 401: "TokenRefused"},
        body_schema="IdentityRequest",
    ),
)


@dataclass(frozen=True, slots=True)
class _FamilyWords:
    """How one object family is called in the document."""

    family: ObjectFamily
    #: As in operation ids: `getExport<plural>UsingGET`.
    plural: str
    #: As in schema names: `Export<singular>Request`.
    singular: str
    example: object

    @property
    def tag(self) -> str:
        return f"Bulk Export {self.plural}"


_FAMILIES = (
    _FamilyWords(
        ObjectFamily.ACTIVITIES,
        "Activities",
        "Activity",
        {
            "format": "CSV",
            "filter": {
                "createdAt": {"startAt": "2026-07-01T00:00:00Z", "endAt": "2026-07-31T23:59:59Z"},
                "activityTypeIds": [1, 12, 13],
            },
        },
    ),
    _FamilyWords(
        ObjectFamily.LEADS,
        "Leads",
        "Lead",
        {
            "format": "CSV",
            "fields": ["id", "email", "firstName", "lastName"],
            "columnHeaderNames": {"firstName": "First Name", "lastName": "Last Name"},
            "filter": {
                "createdAt": {"startAt": "2026-07-01T00:00:00Z", "endAt": "2026-07-31T23:59:59Z"}
            },
        },
    ),
)

_JOB_CALL = "The job may be named by the API user who created it, and by nobody else."


def _export_routes(words: _FamilyWords) -> tuple[Route, ...]:
    endpoints = ExportEndpoints(words.family)
    singular, plural = words.singular, words.plural
    return (
        _list_route(words, endpoints),
        _route(
            words,
            "/create.json",
            ("POST",),
            endpoints.create,
            Operation(
                id_stem=f"createExport{plural}",
                tag=words.tag,
                summary=f"Create an export {singular.lower()} job",
                description=(
                    "Creates a job that is not running yet and takes no place in the queue. "
                    "Enqueue it to have its file made. At most 31 days of data per job."
                ),
                responses={200: "Job"},
                body_schema=f"Export{singular}Request",
                body_example=words.example,
            ),
            BodyRule.JSON,
        ),
        *(_job_route(words, *step) for step in _job_steps(endpoints)),
        _file_route(words, endpoints),
    )


def _route(
    words: _FamilyWords,
    path: str,
    methods: tuple[str, ...],
    endpoint: Callable[[Call], Reply],
    operation: Operation,
    body_rule: BodyRule = BodyRule.IGNORED,
    *,
    is_polled: bool = False,
) -> Route:
    return Route(
        path=f"/bulk/v1/{words.family.value}/export{path}",
        methods=methods,
        endpoint=endpoint,
        permissions=FAMILY_PERMISSIONS[words.family],
        body_rule=body_rule,
        operation=operation,
        is_polled=is_polled,
    )


def _list_route(words: _FamilyWords, endpoints: ExportEndpoints) -> Route:
    operation = Operation(
        id_stem=f"getExport{words.plural}",
        tag=words.tag,
        summary=f"List export {words.singular.lower()} jobs",
        description="The caller's own jobs that were created in the past 7 days, newest first.",
        responses={200: "JobPage"},
        parameters=("status", "batchSize", "nextPageToken"),
    )
    return _route(words, ".json", ("GET",), endpoints.list, operation)


def _job_steps(
    endpoints: ExportEndpoints,
) -> tuple[tuple[str, str, Callable[[Call], Reply], str, str], ...]:
    """Word in the path, method, endpoint, summary and description of each call on one job."""
    return (
        (
            "enqueue",
            "POST",
            endpoints.enqueue,
            "Enqueue the job",
            "Puts a created job at the end of the queue. A body is not needed and is ignored.",
        ),
        (
            "status",
            "GET",
            endpoints.status,
            "Get the job's status",
            "The job as it is now; once it is completed, with the size, rows and SHA-256 of its "
            "file. Available for 30 days after the job has finished.",
        ),
        (
            "cancel",
            "POST",
            endpoints.cancel,
            "Cancel the job",
            "Calls off a job that has not finished. A body is not needed and is ignored.",
        ),
    )


def _job_route(
    words: _FamilyWords,
    step: str,
    method: str,
    endpoint: Callable[[Call], Reply],
    summary: str,
    description: str,
) -> Route:
    verb = "get" if method == "GET" else step
    suffix = step.capitalize() if method == "GET" else ""
    operation = Operation(
        id_stem=f"{verb}Export{words.plural}{suffix}",
        tag=words.tag,
        summary=summary,
        description=f"{description} {_JOB_CALL}",
        responses={200: "Job"},
    )
    path = f"/{{exportId}}/{step}.json"
    return _route(words, path, (method,), endpoint, operation, is_polled=step == "status")


def _file_route(words: _FamilyWords, endpoints: ExportEndpoints) -> Route:
    operation = Operation(
        id_stem=f"getExport{words.plural}File",
        tag=words.tag,
        summary="Download the file",
        description=(
            "The file of a completed job, whole or a byte range of it, for 7 days. An interrupted "
            "download goes on from byte n with `Range: bytes=n-`; the ETag is the file's SHA-256, "
            f"so `If-Range` makes sure that it is the same file. {_JOB_CALL}"
        ),
        responses={
            200: "File",
            206: "FilePart",
            304: "FileNotModified",
            404: "FileNotFound",
            412: "FileChanged",
            416: "RangeNotSatisfiable",
        },
        parameters=("Range", "If-Range", "If-None-Match", "If-Match"),
    )
    methods = ("GET", "HEAD")
    path = "/{exportId}/file.json"
    return _route(words, path, methods, endpoints.file, operation, is_polled=True)
