"""Recognise commits that a branch took from another one by `git cherry-pick`, by what they change."""

from __future__ import annotations

import functools

from .checkout import Checkout
from .objects import GROUND

_FACTS = "--format=%m %H %P %at %ct"
_WITH_ONE_PARENT = 5
"""So many words are in the row of a commit that is no merge."""


class Picked(Checkout):
    """Separates what a branch changes from what was picked into it."""

    @functools.lru_cache(maxsize=64)  # noqa: B019 - a run has one Git, and asks again about the same commits
    def past_picks(self, start: str, head: str, target: str) -> str:
        """Return `start` with what `head` took from `target` commit by commit; `start` where that is nothing.

        A commit was taken where `target` has an older one with the same patch. What `target` no longer holds, because
        it was reverted or changed again there, stays a change of `head`; so does what needs other commits of `head`.
        """
        made_again = [one for one in self._patches(f"{start}..{head}") if one[1] < one[2]]
        if not made_again:
            return start
        marked = self._patches("--cherry-mark", "--left-only", f"{target}...{head}")
        originals = {self.patch_id(f"{sha}^", sha): committed for sha, _, committed in marked}
        ground = start
        for sha, _, committed in made_again:
            if originals.get(self.patch_id(f"{sha}^", sha), committed) < committed:
                tree = self._merged_on(f"{sha}^", ground, sha)
                ground = self._unnamed(tree, start, message=GROUND) if tree else ground
        is_held = ground != start and self._merged_on(start, ground, target) == self.tree_of(target)
        return ground if is_held else start

    def _patches(self, *span: str) -> list[tuple[str, int, int]]:
        """Return commits that are no merge, oldest first: id, when they were written, and when they were committed.

        With `--cherry-mark` only those whose patch is on both sides.
        """
        rows = (row.split(" ") for row in self._git.rows("log", "--reverse", "--topo-order", _FACTS, *span))
        sign = "=" if "--cherry-mark" in span else ">"
        return [(row[1], int(row[3]), int(row[4])) for row in rows if row[0] == sign and len(row) == _WITH_ONE_PARENT]
