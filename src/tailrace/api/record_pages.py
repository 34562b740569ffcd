"""Pages of lists and campaigns in the lead database: by ascending id, a token while there is more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.lead_pages import last_id_before, token_after
from tailrace.api.paging import batch_size
from tailrace.domain.assets import WORKSPACE_NAME
from tailrace.store.asset_query import AssetPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.api.parameters import Parameters
    from tailrace.store.asset_query import SomeAsset


def record_page(parameters: Parameters) -> AssetPage:
    """The page asked for, and one record more to see whether another page follows."""
    return AssetPage(batch_size(parameters) + 1, after_id=last_id_before(parameters))


def shown_page(
    found: Sequence[SomeAsset], page: AssetPage
) -> tuple[Sequence[SomeAsset], str | None]:
    """What of it is shown, and the token of the page that follows, if one does."""
    assert page.count is not None
    shown = found[: page.count - 1]
    is_more = len(found) > len(shown)
    return shown, token_after(shown[-1].id) if is_more else None


def is_workspace_wanted(parameters: Parameters) -> bool:
    """Whether `workspaceName` names the only workspace, or none at all."""
    wanted = {name.lower() for name in parameters.pieces("workspaceName")}
    return not wanted or WORKSPACE_NAME.lower() in wanted
