"""Decide by written rules whether a question about a good change is deserved. What no rule names is unwanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .by_hand import ByHand
from .fetch import NotFetchedError, call

if TYPE_CHECKING:
    from pathlib import Path

    from .replay import Question, Result

FILES, LINES = 8, 400
"""The limits that every plan has unless it says otherwise."""
_CHECKS = re.compile(r"test|lint|check|type|cov|ci\b|nyc|tape|mocha|jest|pytest|eslint|tox", re.IGNORECASE)
_ASSERTS = re.compile(r"\bassert\w*|\braises\b|\bt\.\w+\(|\bexpect\(")
_FUNCTION = re.compile(r"^([ \t]*)def (\w+)\(.*(?:\n(?:\1[ \t]+.*|\s*)$)*", re.MULTILINE)
_LOSES = re.compile(r"\b(drop|remove|rename|delete|truncate|alter|not null|null=False|nullable=False)", re.IGNORECASE)


@dataclass(frozen=True)
class Facts:
    """What the rules look at: the repository, both commits, and the project's own tests run by hand."""

    root: Path
    base: str
    head: str
    by_hand: ByHand

    def changed(self, path: str = ".") -> tuple[list[str], list[str]]:
        """Return the lines that go and those that come."""
        text = call(["git", "diff", "-U0", "--no-renames", self.base, self.head, "--", path], self.root)
        lines = [line for line in text.splitlines() if not line.startswith(("---", "+++"))]
        return [line[1:] for line in lines if line[:1] == "-"], [line[1:] for line in lines if line[:1] == "+"]

    def has(self, word: str) -> bool:
        """Return whether the release after holds a word anywhere."""
        pattern = rf"\b{re.escape(word)}\b"
        return any(re.search(pattern, line) for line in self._holding(word))

    def has_line(self, text: str) -> bool:
        """Return whether a line of the release after is this text, whatever its indent."""
        return any(line.strip() == text for line in self._holding(text))

    def tests(self, commit: str) -> list[tuple[str, list[str]]]:
        """Return the functions in the Python tests of a commit: each one's name, and its lines without indent."""
        found = []
        for path in call(["git", "ls-tree", "-r", "--name-only", commit], self.root).splitlines():
            if "test" in path and path.endswith(".py"):
                text = call(["git", "show", f"{commit}:{path}"], self.root)
                found += [(match[2], _stripped(match[0])) for match in _FUNCTION.finditer(text)]
        return found

    def text(self, commit: str, path: str) -> str:
        """Return a file of a commit, empty where it has none."""
        try:
            return call(["git", "show", f"{commit}:{path}"], self.root)
        except NotFetchedError:
            return ""

    def _holding(self, word: str) -> list[str]:
        try:
            return call(["git", "grep", "-h", "-F", "-e", word, self.head], self.root).splitlines()
        except NotFetchedError:  # git grep ends with 1 where it finds nothing
            return []

    def size(self) -> tuple[int, int]:
        """Return how many files and lines the change has."""
        rows = [
            line.split("\t")
            for line in call(["git", "diff", "--numstat", self.base, self.head], self.root).splitlines()
        ]
        return len(rows), sum(int(each) for row in rows for each in row[:2] if each.isdigit())


def judge(result: Result, root: Path, limit: int) -> None:
    """Judge every question of a replayed case, and look by hand at faults that nothing saw."""
    by_hand = ByHand(root, limit, result.by_hand)
    for question in result.before:
        question.deserved = deserved(question, Facts(root, "main", "main", by_hand))
    for number, outcome in enumerate(result.outcomes, start=1):
        facts = Facts(root, "main", f"variant-{number}", by_hand)
        for question in outcome.questions if not outcome.planted else ():
            question.deserved = deserved(question, facts)
        if outcome.variant == "broken return" and not outcome.caught and not result.stuck:
            outcome.unseen = by_hand.passes(f"variant-{number}") or not by_hand.passes("main")


def deserved(question: Question, facts: Facts) -> str:
    """Return by which rule a lead wants to be asked, empty where by none."""
    rule = _RULES.get(question.kind)
    return rule(question, facts) if rule else ""


def _tests(question: Question, facts: Facts) -> str:
    commit = facts.base if question.kind == "baseline" else facts.head
    return "" if facts.by_hand.passes(commit) else "its tests fail by hand, too"


def _size(_: Question, facts: Facts) -> str:
    files, lines = facts.size()
    return f"{files} files, {lines} lines" if files > FILES or lines > LINES else ""


def _tampering(question: Question, facts: Facts) -> str:
    gone, come = facts.changed(question.path or ".")
    if question.rule in {"removed-test", "deleted-tests", "lost-test"}:
        name = re.split(r"[.:]", question.message.rpartition(": ")[2])[-1].strip()
        return "no test of that name is left" if gone and not facts.has(name) else ""
    if question.rule == "skipped-test":
        return "a skip was added" if any(re.search(r"skip|xfail|ignore", line, re.IGNORECASE) for line in come) else ""
    if question.rule == "fewer-assertions":
        return _lost_assertion(question, facts)
    if "of the base does not load" in question.message:
        gone = [word for line in facts.changed()[0] for word in re.findall(r"\w+", line)]
        named = re.findall(r"(?:name|attribute|module(?: named)?) '([\w.]+)'", question.message)
        return next((f"`{each}` went from the release" for each in reversed(named) if each in gone), "")
    if "::" in question.rule:
        name = question.rule.rpartition("::")[2].partition("[")[0]
        was, now = (_of(name, facts.tests(commit)) for commit in (facts.base, facts.head))
        if was and was != now:
            return "the test itself was rewritten, and as it was it fails"
        helper = _changed_helper(was, facts)
        return f"`{helper}`, which the test names, was rewritten, and as it was the test fails" if helper else ""
    if question.rule == "configuration":
        return _configuration(question, facts)
    return ""


def _configuration(question: Question, facts: Facts) -> str:
    """Return what a tool reads otherwise than before: in its own table, in a script, or in a file of its own."""
    table = re.search(r"changed: \[(.+?)\] in ", question.message)
    if table:
        before, after = (_table(facts.text(commit, question.path), table[1]) for commit in (facts.base, facts.head))
        return f"[{table[1]}] reads otherwise" if before != after else ""
    told = _told(*facts.changed(question.path or "."))
    if question.path.endswith("package.json"):
        told = [line for line in told if _CHECKS.search(line)]
    return f"`{told[0]}` came or went" if told else ""


def _table(text: str, name: str) -> list[str]:
    """Return the lines below a header of an INI or TOML file, and below those inside of it, without comments."""
    lines, inside = [], False
    for line in text.splitlines():
        if header := re.match(r"\[+([^\]]+)\]", line):
            inside = header[1] == name or header[1].startswith(f"{name}.")
        elif inside:
            lines += [plain] if (plain := re.sub(r"\s+|#.*$", "", line)) else []
    return lines


def _changed_helper(lines: list[str], facts: Facts) -> str:
    """Return a class or function of the tests' files that a test names and that the change rewrote."""
    gone, come = facts.changed()
    names = [found[1] for line in (*gone, *come) if (found := re.match(r"(?:class|def) (\w+)", line))]
    near = call(
        ["git", "diff", "-U0", "--function-context", facts.base, facts.head, "--", ":(glob)**/*test*"], facts.root
    )
    names += re.findall(r"^@@.*@@ (?:class|def) (\w+)", near, re.MULTILINE)
    words = set(re.findall(r"\w+", " ".join(lines)))
    return next((name for name in names if name in words and not name.startswith("test")), "")


def _lost_assertion(question: Question, facts: Facts) -> str:
    """Return an assertion that went from a test and stands in no new one with the set-up that it had."""
    name = question.message.split(": ", 1)[-1].split(" ")[0].rpartition(".")[2]
    before, after = facts.tests(facts.base), facts.tests(facts.head)
    was, now = (_of(name, tests) for tests in (before, after))
    known = {each for each, _ in before}
    new = [set(lines) for each, lines in after if each not in known]
    for line in (line for line in was if _ASSERTS.search(line) and was.count(line) > now.count(line)):
        words = set(re.findall(r"\w+", line))
        set_up = {each for each in was if (match := re.match(r"(\w+) = ", each)) and match[1] in words}
        for one in set_up or {line}:
            if not any({line, one} <= lines for lines in new):
                return f"`{line}` after `{one}` stands in no new test"
    return ""


def _of(name: str, tests: list[tuple[str, list[str]]]) -> list[str]:
    return [line for each, lines in tests if each == name for line in lines]


def _stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _told(gone: list[str], come: list[str]) -> list[str]:
    """Return the lines that differ in more than comments and space."""
    plain = [{re.sub(r"\s+|#.*$", "", line) for line in side} - {""} for side in (gone, come)]
    return sorted(plain[0] ^ plain[1])


def _migration(question: Question, facts: Facts) -> str:
    _, come = facts.changed(question.path or ".")
    return "a migration takes something away" if any(_LOSES.search(line) for line in come) else ""


def _licence(question: Question, facts: Facts) -> str:
    """Return that a package under a licence of the GPL family comes: the manifest names it, and did not before."""
    found = re.match(r"New dependency: (\S+) .*\((.*)\)", question.message)
    gone, come = facts.changed(question.path or ".")
    if found is None or "GPL" not in found[2]:
        return ""
    was, now = (any(re.search(rf"\b{re.escape(found[1])}\b", line) for line in side) for side in (gone, come))
    return f"it comes under {found[2]}" if now and not was else ""


def _empty(_: Question, facts: Facts) -> str:
    code = call(["git", "diff", "--name-only", facts.base, facts.head], facts.root).split()
    return "" if any(re.search(r"\.(py|js|rs|sql)$", name) for name in code) else "no code changed"


_RULES: dict[str, Callable[[Question, Facts], str]] = {
    "tests": _tests,
    "baseline": _tests,
    "size": _size,
    "tampering": _tampering,
    "migration-breaking": _migration,
    "licence": _licence,
    "empty": _empty,
}
