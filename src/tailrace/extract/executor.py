"""The seam between an export and whatever renders its fragments elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tailrace.domain.cluster_state import ClusterState
    from tailrace.extract.shard import Shard

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Work(Generic[Item]):
    """One fragment of an export; `item` is the export's own note of which."""

    item: Item
    #: See `shard.packed_task`; None for one that is not to be rendered, but keeps its place.
    packed_task: bytes | None


class FragmentExecutor(Protocol):
    """Renders fragments elsewhere. One serves all exports of a process, from their own threads."""

    def render(
        self,
        works: Iterable[Work[Item]],
        put: Callable[[Item, Shard | None], None],
        check: Callable[[], None],
    ) -> None:
        """Hands over the shard of each work, in their order; None for those without a task.

        Works are asked for only some ahead. `put` may block; what it raises, and what `check`,
        which is called each second at least, raises, ends the rendering. Whatever was begun is
        called off by then. Raises ExportFailedError with a reason, and what reading and rendering raise there:
        LakeUnavailableError, OSError, and RenderingError for any other.
        """
        ...

    def look(self) -> ClusterState | None:
        """What there is to render with; None if it does not answer within two seconds."""
        ...
