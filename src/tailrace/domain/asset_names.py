"""Names of assets inside programs, and which of them a primary attribute filter means.

Theory of operation: the activity log stores the name of a list or form with the whole chain of
programs that holds it (`Parent.Child.List 1`) and the name of a program alone. Because dots may
stand inside any name, nothing here takes a name apart: every asset offers the spellings it may
be called by, and a given string either equals one of them or it does not (contract section 5.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class AssetName:
    #: Names of the programs around it, outermost first; empty for one in a folder.
    program_chain: tuple[str, ...]
    name: str
    #: Whether it is a program: stored by its plain name.
    is_program: bool = False

    @property
    def stored(self) -> str:
        """The text that the activity log holds."""
        return self.name if self.is_program else ".".join((*self.program_chain, self.name))

    @property
    def spellings(self) -> frozenset[str]:
        """Every text that means this asset in a filter."""
        chain = self.program_chain
        # An asset inside a program always carries a program's name; a program may stand alone.
        shortest = len(chain) if self.is_program or not chain else len(chain) - 1
        return frozenset(".".join((*chain[start:], self.name)) for start in range(shortest + 1))


def stored_names(given: Iterable[str], assets: Iterable[AssetName]) -> frozenset[str]:
    """What to look for in the log: the given texts as they are, and the assets they may mean."""
    wanted = frozenset(given)
    return wanted | {asset.stored for asset in assets if not wanted.isdisjoint(asset.spellings)}
