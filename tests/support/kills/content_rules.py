"""Rules on activities and on what is in files of exports."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.support.kills.aftermath import SENT_TYPE
from tests.support.kills.history import Action, Export, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.kills.evidence import Evidence
    from tests.support.kills.history import Call


def downloads_are_the_file(evidence: Evidence) -> Iterator[str]:
    """Now and for ever: what was downloaded, what a status told, and the row are the same."""
    for export_id, calls in evidence.by_job.items():
        row = evidence.after.jobs.get(export_id)
        told = {(call.sha256, call.size_bytes) for call in calls if call.sha256}
        came = {
            (call.value, call.size_bytes)
            for call in calls
            if call.action is Action.DOWNLOAD and call.outcome is Outcome.DONE
        }
        kept = None if row is None else (row.sha256, row.size_bytes)
        if any(one != kept for one in told | came):
            yield f"the file of job {export_id} is told as {told}, came as {came}, and is {kept}"


def completed_files_can_be_had(evidence: Evidence) -> Iterator[str]:
    for export_id, calls in evidence.by_job.items():
        seen = [call.ended for call in calls if call.sha256]
        completed_at = min(seen, default=evidence.end)
        for call in calls:
            is_late = call.began > completed_at
            if call.action is Action.DOWNLOAD and call.outcome is Outcome.REFUSED and is_late:
                yield f"the file of job {export_id} could not be had after it was completed"


def activities_are_there_once(evidence: Evidence) -> Iterator[str]:
    there = Counter(one.mark for one in evidence.after.activities if one.type_id == SENT_TYPE)
    guids = Counter(one.guid for one in evidence.after.activities)
    for guid, count in guids.items():
        if count > 1:
            yield f"activity {guid} is there {count} times"
    for key, calls in _batches(evidence).items():
        counts = {there.pop(mark, 0) for mark in calls[0].marks}
        is_acknowledged = any(call.outcome is Outcome.DONE for call in calls)
        if counts not in ([{1}] if is_acknowledged else [{0}, {1}]):
            yield f"batch {key} ({'' if is_acknowledged else 'not '}acknowledged): {counts}"
    for mark in there:
        if mark is not None:
            yield f"nobody has sent the activity {mark}"


def activity_exports_are_of_one_moment(evidence: Evidence) -> Iterator[str]:
    """They hold what was acknowledged before, each once, and of any batch all or nothing."""
    batches = _batches(evidence)
    for export_id, wanted, asked_at, marks in _files(evidence, "activities"):
        found = Counter(marks)
        if any(count > 1 for count in found.values()):
            yield f"export {export_id} has an activity twice"
        for key, calls in batches.items():
            expected = [mark for mark in calls[0].marks if wanted.holds(mark)]
            there = [mark for mark in expected if found.pop(mark, 0)]
            is_due = any(call.outcome is Outcome.DONE and call.ended < asked_at for call in calls)
            if there != expected and (there or is_due):
                yield f"export {export_id} has {len(there)} of {len(expected)} of batch {key}"
        if found:
            yield f"export {export_id} has activities that nobody sent: {sorted(found)[:3]}"


def lead_exports_hold_what_was_there(evidence: Evidence) -> Iterator[str]:
    written = evidence.done(Action.WRITE_LEAD)
    completed = {
        call.subject: call.ended
        for call in reversed(evidence.done(Action.IMPORT_STATUS))
        if call.value == "Complete"
    }
    imported = [call for call in evidence.done(Action.IMPORT) if call.subject in completed]
    for export_id, _, asked_at, marks in _files(evidence, "leads"):
        if len(set(marks)) != len(marks):
            yield f"export {export_id} has a lead twice"
        due = {call.subject for call in written if call.ended < asked_at}
        for call in imported:
            if completed[call.subject] < asked_at:
                due.update(call.marks)
        if missing := due.difference(marks):
            yield f"export {export_id} lacks {len(missing)} leads, {min(missing)} among them"


def _batches(evidence: Evidence) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = defaultdict(list)
    for call in evidence.effective(Action.INGEST):
        found[call.subject].append(call)
    return found


def _files(evidence: Evidence, family: str) -> Iterator[tuple[str, Export, int, tuple[str, ...]]]:
    """Of each export whose content was looked at: what it was of, when it was asked for, marks."""
    for export_id, calls in evidence.by_job.items():
        if export_id not in evidence.created:
            continue
        wanted = Export.of(evidence.created[export_id])
        looks = [call for call in calls if call.action is Action.DOWNLOAD and call.sha256]
        asked = [
            call.began
            for call in calls
            if call.action is Action.ENQUEUE and call.outcome is not Outcome.REFUSED
        ]
        if wanted.family == family and looks and asked:
            yield export_id, wanted, min(asked), looks[0].marks


CONTENT_RULES: tuple[Callable[[Evidence], Iterable[str]], ...] = (
    downloads_are_the_file,
    completed_files_can_be_had,
    activities_are_there_once,
    activity_exports_are_of_one_moment,
    lead_exports_hold_what_was_there,
)
