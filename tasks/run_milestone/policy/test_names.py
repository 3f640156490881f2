"""Compare names of tests: what people write with what reports hold, and a base's report with a change's. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Case, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Tokens = tuple[str, ...]

_SEPARATORS = re.compile(r"[:/\\.#\s]+|(?<=\s)[>\u203a\u00bb](?=\s)|->")
_EXTENSIONS = frozenset(
    (
        "py",
        "js",
        "ts",
        "jsx",
        "tsx",
        "mjs",
        "cjs",
        "mts",
        "cts",
        "go",
        "rb",
        "rs",
        "java",
        "kt",
        "scala",
        "php",
        "cs",
        "exs",
    )
)
_UNREPORTED = re.compile(r"^(?:(?P<package>(?:[^/:]+/)*)[^/:]+_test\.go|(?:[^/:]+/)*[^/:]+\.rs)::(?P<test>.+)$")
"""A test by its file, which the reports of go (packages) and cargo (modules) leave out."""
_ARGUMENTS = re.compile(r"\([^()]*\)$")
NEAREST = 3
"""How many names of other tests a message offers."""


# ---- what a person names ------------------------------------------------------------------------------------------


def named(test: str, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the tests that `test` means, of a parametrised one every value.

    A person may leave out leading parts (folders, package, class), and a report may leave out the folders above its
    root. What fits exactly counts before what fits in its last parts, and a name with its file before one without.
    """
    ran = tuple(cases)
    return _meant(test, ran) or _meant(_without_file(test), [case for case in ran if not case.file])


def _meant(test: str, cases: Iterable[Case]) -> tuple[Case, ...]:
    spellings = [(_tokens(head), values) for head, values in _splits(test)]
    ranked = [(rank, case) for case in cases if (rank := _rank(spellings, case)) is not None]
    best = min((rank for rank, _ in ranked), default=0)
    return tuple(case for rank, case in ranked if rank == best)


def _without_file(test: str) -> str:
    """Return the name of a Go or Rust test as its report has it, empty where a file is not named."""
    match = _UNREPORTED.match(test)
    return f"{match['package'] or ''}::{match['test']}" if match else ""


def nearest(test: str, cases: Iterable[Case]) -> tuple[str, ...]:
    """Return the names in a report that are most like `test`."""
    import difflib

    wanted = _last(test)
    names = {case.name: _last(case.title) for case in cases}
    ends = difflib.get_close_matches(wanted, list(dict.fromkeys(names.values())), NEAREST, 0.6)
    return tuple([name for end in ends for name, last in names.items() if last == end][:NEAREST])


def why_unproven(test: str, cases: Sequence[Case]) -> str | None:
    """Return why `test` proves nothing, None where it ran and passed."""
    meant = named(test, cases)
    if not meant:
        near = nearest(test, cases)
        return "no test of that name ran" + (f"; nearest: {', '.join(near)}" if near else "")
    for outcome in (Outcome.FAILED, Outcome.SKIPPED):
        count = sum(case.outcome is outcome for case in meant)
        if count:
            how = "failed" if outcome is Outcome.FAILED else "was skipped"
            return f"it {how}" if len(meant) == 1 else f"{count} of its {len(meant)} runs {how}"
    return None


def _splits(test: str) -> Iterator[tuple[str, str | None]]:
    """Yield each way to part a name from its parameters, which may hold any separator."""
    if test.endswith("]"):
        for match in re.finditer(r"\[", test):
            yield test[: match.start()], test[match.start() :]
    yield test, None


def _rank(spellings: Iterable[tuple[Tokens, str | None]], case: Case) -> int | None:
    """Return how well a test fits what a person wrote: 0 exactly, 1 its last parts, 2 below a folder; None not."""
    title, values = base_title(case.title)
    ranks = [
        rank
        for wanted, given in spellings
        if wanted and given in (None, values)
        for held in _held(case, title)
        if (rank := _fit(wanted, held, whole=bool(case.group or case.file))) is not None
    ]
    return min(ranks, default=None)


def _fit(wanted: Tokens, held: Tokens, *, whole: bool) -> int | None:
    if wanted == held:
        return 0
    if held[-len(wanted) :] == wanted:
        return 1
    return 2 if whole and len(held) > 1 and wanted[-len(held) :] == held else None


def _held(case: Case, title: str) -> Iterator[Tokens]:
    """Yield the ways a report tells where a test is: by class, by file, by suite."""
    last = _tokens(title)
    groups = [_tokens(case.group), _tokens(case.file), _tokens(case.suite) + _tokens(case.group)]
    for group in groups:
        if group and group != last:
            yield group + last
    if not any(groups) or case.group == case.title:
        yield last


def base_title(title: str) -> tuple[str, str]:
    """Return a test's title without its parameters, and these: `test_a[1]` is `test_a` and `[1]`."""
    head, bracket, values = title.partition("[")
    if bracket and title.endswith("]") and head:
        return _ARGUMENTS.sub("", head), bracket + values
    return _ARGUMENTS.sub("", title) or title, ""


def _tokens(text: str) -> Tokens:
    parts = [part for part in _SEPARATORS.split(_ARGUMENTS.sub("", text)) if part]
    return tuple(part for part in parts if part not in _EXTENSIONS) or tuple(parts)


def _last(name: str) -> str:
    head = name.partition("[")[0] or name
    return " ".join(_tokens(head.rpartition("::")[2] or head)[-3:]).casefold()


# ---- the base's tests in a change's report ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fewer:
    """Tests of the base that a change's run does not hold as they were."""

    hidden: tuple[str, ...] = ()
    """They did not run, and the change does not show why."""
    removed: tuple[str, ...] = ()
    """They did not run, because the change takes them out where one can read it."""
    skipped: tuple[str, ...] = ()
    """They passed on the base and are skipped now."""


def compare(
    base: Sequence[Case], now: Sequence[Case], removed_lines: Sequence[str], deleted_files: Sequence[str] = ()
) -> Fewer:
    """Return which of the base's tests a run of the change lost. A test that only moved is not lost."""
    uncollected = tuple(f"{case.title}." for case in now if not case.group and case.outcome is Outcome.FAILED)
    before, after = Counter(map(_key, base)), Counter(map(_key, now))
    moved = Counter(
        title for (group, title), many in after.items() for _ in range(many) if (group, title) not in before
    )
    text, gone = "\n".join(removed_lines), {_key(case) for case in base if _is_in(case, deleted_files)}
    hidden, removed = list[str](), list[str]()
    for (group, title), many in before.items():
        left = after[group, title]
        came = min(moved[title], many - left) if left == 0 else 0
        moved[title] -= came
        if left + came >= many or f"{group}.".startswith(uncollected):
            continue
        name = f"{group}::{title}" if group else title
        shown = name if left + came == 0 else f"{name} ({left + came} of {many} cases)"
        (removed if (group, title) in gone or _is_shown(group, title, text) else hidden).append(shown)
    skipped = {case.name for case in now if case.outcome is Outcome.SKIPPED}
    passed = dict.fromkeys(case.name for case in base if case.outcome is Outcome.PASSED)
    return Fewer(tuple(hidden), tuple(removed), tuple(name for name in passed if name in skipped))


def _key(case: Case) -> tuple[str, str]:
    return case.group, base_title(case.title)[0]


def _is_in(case: Case, files: Sequence[str]) -> bool:
    """Return whether a test lies in one of these files: its report names the file, or a group that is called by it."""
    places = {case.file, case.group} - {""}
    stems = {file.rpartition(".")[0].replace("/", ".") for file in files}
    return not places.isdisjoint(files) or any(
        f".{stem}.".endswith(f".{case.group}.") or f"{case.group}.".startswith(f"{stem}.")
        for stem in stems
        if case.group
    )


def _is_shown(group: str, title: str, removed: str) -> bool:
    """Return whether removed lines hold the test: its name as a word, or a quoted part of its title."""
    last = re.split(r"::|/| > |\.", title)[-1].strip()
    words = {last, last.replace("_", " "), "" if "/" in group else group.rpartition(".")[2]} - {""}
    if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", removed) for word in words):
        return True
    quoted = {match[2] for match in re.finditer(r"(['\"`])(.{3,200}?)\1", removed)}
    return any(title.endswith(text) for text in quoted)
