"""What became of each record of a write call, in the order of its input (contract section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.wire_errors import ENVELOPE_ERRORS, SYSTEM_ERROR, fill, find_entry

if TYPE_CHECKING:
    from tailrace.domain.errors import TailraceError


def reason_document(error: TailraceError) -> dict[str, str]:
    """Why a record was skipped: code and message of the error that met it."""
    entry = find_entry(ENVELOPE_ERRORS, error) or SYSTEM_ERROR
    return {"code": entry.code, "message": fill(entry.template, error)}
