"""Samples of changes with the tier that a lead expects, and the table that shows what is found in each."""

from dataclasses import dataclass

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
