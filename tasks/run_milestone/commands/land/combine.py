"""Test the tree of all issues that are about to land, before the first of them is merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ...checks.diff import changed_files
from ...core.errors import OutsideError
from ...model import Bootstrapped, Finding, Kind, Pushed, Severity, Step, Tested, is_empty
from ...policy.clues import Clues, files_in, files_of_tests, words_of
from ...policy.graph import BOOTSTRAP, step_name
from ...policy.parts import suites
from ...policy.together import WITH, fails_together
from ...render import milestone_pr as words
from ...render.phase import differing
from ...steps.across import across, forks
from ...steps.flaky_tests import Reruns, SecondLook, judged, quarantined
from ...steps.import_origin import sources
from ...steps.suites import added_up, run_each
from ...steps.tested import counted
from ...steps.workplace import workplace
from .merge import landed_so_far, reviewed_change, tip_of
from .readiness import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...model import Issue
    from ...model.change import ChangedFile
    from ...runner.session import Session

NAME = "land"
"""What the tree, its index and its logs are called."""


def pass_together(session: Session) -> bool:
    """Return whether the issues pass together what each passed alone; otherwise the question is open.

    Issues that conflict are asked about when they are merged.
    """
    everything = Together(session)
    session.console.say([differing(*one) for one in across(session.ctx, everything.tip, everything.order).versions()])
    commit = everything.join(everything.order)
    if commit is None or everything.is_tested(commit):
        return True
    question = everything.forked(commit) or everything.red(commit)
    if question:
        return session.passes(question.issue, (question.finding,), reviewed_change(session, question.issue))
    session.store.write_landed(replace(landed_so_far(session), together=commit))
    session.console.say(words.green_together(len(everything.order)))
    return True


class Question(NamedTuple):
    """What is found in a joined tree, and the issue that is asked about it."""

    issue: str
    finding: Finding


@dataclass
class Together:
    """The issues that have not landed, and the trees in which they are joined."""

    session: Session

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The issues that will land, in order."""
        landed = {one.issue for one in landed_so_far(self.session).issues}
        settled = self.session.settled
        issues = (issue.number for issue in in_order(self.session))
        return tuple(number for number in issues if number not in landed and not settled(number))

    @cached_property
    def heads(self) -> Mapping[str, str]:
        """The commit that each of them will land with."""
        markers = self.session.store.markers
        pushed = {number: markers.evidence(step_name(number, Step.PUSH), Pushed) for number in self.order}
        return {number: evidence.head for number, evidence in pushed.items() if evidence}

    @cached_property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """What each of them stands on."""
        needs: dict[str, frozenset[str]] = {}
        for number in self.order:
            below = [one for one in self._issue(number).depends_on if one in self.heads]
            needs[number] = frozenset(below).union(*(needs.get(one, frozenset()) for one in below))
        return needs

    @cached_property
    def tip(self) -> str:
        """The milestone branch as it is."""
        return tip_of(self.session)

    @cached_property
    def _landed(self) -> tuple[str, ...]:
        """The commits that landed, which the milestone branch may hold as others."""
        git, landed = self.session.outside.git, landed_so_far(self.session).issues
        return tuple(one.head for one in landed if git.has(one.head))

    def _issue(self, number: str) -> Issue:
        return self.session.ctx.issues[number]

    def join(self, issues: Iterable[str]) -> str | None:
        """Return a commit that holds the milestone branch and these issues, None where two conflict."""
        git, commit = self.session.outside.git, self.tip
        for head in (self.heads[number] for number in issues if number in self.heads):
            if git.is_ancestor(commit, head):
                commit = head
            elif not git.is_ancestor(head, commit):
                joined = git.joined_past(head, commit, self._landed)
                if joined is None:
                    return None
                commit = joined
        return commit

    def is_tested(self, commit: str) -> bool:
        """Return whether this is what an issue was tested on, or what an earlier landing tested."""
        git, tree = self.session.outside.git, self.session.outside.git.tree_of(commit)
        trees = {git.tree_of(head) for head in (*self.heads.values(), self.tip)}
        return tree in trees or commit == landed_so_far(self.session).together

    # ---- migrations -------------------------------------------------------------------------------------------

    def forked(self, commit: str) -> Question | None:
        """Return the migration heads that come of joining the issues, at the last issue that brings a migration."""
        for early, late, finding in forks(self.session.ctx, self.tip, commit, list(self.order), self._brought_by()):
            if early == late:
                return Question(late, finding)
            how = "bring one each" if finding.rule == "duplicate" else "build on the same one"
            message = f"{finding.message}. {self._named(late)} and {self._named(early)} {how}"
            return Question(late, replace(finding, rule=f"{WITH}{early}", message=message))
        return None

    def _brought_by(self) -> dict[str, str]:
        """Return which issue brings each file that is added or changed, the first in the order of landing."""
        brought = dict[str, str]()
        for number, files in self._changes.items():
            for file in files:
                brought.setdefault(file.path, number)
        return brought

    @cached_property
    def _changes(self) -> Mapping[str, tuple[ChangedFile, ...]]:
        """What each of them adds to the milestone branch, with what it stands on."""
        git = self.session.outside.git
        bases = {number: git.merge_base(self.tip, head) for number, head in self.heads.items()}
        return {
            number: changed_files(git.diff(bases[number], head, "--unified=0")) for number, head in self.heads.items()
        }

    # ---- tests ------------------------------------------------------------------------------------------------

    def red(self, commit: str) -> Question | None:
        """Return what fails in the joined tree, at the last issue of the smallest set that fails together."""
        tested = self._test(commit)
        if not _is_red(tested):
            return None
        self.session.console.say(words.red_together(len(self.order)))
        clues = self._clues(tested, commit)
        unsure = frozenset(number for number, head in self.heads.items() if not self._stands_on_tip(head))
        search, answer, last = fails_together(self.order, self.needs, clues, unsure), None, tested
        try:
            while True:
                joined = self.join(search.send(answer))  # type: ignore[arg-type]  # the first is None
                measured = self._test(joined) if joined else None
                answer = measured is not None and _is_red(measured)
                last = measured if measured is not None and answer else last
        except StopIteration as ended:
            return self._question(ended.value, last)

    def _stands_on_tip(self, head: str) -> bool:
        return self.session.outside.git.is_ancestor(self.tip, head)

    def _clues(self, tested: Tested, commit: str) -> Clues:
        """Return the issues that bring a failing test, in the order of landing, and what else points at some."""
        brought, paths = self._brought_by(), frozenset(self.session.outside.git.listing(commit, "."))
        tests = files_of_tests(tested.failed, paths)
        accused = {number for path, number in brought.items() if path in tests}
        output = "\n".join(tested.details.values())
        return Clues(
            tuple(number for number in self.order if number in accused),
            {number: _words(files) for number, files in self._changes.items()},
            words_of(output, *self._texts(tests, commit)) | (files_in(output, paths) & brought.keys()),
        )

    def _texts(self, paths: Iterable[str], commit: str) -> Iterator[str]:
        """Yield the files of failing tests."""
        for path in sorted(paths):
            yield (self.session.outside.git.read(commit, path) or b"").decode("utf-8", "replace")

    def _test(self, commit: str) -> Tested:
        """Run the plan's tests on a commit."""
        ctx, logs = self.session.ctx, self.session.store.logs(NAME)
        log = logs / "test.log"
        with self.session.console.working(NAME):
            place = workplace(ctx, ctx.project.tree(ctx.milestone, NAME), commit, NAME, NAME, logs / "setup.log")
            place = replace(place, mine=sources(ctx.git, ctx.project.repository(ctx.milestone), self.tip, commit))
            wanted = suites(ctx.milestone.commands)
            results = run_each(ctx.outside.processes, wanted, place, log)
        result = added_up(results)
        if result.set_up or (result.imports and result.imports.elsewhere):
            why = result.set_up or "its tests import another tree"
            raise OutsideError(f"The issues cannot be tested together: {why}.", "Repair that, then land again.")
        baseline = ctx.store.markers.evidence(BOOTSTRAP, Bootstrapped)
        look = SecondLook(Reruns(ctx.outside.processes, wanted, place, log), ctx.milestone.flaky.reruns)
        result = added_up(look.at_commands(results)[0])
        known = baseline.tests.failed if baseline else ()
        return judged(look, result, counted(result, commit, known, quarantine=quarantined(ctx.milestone)))

    def _question(self, culprits: tuple[str, ...] | None, tested: Tested) -> Question:
        late = culprits[-1] if culprits else self.order[-1]
        if culprits is None:
            what, rule = f"{len(self.order)} issues fail together, and no two of them do", "together"
        elif len(culprits) == 1:
            what, rule = f"#{late} fails on {self.session.milestone.branch} as it is now", "moved"
        else:
            what, rule = self._pair(late, culprits[0]), f"{WITH}{culprits[0]}"
        names = ", ".join(tested.failed[:3]) or tested.problem or ""
        output = "\n".join(tested.details.values()) or None
        return Question(late, Finding(Kind.TESTS, Severity.CRITICAL, rule, f"{what}: {names}", detail=output))

    def _pair(self, late: str, early: str) -> str:
        return f"{self._named(late)} passes alone and fails together with {self._named(early)}"

    def _named(self, number: str) -> str:
        branch = self.session.store.registry.branches(self.session.milestone)[number]
        return f"#{number} ({branch} @ {self.heads[number][:7]})"


def _is_red(tested: Tested) -> bool:
    return bool(tested.failed or (tested.problem and not is_empty(tested.problem)))


def _words(files: tuple[ChangedFile, ...]) -> frozenset[str]:
    """Return the names and paths in a change."""
    lines = (line for file in files for _, line in (*file.added, *file.removed))
    paths = frozenset(file.path for file in files)
    return paths | words_of(*paths, *lines)
