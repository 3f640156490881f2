"""Parse an issue on the forge into the fields of a plan's issue; all of its text is untrusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...core.text import for_terminal
from ...model import Criterion, ForgeIssue, Milestone

LONGEST = 200
"""Characters of a title, a label or the name of a test."""
LONGEST_CRITERION = 1_000
"""Characters of a criterion."""
TYPES = {
    "bug": "fix",
    "documentation": "docs",
    "enhancement": "feat",
    "feature": "feat",
    "performance": "perf",
    "tests": "test",
    **{kind: kind for kind in ("feat", "fix", "docs", "perf", "refactor", "test", "chore", "ci", "build", "style")},
}
"""Labels by the type of change they mean."""

_MARK = re.compile(r"<!-- run-milestone: ([a-z][a-z0-9._-]*)(?:/([0-9]+))? -->")
_HEADING = re.compile(r" {0,3}(?:#{1,6}[ \t]+(?P<hash>.*?)[ \t#]*|\*\*(?P<bold>[^*]+)\*\*:?)[ \t]*")
_CRITERIA = re.compile(r"(?i)acceptance criteria|definition of done")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+]|[0-9]{1,3}[.)])[ \t]+(?P<box>\[[ xX]\][ \t]+)?(?P<text>\S.*)")
_PROVEN = re.compile(r"(?P<text>.*\S)[ \t]+\((?:proved|proven) by `(?P<test>[^`\n]+)`\)")
_NEEDS = re.compile(r"(?i)\b(?:depends on|blocked by)\b:?((?:[\s,&]|and\b|#[0-9]{1,9}\b(?!\s*[\w/]*/))*)")
_PHASE = re.compile(r"(?i)phase[\s:/_-]*0*([1-9][0-9]?)(?:[\s:/_-]+(.*))?")
_PRIORITY = re.compile(r"(?i)(?:priority[\s:/_-]*)?(p[0-3])")
_TYPE = re.compile(r"(?i)(?:(?:type|kind)[\s:/_-]+)?([a-z]+)")


@dataclass(frozen=True, slots=True)
class ParsedIssue:
    """The fields of an issue on the forge. `mark` is the plan number that a push left in it, `spec` its text."""

    github: int
    title: str
    mark: str | None
    closed: bool
    kind: str | None
    priority: str | None
    phase: int | None
    phase_title: str
    labels: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    depends_on: tuple[int, ...]
    spec: str


def parse_issues(milestone: Milestone, issues: Iterable[ForgeIssue]) -> tuple[ParsedIssue, ...]:
    """Return the parsed issues of a milestone, without the issue of the milestone itself."""
    return tuple(_parse(milestone, issue) for issue in issues if _mark(milestone, issue) != "")


def _mark(milestone: Milestone, issue: ForgeIssue) -> str | None:
    """Return the plan number in the hidden mark, empty in the issue of the milestone, None without a mark."""
    match = next((mark for mark in _MARK.finditer(issue.body) if mark[1] == milestone.id), None)
    return (match[2] or "") if match else None


def _parse(milestone: Milestone, issue: ForgeIssue) -> ParsedIssue:
    body = _readable(re.sub(r"(?s)<!--.*?(?:-->|\Z)", "", issue.body))
    prose, criteria = sections(body)
    phase = next((match for label in issue.labels if (match := _PHASE.fullmatch(label.strip()))), None)
    return ParsedIssue(
        issue.number,
        _line(issue.title, LONGEST) or f"Issue {issue.number}",
        _mark(milestone, issue),
        issue.state == "closed",
        next((kind for label in issue.labels if (kind := _kind(label))), None),
        next((match[1].upper() for label in issue.labels if (match := _PRIORITY.fullmatch(label.strip()))), None),
        int(phase[1]) if phase else None,
        _line(phase[2] or "", LONGEST) if phase else "",
        tuple(dict.fromkeys(_line(label, LONGEST) for label in issue.labels if _has_no_key(label))),
        criteria,
        tuple(dict.fromkeys((*issue.blocked_by, *_needed(body, issue.number)))),
        body.strip() if _says_more(prose) else "",
    )


def _readable(text: str) -> str:
    """Return text from outside as it can be kept: without secrets, and with what would act written out."""
    return for_terminal(text.replace("\r\n", "\n").replace("\r", "\n"))


def _line(text: str, longest: int) -> str:
    line = " ".join(_readable(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _kind(label: str) -> str | None:
    match = _TYPE.fullmatch(label.strip())
    return TYPES.get(match[1].lower()) if match else None


def _has_no_key(label: str) -> bool:
    """Return whether a label means something that the plan has no key for."""
    text = label.strip()
    return bool(text) and not (_PHASE.fullmatch(text) or _PRIORITY.fullmatch(text) or _kind(text))


def _needed(body: str, issue: int) -> tuple[int, ...]:
    """Return the issues of this repository that the text depends on or is blocked by."""
    prose = "\n".join(line for line, is_code in _lines(body) if not is_code)
    numbers = (int(number[1:]) for match in _NEEDS.finditer(prose) for number in re.findall("#[0-9]+", match[1]))
    return tuple(dict.fromkeys(number for number in numbers if number not in {0, issue}))


def _says_more(prose: str) -> bool:
    """Return whether the text says more than the keys of a plan hold."""
    return bool(re.sub(r"[\s.,;*#-]|and\b", "", _NEEDS.sub("", prose)))


def prose_of(spec: str) -> str:
    """Return a specification as one line, without its title, criteria and dependencies."""
    prose, _ = sections(re.sub(r"\A\s*# [^\n]*\n", "", spec.replace("\r\n", "\n")))
    return " ".join(_NEEDS.sub("", prose).split()).strip(" .")


# ---- criteria -----------------------------------------------------------------------------------------------------


def sections(body: str) -> tuple[str, tuple[Criterion, ...]]:
    """Return a text without its acceptance criteria, and the criteria.

    They are the items below a heading of that name, else all items of task lists.
    """
    lines, places = list(_lines(body)), _below_heading(body)
    chosen = (
        places
        if any(_item(*lines[place]) for place in places)
        else {place for place, line in enumerate(lines) if (item := _item(*line)) and item["box"]}
    )
    criteria = [item["text"] for place in sorted(chosen) if (item := _item(*lines[place]))]
    prose = "\n".join(line for place, (line, _) in enumerate(lines) if place not in chosen | _headings(places))
    return prose, tuple(dict.fromkeys(_criterion(text) for text in criteria if text.strip()))


def _item(line: str, is_code: bool) -> re.Match[str] | None:  # noqa: FBT001
    return None if is_code else _ITEM.fullmatch(line)


def _below_heading(body: str) -> set[int]:
    """Return the indexes of the lines below a heading of acceptance criteria, up to the next heading."""
    places, inside = set[int](), False
    for place, (line, is_code) in enumerate(_lines(body)):
        heading = None if is_code else _HEADING.fullmatch(line)
        if heading:
            inside = bool(_CRITERIA.search(heading["hash"] or heading["bold"] or ""))
        elif inside:
            places.add(place)
    return places


def _headings(places: set[int]) -> set[int]:
    """Return the line above each run of lines."""
    return {place - 1 for place in places if place - 1 not in places}


def _criterion(text: str) -> Criterion:
    proven = _PROVEN.fullmatch(text.strip())
    if proven:
        return Criterion(_line(proven["text"], LONGEST_CRITERION), _line(proven["test"], LONGEST))
    return Criterion(_line(text, LONGEST_CRITERION))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is code or a quotation."""
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        yield line, bool(fence or mark or re.match(r" {0,3}>", line))
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
