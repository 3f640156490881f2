"""Read what a repository on GitHub allows, and the rules of its branches: rulesets and branch protections."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import TypeAdapter

from ....core.errors import OutsideError
from ....core.globs import matches
from ....model.branch_rules import METHODS, BranchRules, ForgeRights, NamePattern
from .base import Repository
from .graphql import ask, inside
from .responses import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_LABEL = 50
"""Characters that GitHub takes as the name of a label."""
_RIGHTS = """query Rights($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {
  isArchived viewerPermission defaultBranchRef { name } mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed } }"""
_SHARED = "requiredApprovingReviewCount requiredStatusCheckContexts requiresLinearHistory"
_PATTERNS = f"""query Patterns($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{
  branchProtectionRules(first: 100) {{ nodes {{ pattern {_SHARED} requiresCommitSignatures }} }} }} }}"""
_KNOWN = frozenset({"deletion", "non_fast_forward", "pull_request", "required_deployments", "tag_name_pattern"})
"""Rules of a ruleset that no run meets, or that are read elsewhere."""
_MET = frozenset({"required_signatures", "required_linear_history", "required_status_checks", "merge_queue"})
_CLOSED = {
    "creation": "it restricts who creates it",
    "update": "it restricts who updates it",
    "lock_branch": "it is locked",
}


class _Name(Answer):
    name: str


class _Allowed(Answer):
    isArchived: bool  # noqa: N815
    viewerPermission: str | None  # noqa: N815
    defaultBranchRef: _Name | None  # noqa: N815
    mergeCommitAllowed: bool  # noqa: N815
    squashMergeAllowed: bool  # noqa: N815
    rebaseMergeAllowed: bool  # noqa: N815


class _Rights(Answer):
    allowed: _Allowed = inside("repository")


class _Protection(Answer):
    """A branch protection, as the ref shows it to those who may push, or its pattern to admins."""

    pattern: str = ""
    requiredApprovingReviewCount: int | None  # noqa: N815
    requiredStatusCheckContexts: list[str] | None  # noqa: N815
    requiresLinearHistory: bool  # noqa: N815
    requiresSignatures: bool = False  # noqa: N815
    requiresCommitSignatures: bool = False  # noqa: N815
    viewerCanPush: bool = True  # noqa: N815

    def to_model(self) -> BranchRules:
        """Return it as a value of the model."""
        return BranchRules(
            signatures=self.requiresSignatures or self.requiresCommitSignatures,
            linear=self.requiresLinearHistory,
            checks=tuple(self.requiredStatusCheckContexts or ()),
            reviews=self.requiredApprovingReviewCount or 0,
            closed="" if self.viewerCanPush else "its protection names who may push",
        )


class _Ref(Answer):
    refUpdateRule: _Protection | None  # noqa: N815


class _Refs(Answer):
    refs: dict[str, _Ref | None] = inside("repository")


class _Patterns(Answer):
    protections: list[_Protection] = inside("repository", "branchProtectionRules", "nodes")


class _Rule(Answer):
    type: str
    parameters: dict[str, Any] | None = None


_RULES = TypeAdapter(list[list[_Rule]])


class Rules(Repository):
    """What is allowed in one repository and on its branches."""

    def rights(self) -> ForgeRights:
        """Return what this login may do, and how pull requests may be merged."""
        allowed = ask(self._gh, _Rights, _RIGHTS, {}).allowed
        flags = (allowed.mergeCommitAllowed, allowed.squashMergeAllowed, allowed.rebaseMergeAllowed)
        permission, default = allowed.viewerPermission, allowed.defaultBranchRef
        return ForgeRights(
            None if permission is None else permission in {"WRITE", "MAINTAIN", "ADMIN"},
            allowed.isArchived,
            default.name if default else None,
            tuple(compress(METHODS, flags)),
            hosted=True,
            longest_label=LONGEST_LABEL,
        )

    def branch_rules(self, *branches: str) -> dict[str, BranchRules]:
        """Return the rules of branches, from rulesets and from protections."""
        protections = self._protections(branches)
        rules = {name: _with_ruleset(protections.get(name, BranchRules()), self._ruleset(name)) for name in branches}
        return {name: one for name, one in rules.items() if one != BranchRules()}

    def _ruleset(self, branch: str) -> list[_Rule]:
        return self._gh.pages(_RULES, f"rules/branches/{quote(branch, safe='')}?per_page=100")

    def _protections(self, branches: tuple[str, ...]) -> dict[str, BranchRules]:
        """Return the protections of branches. One that does not exist yet is matched with the patterns."""
        named = {f"b{place}": branch for place, branch in enumerate(branches)}
        declared = "".join(f", ${key}: String!" for key in named)
        wanted = f"refUpdateRule {{ {_SHARED} requiresSignatures viewerCanPush }}"
        fields = " ".join(f"{key}: ref(qualifiedName: ${key}) {{ {wanted} }}" for key in named)
        head = f"query Refs($owner: String!, $name: String!{declared})"
        query = f"{head} {{ repository(owner: $owner, name: $name) {{ {fields} }} }}"
        sent = {key: f"refs/heads/{name}" for key, name in named.items()}
        refs = ask(self._gh, _Refs, query, sent).refs
        made = {named[key]: ref.refUpdateRule.to_model() for key, ref in refs.items() if ref and ref.refUpdateRule}
        absent = [named[key] for key, ref in refs.items() if ref is None]
        patterns = self._patterns() if absent else ()
        foreseen = {name: one.to_model() for name in absent for one in patterns if matches(name, (one.pattern,))}
        return {**made, **foreseen}

    def _patterns(self) -> Iterable[_Protection]:
        """Return the patterns of branch protections, none where GitHub does not show them: it does to admins only."""
        try:
            return ask(self._gh, _Patterns, _PATTERNS, {}).protections
        except OutsideError:
            return ()


def _with_ruleset(rules: BranchRules, listed: Iterable[_Rule]) -> BranchRules:
    """Return the rules of a branch with those of its rulesets. The stricter one counts."""
    for one in listed:
        given = one.parameters or {}
        match one.type:
            case "pull_request":
                allowed = tuple(name for name in METHODS if name in given.get("allowed_merge_methods", METHODS))
                allowed = tuple(name for name in allowed if name in rules.methods)
                reviews = max(rules.reviews, int(given.get("required_approving_review_count", 0)))
                rules = replace(rules, methods=allowed, reviews=reviews)
            case "required_status_checks":
                checks = (str(check.get("context")) for check in given.get("required_status_checks", ()))
                rules = replace(rules, checks=tuple(dict.fromkeys((*rules.checks, *checks))))
            case "branch_name_pattern":
                pattern = NamePattern(str(given.get("operator")), str(given.get("pattern")), bool(given.get("negate")))
                rules = replace(rules, names=(*rules.names, pattern))
            case _:
                rules = _flagged(rules, one.type)
    return rules


def _flagged(rules: BranchRules, kind: str) -> BranchRules:
    """Return the rules with one that has no parameters."""
    if kind in _CLOSED:
        return replace(rules, closed=_CLOSED[kind])
    if kind in _KNOWN:
        return rules
    if kind not in _MET:
        return replace(rules, others=tuple(dict.fromkeys((*rules.others, kind))))
    return replace(
        rules,
        signatures=rules.signatures or kind == "required_signatures",
        linear=rules.linear or kind == "required_linear_history",
        queue=rules.queue or kind == "merge_queue",
    )
