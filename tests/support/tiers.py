"""Samples of changes with the tier that a lead expects, and the table that shows what is found in each."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from run_milestone.adapters.process import Processes, Result
from run_milestone.checks.change import Change
from run_milestone.model import Issue, Milestone, Phase
from run_milestone.model.change import ChangedFile
from run_milestone.policy.stops import STOPS

STOP, LABEL, NOTHING = "stop", "label", "nothing"
RANK = (NOTHING, LABEL, STOP)


@dataclass(frozen=True)
class Sample:
    """One change: the files before and after (None deletes), and the tier it deserves."""

    ecosystem: str
    what: str
    before: dict
    after: dict
    expected: str


@dataclass(frozen=True)
class Row:
    """A sample and the tier in which it was found."""

    sample: Sample
    actual: str
    rule: str = ""

    @property
    def is_silent(self):
        """Whether less was said than the change deserves."""
        return RANK.index(self.actual) < RANK.index(self.sample.expected)

    @property
    def is_wrong(self):
        return self.actual != self.sample.expected


def tier(findings):
    """Return the hardest tier among findings."""
    tiers = {str(STOPS[finding.kind].tier) for finding in findings}
    return STOP if "hard" in tiers else LABEL if "label" in tiers else NOTHING


def judged(sample, findings):
    worst = next((one for one in findings if tier([one]) == tier(findings)), None)
    return Row(sample, tier(findings), worst.rule if worst else "")


def table(rows):
    """Return rows as a Markdown table."""
    lines = ["| ecosystem | change | expected | found | rule |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        sample = row.sample
        what = sample.what.replace("|", "\\|")
        lines.append(f"| {sample.ecosystem} | {what} | {sample.expected} | {row.actual} | {row.rule or '-'} |")
    return "\n".join(lines)


# ---- a change without a repository: there are many samples, and a check sees commits only through a port -----------


@dataclass(frozen=True)
class Texts:
    """The committed files of a base and a head."""

    repository: Path
    commits: dict

    def read(self, commit, path):
        text = self.commits[commit].get(path)
        return None if text is None else text.encode()

    def size(self, commit, path):
        return len(self.read(commit, path) or b"")

    def listing(self, commit, folder):
        return tuple(path for path in self.commits[commit] if folder == "." or path.startswith(f"{folder}/"))


@dataclass(frozen=True)
class Tools:
    """Runs tools in a folder that holds the head."""

    tree: Path

    def run(self, command, stdin, timeout=None, pass_env=()):
        return Processes().untrusted(command, cwd=self.tree, stdin=stdin, timeout=timeout or 60)

    def as_operator(self, command, folder):
        return Result(command, None, "", "no network", 0.0)


def change_of(folder, before, after, licences):
    """Return the change between two sets of files, of which the second says only what differs."""
    head = {path: text for path, text in {**before, **after}.items() if text is not None}
    for path, text in head.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    issue = Issue("01", "Change it", "change-it", phase=1)
    milestone = Milestone("m1", "Shop", "milestone/m1", (Phase(1, "One", (issue,)),), licences=licences)
    files = tuple(_changed(path, before.get(path), head.get(path)) for path in sorted(after))
    return Change(milestone, issue, "base", "head", files, Texts(folder, {"base": before, "head": head}), Tools(folder))


def _changed(path, old, new):
    rows = list(difflib.ndiff((old or "").splitlines(), (new or "").splitlines()))
    added = [row[2:] for row in rows if row.startswith("+ ")]
    removed = [row[2:] for row in rows if row.startswith("- ")]
    numbered = tuple(enumerate(added, 1)), tuple(enumerate(removed, 1))
    return ChangedFile(path, "A" if old is None else "D" if new is None else "M", None, *numbered)
