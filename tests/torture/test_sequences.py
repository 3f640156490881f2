"""Whatever people and accidents do between runs, in whatever order: no second pull request, nobody's commit lost.

Every run one sequence; `pytest -m torture tests/torture/test_sequences.py` tries two hundred.
"""

import fcntl
import json
import random
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress

import pytest
from support.faulty_milestone import ONWARD, FaultyMilestone, refs

ENDS = {0: {"complete"}, 1: {"aborted", "failed"}, 3: {"waiting"}}
"""What a summary may say after a run that ended with this code."""


class Broken(AssertionError):
    """A promise was broken."""


class Play:
    """One milestone, the people around it, and what they may rely on."""

    def __init__(self, start, folder, seed, bug=""):
        self.rng = random.Random(seed)
        self.milestone = start.copy(folder)
        self.milestone.bug = bug
        self.done = []
        self.foreign = {}
        """Commits that people made, by the name they gave them."""

    # ---- what may happen --------------------------------------------------------------------------------------

    def steps(self, count):
        """Let things happen, then let the milestone be completed or aborted."""
        what = [self.run] * 6 + [self.killed] * 3 + [self.overtaken] * 2 + [self.close, self.reopen, self.merge]
        what += [self.delete, self.lose_state, self.lose_branches, self.push, self.push_over, self.commit]
        what += [self.touch] * 4
        for _ in range(count):
            self.happens(self.rng.choice(what))
        self.ends()

    def happens(self, what):
        self.done.append(what.__name__)
        what()

    def run(self):
        self.watched(self.milestone.runs)

    def killed(self):
        """A run is killed at some moment; what it started is given time to end."""
        seconds = self.rng.uniform(0.2, 2.0)
        self.watched(lambda: self.milestone.runs(longest=seconds), may_be_killed=True)
        lock = self.milestone.state / "lock"
        if lock.exists():
            with lock.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                fcntl.flock(held, fcntl.LOCK_UN)

    def overtaken(self):
        """Somebody pushes to a branch just before the run does."""
        name = self.name_next()
        self.milestone.overtakes(name)
        self.watched(self.milestone.runs)
        self.milestone.good()
        with suppress(subprocess.CalledProcessError):  # nothing was pushed
            self.foreign[name] = self.remotely("rev-parse", "--verify", "--quiet", f"refs/tags/{name}")
            self.hold(is_kept(self.milestone, self.foreign[name]), f"{name} is lost")

    def close(self):
        self.changes_a_pull({"open"}, state="closed")

    def reopen(self):
        self.changes_a_pull({"closed"}, state="open")

    def changes_a_pull(self, states, **what):
        pulls = [pull for pull in self.milestone.pulls() if pull["state"] in states]
        if pulls:
            self.milestone.write_pull({**self.rng.choice(pulls), **what})

    def merge(self):
        """Somebody merges a pull request, where it is ready and nothing conflicts."""
        heads = branches(self.milestone)
        ready = [pull for pull in self.milestone.pulls() if pull["state"] == "open" and not pull["draft"]]
        ready = [pull for pull in ready if {pull["head"], pull["base"]} <= set(heads)]
        for pull in ready[:1]:
            head, base = heads[pull["head"]], heads[pull["base"]]
            with suppress(subprocess.CalledProcessError):  # it conflicts
                tree = self.remotely("merge-tree", "--write-tree", base, head)
                made = self.remotely("commit-tree", tree, "-p", base, "-p", head, "-m", f"Merge #{pull['number']}")
                self.remotely("update-ref", f"refs/heads/{pull['base']}", made)
                self.milestone.write_pull({**pull, "state": "merged", "head_sha": head})

    def delete(self):
        """Somebody deletes an issue's branch on the remote."""
        matching = [branch for branch in branches(self.milestone) if branch.startswith("feat/")]
        if matching:
            self.remotely("update-ref", "-d", f"refs/heads/{self.rng.choice(matching)}")

    def lose_state(self):
        shutil.rmtree(self.milestone.state, ignore_errors=True)

    def lose_branches(self):
        for name in refs(self.milestone):
            if name.startswith(("refs/heads/feat/", "refs/heads/milestone/")):
                self.milestone.git("update-ref", "-d", name)

    def push(self):
        """Somebody adds a commit to an issue's branch on the remote."""
        for name, sha in self.one_of(branches(self.milestone)):
            self.remotely("update-ref", f"refs/heads/{name}", self.make_commit(sha, self.milestone.remote))

    def push_over(self):
        """Somebody replaces an issue's branch on the remote by other work, unless another person's lies there."""
        heads = branches(self.milestone)
        for name, sha in self.one_of(heads):
            if "milestone/m1" in heads and not self.holds_foreign(sha):
                made = self.make_commit(heads["milestone/m1"], self.milestone.remote)
                self.remotely("update-ref", f"refs/heads/{name}", made)

    def commit(self):
        """Somebody commits to an issue's branch here."""
        here = {name.removeprefix("refs/heads/"): sha for name, sha in refs(self.milestone).items()}
        for name, sha in self.one_of(here):
            self.milestone.git("update-ref", f"refs/heads/{name}", self.make_commit(sha))

    def touch(self):
        """Somebody answers, whether asked or not."""
        gate = self.rng.choice(["01", "02", "phase-1", *self.milestone.gates()])
        verbs = ("continue",) if gate == "phase-1" else ("fix", "skip", "retry", "unskip", "restart")
        verb = self.rng.choice(verbs)
        self.done[-1] = f"touch {gate}.{verb}"
        self.milestone.touches(gate, verb)

    def one_of(self, heads):
        """Return an issue's branch and its commit, nothing where there is none."""
        matching = sorted((name, sha) for name, sha in heads.items() if name.startswith("feat/"))
        return [self.rng.choice(matching)] if matching else []

    def name_next(self):
        return f"by-ada-{len(self.foreign) + 1}-{len(self.done)}"

    def make_commit(self, onto, where=None):
        """Make a person's commit with a file of its own."""
        name = self.name_next()
        blob = self.milestone.git("hash-object", "-w", "--stdin", where=where, text=name)
        rows = [row for row in self.milestone.git("ls-tree", onto, where=where).splitlines() if row]
        tree = self.milestone.git("mktree", where=where, text="\n".join([*rows, f"100644 blob {blob}\t{name}"]) + "\n")
        self.foreign[name] = self.milestone.git("commit-tree", tree, "-p", onto, "-m", name, where=where)
        return self.foreign[name]

    def holds_foreign(self, sha):
        return any(is_in(self.milestone.remote, commit, sha) for commit in self.foreign.values())

    def remotely(self, *words):
        return self.milestone.git(*words, where=self.milestone.remote)

    # ---- what may be relied on --------------------------------------------------------------------------------

    def watched(self, run, *, may_be_killed=False):
        """Let a run happen and hold what it did against the promises; returns its exit code."""
        before = Seen(self)
        code = run()
        after = Seen(self)
        output = "" if code is None else self.milestone.outputs[-1]
        for promise, broken in before.promises(after):
            self.hold(not broken, f"{promise}: {broken}")
        self.hold("Traceback" not in output, output)
        if code is None:
            self.hold(may_be_killed, "the run hangs")
        else:
            self.agree(code, output)
        return code

    def agree(self, code, output):
        """Exit code, summary and status tell the same."""
        self.hold(code in ENDS, f"exit code {code}: {output}")
        summary = json.loads((self.milestone.state / "summary.json").read_text())
        self.hold(summary["status"] in ENDS[code], f"exit code {code}, summary {summary['status']}: {output}")
        self.hold(
            code == 1 or (code == 3) == bool(self.milestone.gates()),
            f"exit code {code}, gates {self.milestone.gates()}",
        )
        waiting = sorted(summary["waiting"])
        self.hold(waiting == sorted(self.milestone.gates()), f"the summary waits for {waiting}")
        if code == 0:
            ends = {story["status"] for story in summary["per_issue"]}
            self.hold(ends <= {"done", "skipped"}, f"complete with {ends}")
        self.hold(self.milestone.runs("status", "m1", "--json") == 0, "status fails")
        status = json.loads(self.milestone.outputs[-1])
        differ = [name for name in ("status", "issues", "prs", "waiting") if status[name] != summary[name]]
        self.hold(not differ, f"status and summary differ in {differ}: {output}")

    def ends(self):
        """The milestone is aborted, or everything is answered until it is complete."""
        if self.rng.random() < 0.2:
            self.done.append("abort")
            for other in (self.milestone.state / "approvals").glob("01.*"):
                other.unlink()  # two answers at once would both be refused
            self.milestone.touches("01", "abort")
            self.hold(self.watched(self.milestone.runs) == 1, f"not aborted: {self.milestone.outputs[-1]}")
        asked = Counter()
        for _ in range(16):
            self.done.append("run")
            if self.watched(self.milestone.runs) == 0:
                return
            for gate, question in self.milestone.gates().items():
                asked[gate] += 1
                verbs = ONWARD if asked[gate] < 4 else ("continue", "skip")
                self.done.append(f"{gate}.{self.milestone.answer(gate, *verbs)} ({question['kind']})")
        raise Broken(f"never complete: {self.done}\n{self.milestone.outputs[-1]}")

    def hold(self, promise, otherwise):
        if not promise:
            raise Broken(f"{otherwise}\nafter {', '.join(self.done)}")


class Seen:
    """What can be seen at one moment: refs, pull requests, people's commits, decisions."""

    def __init__(self, play):
        self.milestone = play.milestone
        self.local, self.remote = refs(play.milestone), branches(play.milestone)
        self.pulls = {pull["number"]: pull for pull in play.milestone.pulls()}
        self.foreign = {name: sha for name, sha in play.foreign.items() if is_kept(play.milestone, sha)}
        decisions = (json.loads(path.read_text()) for path in play.milestone.state.glob("decisions/*.json"))
        self.retries = {f"{one['gate']}-{one['id']}-{one['when']}" for one in decisions if one["verb"] == "retry"}

    def promises(self, after):
        """Yield each promise, and what broke it while that came of this."""
        heads = Counter(pull["head"] for pull in after.pulls.values())
        yield "two pull requests of one branch", [head for head, count in heads.items() if count > 1]
        yield "made again silently", [*self.revived(after)]
        yield "a commit of somebody's is lost", sorted(set(self.foreign) - set(after.foreign))
        yield "moved here", [name for name in changed(self.local, after.local) if not is_own(name)]
        moved = changed(self.remote, after.remote)
        yield "moved on the remote", [name for name in moved if not name.startswith(("feat/m1-", "milestone/m1"))]

    def revived(self, after):
        for number, pull in self.pulls.items():
            state = after.pulls[number]["state"]
            if (pull["state"], state) in {("merged", "open"), ("merged", "closed")}:
                yield f"#{number} was merged and is {state}"
            if (pull["state"], state) == ("closed", "open") and after.retries <= self.retries:
                yield f"#{number} was closed and is open"


def is_own(name):
    return name.startswith(("refs/heads/feat/m1-", "refs/heads/milestone/m1", "refs/run-milestone/m1/"))


def changed(before, after):
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def branches(milestone):
    """Return the branches of the remote and their commits."""
    if not milestone.remote.exists():
        return {}
    all_refs = refs(milestone, milestone.remote)
    return {name.removeprefix("refs/heads/"): sha for name, sha in all_refs.items() if name.startswith("refs/heads/")}


def is_in(where, earlier, later):
    command = ["git", "merge-base", "--is-ancestor", earlier, later]
    return subprocess.run(command, cwd=where, capture_output=True, check=False).returncode == 0


def is_kept(milestone, sha):
    """Return whether any branch or kept ref, here or on the remote, holds a commit."""
    for where in (milestone.project, milestone.remote):
        command = ["git", "for-each-ref", "--contains", sha, "refs/heads", "refs/run-milestone"]
        if where.exists() and subprocess.run(command, cwd=where, capture_output=True, text=True, check=False).stdout:
            return True
    return False


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    milestone = FaultyMilestone(tmp_path_factory.mktemp("start") / "home").make()
    milestone.git("branch", "feat/of-somebody-else")
    milestone.git("tag", "v0")
    return milestone


def play(start, seed, steps, bug=""):
    """Play one sequence; returns what was broken, if anything."""
    game = Play(start, start.folder.with_name(f"play-{seed}"), seed, bug)
    try:
        game.steps(steps)
    except Broken as broken:
        return f"seed {seed}: {broken}"
    shutil.rmtree(game.milestone.folder)
    return None


@pytest.mark.torture
def test_two_hundred_random_sequences_break_no_promise(start):
    with ThreadPoolExecutor(3) as several:
        broken = [wrong for wrong in several.map(lambda seed: play(start, seed, 10), range(200)) if wrong]
    print(f"figure: broken: {len(broken)} of 200 sequences")
    assert not broken, "\n\n".join(broken)


def test_one_random_sequence_breaks_no_promise(start):
    wrong = play(start, random.randrange(1 << 32), 3)
    print(f"figure: broken: {int(wrong is not None)} of 1 sequence")
    assert wrong is None


UNLEASED = """
from run_milestone.adapters.git.remote import Remote
def push(self, sha, branch, expected):
    self._git.run("push", "--quiet", "--force", "--", self.url, f"{sha}:refs/heads/{branch}")
    return sha
Remote.push = push
"""
UNSOUGHT = """
from run_milestone.steps import pr
pr._find = lambda ctx: None
"""


@pytest.mark.torture
@pytest.mark.parametrize(
    ("bug", "steps"),
    [
        pytest.param(UNLEASED, ["overtaken"], id="nothing is expected of what is pushed over"),
        pytest.param(UNSOUGHT, ["run", "close", "push", "run"], id="a pull request is made without looking for one"),
    ],
)
def test_a_planted_bug_is_caught(start, bug, steps):
    for name, broken in (("good", ""), ("broken", bug)):
        game = Play(start, start.folder.with_name(f"{name}-{steps[0]}"), 1, broken)
        with pytest.raises(Broken, match=r"lost|two pull requests") if broken else nullcontext():
            for step in steps:
                game.happens(getattr(game, step))
