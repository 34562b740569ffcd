"""The six calls of a bulk export, the same for every object family (contract section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.api.envelope import success_response
from tailrace.api.file_response import file_reply
from tailrace.api.job_document import job_document
from tailrace.api.paging import batch_size
from tailrace.api.request import decode_json
from tailrace.domain.errors import InvalidJsonError, ParameterValueError
from tailrace.domain.job_state import JobState
from tailrace.domain.paging import position_of, position_token
from tailrace.store.remembered import NotRememberedError

if TYPE_CHECKING:
    from starlette.responses import Response

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call
    from tailrace.domain.export_job import ExportJob, ObjectFamily

#: By every spelling in lower case; the prose of the API's documentation has one l.
_STATES = {state.value.lower(): state for state in JobState} | {"canceled": JobState.CANCELLED}


@dataclass(frozen=True, slots=True)
class ExportEndpoints:
    family: ObjectFamily

    def list(self, call: Call) -> Response:
        """The caller's jobs, newest first, a page at a time."""
        parameters = call.request.parameters
        states = frozenset(_state(text) for text in parameters.pieces("status"))
        token = parameters.first("nextPageToken")
        position = None if token is None else position_of(token)
        page = call.application.jobs.list(
            call.caller, self.family, states, batch_size(parameters), position
        )
        after = page.next_position
        return success_response(
            call.request_id,
            [job_document(job) for job in page.jobs],
            next_page_token=None if after is None else position_token(after),
        )

    def create(self, call: Call) -> Response:
        """A new job, not running yet."""
        try:
            body = decode_json(call.request.body)
        except InvalidJsonError:
            # It is refused as any body that is no object, but the quota comes first (section 3.4).
            body = None
        return _job_response(call, call.application.jobs.create(call.caller, self.family, body))

    def enqueue(self, call: Call) -> Response:
        """The job, from now on in the queue."""
        jobs = call.application.jobs
        return _job_response(call, jobs.enqueue(call.caller, self.family, _export_id(call)))

    def cancel(self, call: Call) -> Response:
        """The job, called off."""
        jobs = call.application.jobs
        return _job_response(call, jobs.cancel(call.caller, self.family, _export_id(call)))

    def status(self, call: Call) -> Response:
        """The job as it is now."""
        jobs = call.application.jobs
        return _job_response(call, jobs.status(call.caller, self.family, _export_id(call)))

    def file(self, call: Call) -> Reply:
        """The bytes of the job's result file, or the part that the request asks for."""
        application = call.application
        result = application.jobs.result_file(call.caller, self.family, _export_id(call))
        may_wait = not application.database.is_closed_to_this_call
        if not (may_wait or application.files.opens_at_once):
            raise NotRememberedError
        opened = application.files.open(call.caller.subscription_id, result.name)
        return file_reply(opened, result, call.request, may_wait=may_wait)


def _job_response(call: Call, job: ExportJob) -> Response:
    return success_response(call.request_id, [job_document(job)])


def _export_id(call: Call) -> str:
    return call.path_values["exportId"]


def _state(text: str) -> JobState:
    state = _STATES.get(text.lower())
    if state is None:
        raise ParameterValueError(value=text, parameter="status")
    return state
