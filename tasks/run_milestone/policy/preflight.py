"""Decide from what a forge and a remote allow what will be refused later, and what a person should know. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Finding, Kind, Severity
from ..model.branch_rules import METHODS, BranchRules, ForgeRights
from .naming import in_the_way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..model import Milestone
    from ..model.branch_rules import NamePattern


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read before the work. A reading that failed is in `unread`, with its reason."""

    branches: Mapping[str, str] = field(default_factory=dict)
    """The branch of each issue, by its number."""
    local: Mapping[str, str] = field(default_factory=dict)
    remote: Mapping[str, str] | None = None
    rights: ForgeRights | None = None
    rules: Mapping[str, BranchRules] = field(default_factory=dict)
    """The rules of the branches that have any."""
    signs: bool = False
    """Whether commits are signed here."""
    unread: tuple[str, ...] = ()

    def of(self, branch: str) -> BranchRules:
        """Return the rules of a branch."""
        return self.rules.get(branch, BranchRules())


def preflight(milestone: Milestone, seen: Seen) -> tuple[Finding, ...]:
    """Return what all looks find. A critical finding will be refused later, the others are only told."""
    findings = [finding for look in LOOKS for finding in look(milestone, seen)]
    findings += [_told("not-looked-at", f"Not looked at: {why}") for why in seen.unread]
    return tuple(dict.fromkeys(findings))


def merge_methods(branch: str, seen: Seen) -> tuple[str, ...]:
    """Return how pull requests can be merged into a branch, the best first."""
    rules = seen.of(branch)
    allowed = [one for one in METHODS if one in rules.methods and (seen.rights is None or one in seen.rights.methods)]
    return tuple(one for one in allowed if not (rules.linear and one == "merge"))


def blocked_name(branch: str, local: Mapping[str, str], remote: Mapping[str, str] | None) -> tuple[str, str] | None:
    """Return what keeps a branch from being made, and how to move that away; None where nothing does."""
    if branch in local:
        return None
    if (name := in_the_way(branch, local)) is not None:
        return _in_the_way(name, branch, ""), f"`git branch -m {name} {name}-old`"
    if remote and branch not in remote and (name := in_the_way(branch, remote)) is not None:
        away = f"`git push REMOTE {remote[name]}:refs/heads/{name}-old :refs/heads/{name}` renames it there"
        return _in_the_way(name, branch, " on the remote"), away
    return None


def _in_the_way(name: str, branch: str, where: str) -> str:
    return f"The branch {name}{where} is in the way of {branch}: git keeps no branch of a name that is another's folder"


# ---- the looks ----------------------------------------------------------------------------------------------------


def _names(milestone: Milestone, seen: Seen) -> Iterator[Finding]:
    blocked = blocked_name(milestone.branch, seen.local, seen.remote)
    if blocked:
        yield foresee("branch-name", *blocked)
    for branch in seen.branches.values():
        if why := blocked_name(branch, seen.local, seen.remote):
            yield Finding(Kind.PREFLIGHT, Severity.WARNING, "branch-name", why[0], detail=why[1])
            return  # others have the same reason
    for branch in (milestone.branch, *seen.branches.values()):
        for rule in seen.of(branch).names:
            if not _fits(branch, rule):
                what = f"A rule of the forge refuses the name of {branch}: it must {_pattern(rule)}"
                yield foresee("branch-name", what, "Name it otherwise in the plan, or change the rule")
                return


def _fits(branch: str, rule: NamePattern) -> bool:
    match rule.operator:
        case "starts_with":
            fits = branch.startswith(rule.pattern)
        case "ends_with":
            fits = branch.endswith(rule.pattern)
        case "contains":
            fits = rule.pattern in branch
        case _:
            try:
                fits = re.search(rule.pattern, branch) is not None
            except re.error:  # the forge's syntax differs from Python's
                return True
    return fits is not rule.negate


def _pattern(rule: NamePattern) -> str:
    how = {"starts_with": "start with", "ends_with": "end with", "contains": "contain"}.get(rule.operator, "match")
    return f"{'not ' if rule.negate else ''}{how} {rule.pattern}"


def _target(milestone: Milestone, seen: Seen) -> Iterator[Finding]:
    target, rights = milestone.target, seen.rights
    if rights is None or not rights.hosted or seen.remote is None:
        return
    if target not in seen.remote:
        what = f"The target branch {target} is not on the remote, so the milestone's pull request cannot be opened"
        yield foresee("target", what, f"Push {target}, or name another one in the plan (`target:`)")
    elif rights.default_branch not in {None, target}:
        what = f"The milestone goes to {target}, and the default branch is {rights.default_branch}"
        yield _told("default-branch", f"{what}: merging it closes no issues on the forge")


def _rights(_: Milestone, seen: Seen) -> Iterator[Finding]:
    rights = seen.rights or ForgeRights()
    if rights.archived:
        yield foresee("archived", "The repository is archived, so it takes no branches", "Unarchive it on the forge")
    elif rights.can_push is False:
        ask = "Ask for write access, or log in as somebody who has it"
        yield foresee("rights", "This login may not push to the repository", ask)


def _pushes(milestone: Milestone, seen: Seen) -> Iterator[Finding]:
    for branch in (milestone.branch, *seen.branches.values()):
        if why := seen.of(branch).closed:
            what = f"A rule of the forge keeps this login from pushing {branch} ({why})"
            yield foresee("push", what, "Lift it, or allow this login to bypass it; else name another branch")
            return  # others have the same reason


def _signatures(milestone: Milestone, seen: Seen) -> Iterator[Finding]:
    if seen.signs:
        return
    how = "Sign them (`git config commit.gpgSign true` with a `user.signingKey` that the forge knows), or lift the rule"
    strict = [one for one in (milestone.branch, *seen.branches.values()) if seen.of(one).signatures]
    if strict:
        others = f" and {len(strict) - 1} more" if len(strict) > 1 else ""
        what = f"{strict[0]}{others} takes signed commits only, and commits here are unsigned"
        yield foresee("signatures", what, how)
    elif seen.of(milestone.target).signatures:
        what = f"{milestone.target} takes signed commits only, and commits here are unsigned"
        if "squash" in merge_methods(milestone.target, seen):
            yield _told("signatures", f"{what}: the milestone's pull request has to be squashed there")
        else:
            yield foresee("signatures", what, how)


def _merging(milestone: Milestone, seen: Seen) -> Iterator[Finding]:
    if seen.rights is None or not seen.rights.hosted:
        return
    branch, methods = milestone.branch, merge_methods(milestone.branch, seen)
    if not methods:
        what = f"No way to merge a pull request into {branch} is allowed by both the repository and the branch's rules"
        yield foresee("merge-method", what, "Allow one of merge, squash and rebase in both")
    elif seen.of(branch).queue:
        what = f"Pull requests into {branch} go through its merge queue"
        yield _told("merge-queue", f"{what}: `land` adds them and waits")
    elif "merge" not in methods:
        what = f"Pull requests into {branch} land by {methods[0]}"
        yield _told("merge-method", f"{what}: merge commits are not allowed there")
    if seen.of(milestone.target).queue:
        yield _told("merge-queue", f"The milestone's pull request goes through the merge queue of {milestone.target}")
    if any(seen.of(one).linear for one in seen.branches.values()):
        what = "A rule refuses merge commits on the branches of issues, so none can follow a base that moves"
        how = "restrict the rule to branches that people merge into"
        yield Finding(Kind.PREFLIGHT, Severity.WARNING, "linear", what, detail=how)


def _conditions(milestone: Milestone, seen: Seen) -> Iterator[Finding]:
    rules = seen.of(milestone.branch)
    if rules.checks:
        names = ", ".join(rules.checks)
        yield _told("checks", f"`land` waits for the checks that {milestone.branch} requires: {names}")
    if rules.reviews > milestone.people.required:
        what = f"{milestone.branch} needs {count(rules.reviews, 'approving review')} on each pull request"
        yield _told("reviews", f"{what}: `people: {{required: {rules.reviews}}}` in the plan asks for them early")
    for branch in dict.fromkeys((milestone.branch, *seen.branches.values())):
        if seen.of(branch).others:
            yield _told("other-rules", f"Not looked at: {', '.join(seen.of(branch).others)}, rules of {branch}")
            return


def _labels(milestone: Milestone, seen: Seen) -> Iterator[Finding]:
    longest = seen.rights.longest_label if seen.rights else None
    if longest is None:
        return
    for issue in milestone.issues:
        for label in issue.labels:
            if len(label) > longest:
                what = f"The label {label!r} of #{issue.number} has {len(label)} characters"
                yield foresee("label", f"{what}, and the forge takes {longest}", "Shorten it in the plan")
            elif label != label.strip():
                what = f"The label {label!r} of #{issue.number} begins or ends with a space, which the forge removes"
                yield foresee("label", what, "Correct it in the plan")


LOOKS: tuple[Callable[[Milestone, Seen], Iterator[Finding]], ...] = (
    *(_names, _target, _rights, _pushes, _signatures, _merging, _conditions, _labels),
)
"""All looks, in the order in which they are told."""


def foresee(rule: str, what: str, how: str) -> Finding:
    """Return a finding that is asked about, with the way out of it."""
    return Finding(Kind.PREFLIGHT, Severity.CRITICAL, rule, what, detail=how)


def _told(rule: str, what: str) -> Finding:
    return Finding(Kind.PREFLIGHT, Severity.INFO, rule, what)
