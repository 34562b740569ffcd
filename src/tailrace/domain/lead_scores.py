"""Which lead fields are scores: a change of one is an activity of its own (contract section 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.lead_fields import DataType

if TYPE_CHECKING:
    from tailrace.domain.lead_fields import LeadField

#: describe.json calls standard scores integers.
_STANDARD_SCORES = frozenset({"leadScore", "relativeScore"})


def is_score(field: LeadField) -> bool:
    return field.data_type is DataType.SCORE or field.name in _STANDARD_SCORES
