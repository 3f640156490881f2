"""Choose which commands a change needs, where a plan has commands by path. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.globs import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Case, Commands, Part


@dataclass(frozen=True, slots=True)
class Suite:
    """One test command. It is that of a part of the repository, or of all that has none; that one has no name."""

    name: str
    commands: Commands
    patterns: tuple[str, ...] = ()
    """The paths of the part; empty for all."""
    others: tuple[str, ...] = ()
    """Paths that have tests of their own elsewhere."""

    def has_file(self, path: str) -> bool:
        """Return whether a file of tests is run by this command."""
        return matches(path, self.patterns) if self.patterns else not matches(path, self.others)

    def has(self, case: Case) -> bool:
        """Return whether a test is called by this part."""
        prefix = self.name.replace("/", ".")
        return f"{case.group or case.title}.".startswith((f"{prefix}.", f"{self.name}/"))

    def marked(self, case: Case) -> Case:
        """Return a test with its part in its name, because two parts may have tests of one name."""
        prefix = self.name.replace("/", ".")
        if not prefix or self.has(case):
            return case
        if case.group:
            return replace(case, group=f"{prefix}.{case.group}")
        return replace(case, title=f"{prefix}.{case.title}")


def suites(commands: Commands, paths: Iterable[str] | None = None) -> tuple[Suite, ...]:
    """Return the test commands that a change of these paths needs, in the plan's order; without paths all.

    A part is tested with a change of its own, or of what it depends on. What lies outside of every part, and a part
    without a test command, is tested by the command for all; where the plan has none, what lies outside may matter to
    any part, so that each is tested.
    """
    changed = tuple(paths or ())
    chosen, strays = affected(commands, changed), outside(commands, changed)
    if not changed or (strays and not commands.test):
        chosen = commands.parts
    tested = tuple(part for part in chosen if part.test)
    others = tuple(part.pattern for part in commands.parts if part.test)
    needs_rest = not commands.parts or not changed or strays or len(tested) < len(chosen)
    rest = (Suite("", replace(commands, parts=()), others=others),) if commands.test and needs_rest else ()
    return (*rest, *(_suite(commands, part) for part in tested))


def _suite(commands: Commands, part: Part) -> Suite:
    merged = replace(commands, test=part.test or (), report=part.report or commands.report, parts=())
    return Suite(part.name, merged, (part.pattern,))


def affected(commands: Commands, paths: tuple[str, ...]) -> tuple[Part, ...]:
    """Return the parts that a change of these paths touches, or whose dependencies it touches, however far away."""
    touched = {
        part for part in commands.parts if any(matches(path, (part.pattern, *part.depends_on)) for path in paths)
    }
    while True:
        patterns = {part.pattern for part in touched}
        more = {part for part in commands.parts if part not in touched and patterns & set(part.depends_on)}
        if not more:
            return tuple(part for part in commands.parts if part in touched)
        touched |= more


def outside(commands: Commands, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that no part has or depends on; none where the plan has no commands by path."""
    patterns = tuple(pattern for part in commands.parts for pattern in (part.pattern, *part.depends_on))
    return tuple(path for path in paths if not matches(path, patterns)) if patterns else ()


def by_path(commands: Commands, name: str, files: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield each command called `name` (`lint`, `review`) with its files: those of the parts, then that of the rest."""
    left = dict.fromkeys(files)
    for part in commands.parts:
        command: tuple[str, ...] | None = getattr(part, name)
        chosen_files = tuple(path for path in files if matches(path, (part.pattern,))) if command is not None else ()
        for path in chosen_files:
            left.pop(path, None)
        if command and chosen_files:
            yield command, chosen_files
    if left or not files:
        yield getattr(commands, name), tuple(left)
