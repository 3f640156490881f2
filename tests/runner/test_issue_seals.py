"""What seals of issues let a run pass over is what it passes over without them, whatever happened in between."""

import io
import json
import random
import shutil

import pytest
from support.person import Person
from support.projects import copy_of_kept
from support.stacks import JOIN, LARGE, Stack, branch, open_stack, stack_of

from run_milestone.core import fastpath
from run_milestone.core.errors import UserError
from run_milestone.model import RunOptions
from run_milestone.plan import load
from run_milestone.plan.project import Project
from run_milestone.policy.graph import COMPLETE
from run_milestone.render.console import Console
from run_milestone.runner import issue_seals
from run_milestone.runner.pass_over import pass_over_done
from run_milestone.runner.session import Session
from run_milestone.runner.stages import begin

NUMBERS = ("01", "02", "03", "04", "05")
STEPS = ("branch", "implement", "lint", "test", "test-gate", "inspect", "push", "pr", "review", "review-gate")
PLAIN = "sandbox: {kind: none}\nflaky: {reruns: 0}\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A home with a finished stack of five issues; each test goes on in a copy of it."""
    return tmp_path_factory.mktemp("finished") / "home"


@pytest.fixture
def stack(finished, make_milestone, tmp_path):
    home = copy_of_kept(finished, tmp_path, lambda: open_stack(stack_of(make_milestone, LARGE, plan=PLAIN)))
    return Stack(Person(home / "widgets"))


# ---- what happens between two runs --------------------------------------------------------------------------------


class World:
    """A finished milestone to which things happen, and the way back to how it was."""

    def __init__(self, stack, chance):
        self.stack, self.chance, self.folder = stack, chance, stack.person.folder
        self.plan, self.state = self.folder / "plans/m1/plan.yaml", self.folder / "state/m1"
        self.options, self.version = RunOptions(interactive=True), fastpath.FORM
        self.forge = self.folder / ".git/run-milestone/remote.forge"
        self.kept = {path: path.read_bytes() for path in self._files()}
        self.heads = {place: self._heads(place) for place in (".", stack.remote)}

    def _files(self):
        places = (self.plan.parent, self.state / "issues", self.state / "phases", self.forge)
        return [path for place in places for path in place.rglob("*") if path.is_file()]

    def _heads(self, place):
        rows = [line.split() for line in self.stack.git("show-ref", where=place).splitlines()]
        return {name: commit for commit, name in rows}

    def happens(self):
        """Let one thing happen, drawn by chance; returns its name."""
        event = self.chance.choice(EVENTS)
        event(self)
        return event.__name__

    def an_issue(self):
        return self.chance.choice(NUMBERS)

    def replaces(self, before, after):
        self.plan.write_text(self.plan.read_text().replace(before, after, 1))

    def is_put_back(self):
        """All of it is as it was, in files that are new."""
        for path in self._files():
            if path not in self.kept:
                path.unlink()
        for path, content in self.kept.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for place, heads in self.heads.items():
            present = self._heads(place)
            for name in {*heads, *present}:
                new = heads.get(name)
                words = ["update-ref", name, new] if new else ["update-ref", "-d", name]
                self.stack.git(*words, where=place) if present.get(name) != new else None


def a_title_changes(world):
    world.replaces(f"title: Issue {world.an_issue()}", "title: Something else")


def a_criterion_changes(world):
    world.replaces("[It is there]", "[It is there and works]")


def an_issue_depends_on_less(world):
    world.replaces(world.chance.choice(["[2, 3]", "[4]"]), world.chance.choice(["[2]", "[1]"]))


def a_setting_changes(world):
    world.replaces(
        *world.chance.choice(
            [("lines: 5", "lines: 6"), ("coverage: 0", "coverage: 1"), ("- issues", "- title: One\n    issues")]
        )
    )


def a_test_is_put_in_quarantine(world):
    until = world.chance.choice(["2020-01-01", "2999-01-01"])
    if "quarantine:" in world.plan.read_text():
        return
    world.replaces("phases:", f"quarantine: [{{test: t::x, issue: '#9', until: {until}}}]\nphases:")


def a_specification_is_written(world):
    (world.plan.parent / f"{world.an_issue()}-x.md").write_text(f"Do it {world.chance.random()}\n")


def a_marker_is_deleted(world):
    marker(world).unlink(missing_ok=True)


def a_marker_is_touched(world):
    marker(world).touch()


def a_marker_is_edited(world):
    path = marker(world)
    if path.exists():
        record = json.loads(path.read_text())
        inputs = record.setdefault("inputs", {})
        inputs[world.chance.choice([*inputs, "new"])] = "0" * 16
        path.write_text(json.dumps(record))


def a_marker_is_damaged(world):
    marker(world).write_text('{"task": 1}')


def marker(world):
    names = [f"issues/{world.an_issue()}/{world.chance.choice(STEPS)}.json", "phases/1.json", "bootstrap.json"]
    return world.state / world.chance.choices(names, (8, 1, 1))[0]


def somebody_commits_here(world):
    commit(world, ".")


def somebody_commits_there(world):
    commit(world, world.stack.remote)


def somebody_commits_in_both_places(world):
    name, tip = a_branch(world)
    if tip:
        made = commit_on(world, name, tip)
        world.stack.git("push", "--quiet", "--force", world.stack.remote, f"{made}:{name}")
        world.stack.git("update-ref", name, made)


def commit(world, place):
    name, tip = a_branch(world, place)
    if tip:
        made = commit_on(world, name, tip, place)
        world.stack.git("update-ref", name, made, where=place)


def commit_on(world, name, tip, place="."):
    words = ("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", f"More for {name} {world.chance.random()}")
    return world.stack.git("-c", "user.name=Bo", "-c", "user.email=b@example.com", *words, where=place)


def a_branch(world, place="."):
    name = world.chance.choice([*map(branch, NUMBERS), JOIN, "milestone/m1", "main"])
    return f"refs/heads/{name}", world._heads(place).get(f"refs/heads/{name}")


def a_branch_is_deleted(world):
    place = world.chance.choice([".", world.stack.remote])
    name, tip = a_branch(world, place)
    if tip and not name.endswith("main"):
        world.stack.git("update-ref", "-d", name, where=place)


def a_pull_request_changes(world):
    path = world.chance.choice(sorted(world.forge.glob("pulls/*.json")))
    record = json.loads(path.read_text())
    change = (
        {"state": "closed"},
        {"state": "merged"},
        {"labels": ["urgent"]},
        {"base": "main"},
        {"draft": True},
        REVIEWED,
    )
    path.write_text(json.dumps({**record, **world.chance.choice(change)}))


REVIEWED = {"reviews": [{"author": "bo", "state": "changes_requested", "body": "No", "at": "2026-01-01T00:00:00Z"}]}


def somebody_answers(world):
    verb, gate = world.chance.choice(
        [("skip", world.an_issue()), ("unskip", world.an_issue()), ("skip-phase", "phase-1")]
    )
    folder = world.state / "approvals"
    folder.mkdir(exist_ok=True)
    (folder / f"{gate}.{verb}").touch()


def the_program_is_newer(world):
    world.version = f"{world.version} and newer"


def reviews_are_left_out(world):
    world.options = RunOptions(interactive=True, skip_code_review=world.chance.random() < 0.5)


def everything_is_put_back(world):
    world.is_put_back()


EVENTS = [
    *(a_title_changes, a_criterion_changes, an_issue_depends_on_less, a_setting_changes, a_test_is_put_in_quarantine),
    *(a_specification_is_written, a_marker_is_deleted, a_marker_is_touched, a_marker_is_edited, a_marker_is_damaged),
    *(somebody_commits_here, somebody_commits_there, somebody_commits_in_both_places, a_branch_is_deleted),
    *(a_pull_request_changes, somebody_answers, the_program_is_newer, reviews_are_left_out),
    *([everything_is_put_back] * 6),
]


# ---- two runs that begin on the same ------------------------------------------------------------------------------


def started(folder, options, *, by_seals):
    """Begin a run; returns what it says, what it passes over and what its records hold, and how many seals held."""
    project, out = Project(folder), io.StringIO()
    session = Session(project, load(project.plan("m1")), Console(out), options)
    try:
        begin(session)
        pass_over_done(session, [COMPLETE], by_seals=by_seals)
        passed = {name for name in session.nodes if name in session.done}
        held = len(session.done.seals._holding)
        session.done.seal(session.ctx)
        failed = None
    except UserError as error:
        passed, held, failed = None, 0, str(error).replace(str(folder), "")
    finally:
        session.end()
    records = {path.relative_to(folder): untimed(path) for path in sorted((folder / "state/m1/issues").rglob("*.json"))}
    return (out.getvalue().replace(str(folder), ""), passed, failed, records), held


def untimed(path):
    try:
        return {key: value for key, value in json.loads(path.read_text()).items() if key != "at"}
    except ValueError:
        return path.read_text()


def tries(stack, seed, trials, monkeypatch, tmp_path):
    """Let things happen between runs, and compare each run with one that looks at everything; returns held seals."""
    chance = random.Random(seed)
    world, held, history = World(stack, chance), 0, []
    for trial in range(trials):
        history += [world.happens() for _ in range(chance.choice([0, 1, 1, 2]))]
        monkeypatch.setattr(fastpath, "FORM", world.version)
        other = tmp_path / f"other-{trial}"
        shutil.copytree(stack.person.folder, other, symlinks=True)
        (other / "state/m1/cache/issue-seals.json").unlink(missing_ok=True)
        quick, by_seals = started(stack.person.folder, world.options, by_seals=True)
        slow, without = started(other, world.options, by_seals=False)
        assert quick == slow, f"seed {seed}, trial {trial}, after {history}"
        assert without == 0
        held += by_seals
        shutil.rmtree(other)
    return held


def test_seals_hold_while_nothing_happens(stack):
    folder = stack.person.folder
    first, held = started(folder, RunOptions(interactive=True), by_seals=True)
    assert held == 0, "the first run has no seals"
    again, held = started(folder, RunOptions(interactive=True), by_seals=True)
    assert held == len(NUMBERS) + 1, "five issues and their phase"
    assert again[1:] == first[1:]


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_are_passed_over_alike(stack, seed, monkeypatch, tmp_path):
    assert tries(stack, seed, 12, monkeypatch, tmp_path) > 0


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_histories_are_passed_over_alike(stack, seed, monkeypatch, tmp_path):
    tries(stack, seed, 25, monkeypatch, tmp_path)


def second_issue_is_reviewed(world):
    path = world.forge / "pulls/2.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **REVIEWED}))


def second_issue_is_labelled(world):
    path = world.forge / "pulls/2.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "labels": ["urgent"]}))


def second_issue_loses_a_marker(world):
    (world.state / "issues/02/lint.json").unlink()


def fifth_issue_is_skipped(world):
    (world.state / "approvals").mkdir(exist_ok=True)
    (world.state / "approvals/05.skip").touch()


def phase_loses_its_marker(world):
    (world.state / "phases/1.json").unlink()


def setting_of_all_changes(world):
    world.replaces("lines: 5", "lines: 6")


LEFT_OUT = {
    "rules": setting_of_all_changes,
    "needed": second_issue_is_labelled,
    "phase": phase_loses_its_marker,
    2: second_issue_is_reviewed,
    3: second_issue_loses_a_marker,
    4: fifth_issue_is_skipped,
}
"""Parts of a seal, each with what happens that only this part tells.

What an issue's entry tells, the plan's review waits for too; where its branch is, the pull request tells too.
"""


def without(place):
    """Seals that leave out a part of an issue, by its place."""
    whole = issue_seals._parts_of_issue

    def some(ctx, number):
        parts = whole(ctx, number)
        return parts and tuple(part for at, part in enumerate(parts) if at != place)

    return "_parts_of_issue", some


@pytest.mark.torture
@pytest.mark.parametrize("left_out", LEFT_OUT)
def test_a_seal_that_leaves_something_out_is_caught(stack, left_out, monkeypatch, tmp_path):
    planted = {
        "rules": ("_rules", lambda ctx: ""),
        "needed": ("_needs", lambda ctx, name: ()),
        "phase": ("_parts_of_phase", lambda ctx, name: ()),
    }
    monkeypatch.setattr(issue_seals, *planted.get(left_out) or without(left_out))
    world = World(stack, random.Random(1))
    for _ in range(2):
        started(stack.person.folder, world.options, by_seals=True)
    LEFT_OUT[left_out](world)
    shutil.copytree(stack.person.folder, tmp_path / "other", symlinks=True)
    (tmp_path / "other/state/m1/cache/issue-seals.json").unlink()
    quick, held = started(stack.person.folder, world.options, by_seals=True)
    slow, _ = started(tmp_path / "other", world.options, by_seals=False)
    assert held
    assert quick != slow, "nobody would notice"
