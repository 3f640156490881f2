"""Run one change through the product: its release as it was, and again with each planted fault."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import yaml

from .faults import Fault, is_code, of
from .fetch import call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .projects import Case

CODE, REST = "code and tests", "what is beside them"
MOST_ROUNDS = 8
"""Questions of one issue come one after the other: each round answers those that are open."""


@dataclass
class Question:
    """One finding that a person was asked about, and by which rule it is deserved (empty where by none)."""

    kind: str
    rule: str
    message: str
    path: str = ""
    deserved: str = ""


@dataclass
class Outcome:
    """What became of one part of a change: as it was released, or with a fault in it."""

    variant: str
    planted: str = ""
    questions: list[Question] = field(default_factory=list)
    caught: str = ""
    """The question that names the fault."""
    unseen: bool = False
    """No test of the project fails on it, run by hand: nothing could have caught it."""
    is_masked: bool = False
    """The change as it was released raises the same question, which nobody can approve: nothing behind it is seen."""


@dataclass
class Result:
    """What became of a case."""

    case: str
    shape: str
    seconds: float = 0
    stuck: str = ""
    """Why the case came to no end."""
    outcomes: list[Outcome] = field(default_factory=list)
    """One for each issue of the milestone, in its order: the good changes first."""
    before: list[Question] = field(default_factory=list)
    """What was asked before any work."""
    by_hand: dict[str, bool] = field(default_factory=dict)
    """Commits whose tests were run without the product, and whether they passed."""

    @property
    def good(self) -> list[Outcome]:
        """The changes as they were released."""
        return [one for one in self.outcomes if not one.planted]

    @property
    def faulty(self) -> list[Outcome]:
        """The changes with a fault that something could see."""
        return [one for one in self.outcomes if one.planted and not one.unseen and not one.is_masked]


class Replay:
    """One case in a folder of its own."""

    def __init__(self, case: Case, folder: Path, seed: int, limit: int) -> None:
        """Prepare to replay a case within `limit` seconds."""
        self._case = case
        self._root = folder / case.name
        self._chance = Random(f"{seed} {case.name}")
        self._ends = time.monotonic() + limit
        self._faults: dict[str, Fault] = {}
        self._result = Result(case.name, case.project.shape)

    def run(self, before: Path, after: Path) -> Result:
        """Replay the case."""
        began = time.monotonic()
        try:
            self._prepare(before, after)
            self._judge()
        except subprocess.TimeoutExpired:
            self._result.stuck = "its time was over"
        self._result.seconds = round(time.monotonic() - began, 1)
        return self._result

    # ---- the repository ---------------------------------------------------------------------------------------------

    def _prepare(self, before: Path, after: Path) -> None:
        """Make a repository of the release before, a plan by `init`, and a recorded change for each variant."""
        for end in ("", ".by-hand", ".worktrees"):
            shutil.rmtree(self._root.with_name(f"{self._root.name}{end}"), ignore_errors=True)
        shutil.copytree(before, self._root, symlinks=True)
        self._git("init", "--quiet", "--initial-branch=main")
        self._commit("before")
        self._product("init")
        plan = self._root / "plans" / "m1"
        (plan / "changes").mkdir()
        self._git("checkout", "--quiet", "-b", "after")
        self._fill(after)
        self._commit("after")
        allow = self._allowed()
        slices = self._slices()
        for title, paths in slices:
            self._git("checkout", "--quiet", "-B", "slice", "main")
            self._take(paths)
            self._commit(title)
            self._record(plan, Outcome(title))
        self._git("checkout", "--quiet", "variant-1")
        for fault in of(self._case):
            planted = fault.plant(self._case.project, self._root, self._chance)
            if planted is not None:
                self._commit(fault.name)
                self._faults[fault.name] = fault
                self._record(plan, Outcome(fault.name, planted))
                self._git("reset", "--quiet", "--hard", "variant-1")
        self._git("checkout", "--quiet", "main")
        self._write_plan(plan / "plan.yaml", allow)

    def _fill(self, after: Path) -> None:
        """Replace every file by those of the release after, those of the plan aside."""
        for path in self._root.iterdir():
            if path.name not in {".git", "plans", "state", "dodo.py", ".run-milestone.toml"}:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(after, self._root, symlinks=True, dirs_exist_ok=True)

    def _slices(self) -> list[tuple[str, list[str]]]:
        """Return two changes that have no file in common: the code with its tests, and all that is beside them."""
        names = self._git("diff", "--name-only", "--no-renames", "main", "after").splitlines()
        code = [name for name in names if is_code(self._case.project, name)]
        rest = [name for name in names if name not in code]
        return [each for each in ((CODE, code), (REST, rest)) if each[1]]

    def _take(self, names: list[str]) -> None:
        """Bring files to how the release after has them."""
        held = set(self._git("ls-tree", "-r", "--name-only", "after").splitlines())
        for name in names:
            if name in held:
                self._git("checkout", "--quiet", "after", "--", name)
            else:
                self._git("rm", "--quiet", "--force", "--", name)

    def _commit(self, message: str) -> None:
        self._git("add", "--all", "--force", ".", ":!plans", ":!state", ":!dodo.py")
        who = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")
        self._git(*who, "commit", "--quiet", "--allow-empty", f"--message={message}")

    def _allowed(self) -> list[str]:
        """Return what a lead would allow the issue: the folders and kinds of files that the release changes."""
        names = self._git("diff", "--name-only", "--no-renames", "main", "after").splitlines()
        return sorted({f"{name.split('/')[0]}/**" if "/" in name else f"{name}*" for name in names}) or ["**"]

    def _record(self, plan: Path, outcome: Outcome) -> None:
        number = len(self._result.outcomes) + 1
        patch = plan / "changes" / f"{number:02}-1.patch"
        self._git("diff", "--binary", "--no-renames", f"--output={patch}", "main", "HEAD")
        self._git("tag", f"variant-{number}")
        self._result.outcomes.append(outcome)

    def _write_plan(self, path: Path, allow: list[str]) -> None:
        """Keep what `init` wrote, and let the recorded changes implement an issue for each variant."""
        made = yaml.safe_load(path.read_text(encoding="utf-8"))
        issues = []
        for number, outcome in enumerate(self._result.outcomes, start=1):
            own = [outcome.planted.split(":")[0]] if outcome.planted and outcome.variant != "foreign file" else []
            criteria = ["What the release says holds"]
            paths = {"allow": [*allow, *(f"{name}*" for name in own)]}
            kind = "chore" if outcome.variant == REST else "feat"
            issues.append(
                {"number": number, "title": outcome.variant, "type": kind, "criteria": criteria, "paths": paths}
            )
        if self._case.project.setup:
            made["tree"] = {"setup": [list(step) for step in self._case.project.setup]}
        if self._case.project.needs:
            made["tree"]["setup"][-1].extend(self._case.project.needs)
        made.update(agent={"kind": "replay", "changes": "changes"}, phases=[{"issues": issues}])
        path.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")

    # ---- the questions ----------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        """Run, note what is asked, answer it, until nothing but the phase waits."""
        printed = ""
        for _ in range(MOST_ROUNDS):
            printed = self._product("m1")
            gates = [gate for gate in self._gates() if gate["kind"] != "phase"]
            answered = [self._answer(gate) for gate in gates]
            if not any(answered):
                break
        ended = {path.parent.name for path in (self._root / "state/m1/issues").glob("*/test.json")}
        if len(ended) < len(self._result.outcomes) and not self._result.stuck:
            self._result.stuck = printed[-400:].strip()

    def _gates(self) -> Iterator[dict[str, Any]]:
        for path in sorted((self._root / "state/m1/gates").glob("*.json")):
            yield json.loads(path.read_text(encoding="utf-8"))

    def _note(self, gate: dict[str, Any]) -> None:
        questions = [
            Question(one["kind"], one["rule"], one["message"], one["path"] or "") for one in gate["findings"]
        ] or [Question(gate["kind"], gate["kind"], "")]
        asked = self._of(gate).questions if gate["gate"].isdigit() else self._result.before
        asked.extend(one for one in questions if one not in asked)

    def _of(self, gate: dict[str, Any]) -> Outcome:
        return self._result.outcomes[int(gate["gate"]) - 1]

    def _answer(self, gate: dict[str, Any]) -> bool:
        """Note what a gate asks and accept what can be accepted, so that what comes behind it is asked too."""
        self._note(gate)
        is_seen = gate["gate"].isdigit() and self._see_fault(self._of(gate))
        if is_seen or "approve" not in gate["verbs"] or gate["kind"] == "boundary":
            if gate["gate"].isdigit():
                self._of(gate).is_masked = bool(self._of(gate).planted) and not is_seen
            else:
                self._result.stuck = gate["findings"][0]["message"] if gate["findings"] else gate["kind"]
            return False
        approval = self._root / "state/m1/approvals" / f"{gate['gate']}.approve"
        approval.write_text("seen in the replay\n", encoding="utf-8")
        return True

    def _see_fault(self, outcome: Outcome) -> bool:
        """Note by which question a fault is caught: one of its kind that the release as it was does not raise."""
        fault = self._faults.get(outcome.variant)
        good = {(one.kind, one.rule, one.message) for one in self._result.outcomes[0].questions}
        named = [
            one
            for one in outcome.questions
            if fault and one.kind in fault.caught_by and (one.kind, one.rule, one.message) not in good
        ]
        outcome.caught = f"{named[0].kind}: {named[0].message}" if named else ""
        return bool(named)

    # ---- programs ---------------------------------------------------------------------------------------------------

    def _product(self, *words: str) -> str:
        left = max(1.0, self._ends - time.monotonic())
        command = [sys.executable, "-m", "run_milestone", *words]
        done = subprocess.run(
            command,
            cwd=self._root,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=left,
            check=False,
            env=_environment(),
        )
        return done.stdout + done.stderr

    def _git(self, *words: str) -> str:
        return call(["git", *words], self._root)


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTHONDONT"))}


def as_data(result: Result) -> dict[str, Any]:
    """Return a result as it is kept in a file."""
    return asdict(result)


def from_data(data: dict[str, Any]) -> Result:
    """Read a result as it was kept."""
    outcomes = [
        Outcome(**{**one, "questions": [Question(**each) for each in one["questions"]]}) for one in data["outcomes"]
    ]
    before = [Question(**one) for one in data["before"]]
    return Result(**{**data, "outcomes": outcomes, "before": before})
