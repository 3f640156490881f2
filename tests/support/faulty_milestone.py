"""A small milestone with programs of its own beside it, how it stands, and what two of them differ in."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from support.faults import Fault, overtake, plant, program

PATIENCE = 3
"""Seconds after which a run gives up on git, which is ten minutes elsewhere, and on an agent."""

ONWARD = ("continue", "retry", "fix", "restart", "approve", "skip")
"""How somebody answers who wants the work done."""
_AGENT = """\
#!/bin/sh
part=$(sed -n 's/.*Make part \\([0-9]\\).*/\\1/p' | head -n 1)
echo "PART = $part" >part_$part.py
"""
_START = """\
import sys
from run_milestone.adapters.process import Processes, coprocess
Processes.trusted.__kwdefaults__["timeout"] = coprocess.PATIENCE = {patience}
{bug}
from run_milestone.__main__ import main
sys.exit(main())
"""
_ISSUE = "      - {{number: {0}, title: Make part {0}, criteria: [It is there], depends_on: {1}}}\n"


@dataclass
class FaultyMilestone:
    """A milestone of two issues, its programs beside it."""

    folder: Path
    bug: str = ""
    """Code that breaks the runner in one way, to see that it is noticed."""
    outputs: list = field(default_factory=list)
    forge: str = ""
    """Code that lets the forge go wrong."""
    injected: str = ""
    """Code that lets the runner's own process go wrong."""
    words: tuple = ("m1",)
    """What a run is called with."""

    @property
    def project(self):
        return self.folder / "widgets"

    @property
    def state(self):
        return self.project / "state/m1"

    @property
    def remote(self):
        shared = self.folder / "hub.git"
        return shared if shared.exists() else self.project / ".git/run-milestone/remote.git"

    @property
    def programs(self):
        return self.folder / "bin"

    def make(self):
        """Lay the milestone out; the second issue stands on the first."""
        self.project.mkdir(parents=True)
        self.programs.mkdir()
        self.git("init", "--quiet", "--template=", "--initial-branch=main")
        self.git("commit", "--quiet", "--allow-empty", "--message=Start")
        program(self.folder / "agent", _AGENT)
        plan = self.project / "plans/m1/plan.yaml"
        plan.parent.mkdir(parents=True)
        plan.write_text(
            "id: m1\ntitle: Parts\n"
            f"agent: {{kind: command, command: [agent], timeout: {PATIENCE}}}\n"
            "sandbox: {kind: none}\n"  # the programs count their calls beside themselves
            'commands: {lint: ["true"], test: ["true"], review: [printf, "[]"]}\n'
            "phases:\n  - issues:\n" + _ISSUE.format(1, "[]") + _ISSUE.format(2, "[1]")
        )
        self.good()
        return self

    def copy(self, folder):
        """Return the same milestone elsewhere, with programs of its own."""
        shutil.copytree(self.folder, folder, symlinks=True)
        twin = FaultyMilestone(folder, self.bug, words=self.words)
        if (folder / "hub.git").exists():
            twin.git("remote", "set-url", "origin", str(folder / "hub.git"))
        twin.good()
        return twin

    def share(self):
        """Let the milestone have a remote, on which its state is kept too."""
        self.git("clone", "--quiet", "--bare", ".", str(self.folder / "hub.git"))
        self.git("remote", "add", "origin", str(self.folder / "hub.git"))
        self.words = ("m1", "--state-ref")
        return self

    def good(self):
        """Let every program do what it should, and the runner as well."""
        self.plant(Fault())
        self.injected = ""

    def plant(self, fault):
        """Let one program go wrong at one call."""
        self.forge = plant(fault, self.programs, self.folder / "agent")

    def calls(self, program):
        """Return the calls of a program since something was planted; of a git that stays, the lines it was asked."""
        return (self.programs / f"{program}.log").read_text().splitlines()

    def struck(self):
        """Return the call that went wrong, None where it did not come to it."""
        place = self.programs / "struck"
        return place.read_text().strip() if place.exists() else None

    def runs(self, *words, longest=60):
        """Run the milestone; returns the exit code, None where it never ended."""
        command = [
            sys.executable,
            "-c",
            _START.format(patience=PATIENCE, bug=self.bug + self.forge + self.injected),
            *(words or self.words),
        ]
        env = {**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}"}
        with (self.folder / f"output-{id(self)}").open("w+") as output:
            how = {"cwd": self.project, "env": env, "stdin": subprocess.DEVNULL, "start_new_session": True}
            run = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **how)
            try:
                code = run.wait(timeout=longest)
            except subprocess.TimeoutExpired:
                code = None
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
            output.seek(0)
            self.outputs.append(output.read())
        return code

    def git(self, *words, where=None, text=None):
        """Run git as a person would."""
        how = {"cwd": where or self.project, "capture_output": True, "text": True, "input": text}
        return subprocess.run(["git", *words], check=True, **how).stdout.strip()

    def gates(self):
        return {path.stem: json.loads(path.read_text()) for path in sorted((self.state / "gates").glob("*.json"))}

    def pulls(self):
        folder = self.remote.with_suffix(".forge") / "pulls"
        return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]

    def write_pull(self, pull):
        path = self.remote.with_suffix(".forge") / "pulls" / f"{pull['number']}.json"
        path.write_text(json.dumps(pull))

    def touches(self, gate, verb):
        folder = self.state / "approvals"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{gate}.{verb}").touch()

    def answer(self, gate, *verbs):
        """Give the first of these answers that a gate offers."""
        verb = next(verb for verb in verbs if verb in self.gates()[gate]["verbs"])
        self.touches(gate, verb)
        return verb

    def overtakes(self, name):
        """Let somebody push a commit called `name`, and a tag on it, right before the run's next push to a branch."""
        overtake(name, self.programs, self.remote, self.project / ".git")

    def goes_on(self, runs=8):
        """Answer so that the work goes on, and run, until it is complete; returns the answers, or None."""
        answers = []
        for _ in range(runs):
            answers += [(gate, self.answer(gate, *ONWARD)) for gate in self.gates()]
            if self.runs() == 0:
                return answers
        return None


SHARED = {"refs/run-milestone/m1/state", "refs/run-milestone/m1/lock"}
"""Refs that hold records, which are compared file by file."""
PASSING = {
    *("at", "took", "when", "who", "source", "created", "updated"),
    *("inputs", "adopted", "restacked", "report", "retries", "decisions"),
}
"""What a record says of how it came to be, and not of what there is."""


def lasting(record):
    """Return what a record says, without PASSING."""
    if isinstance(record, dict):
        return {name: lasting(value) for name, value in record.items() if name not in PASSING}
    if isinstance(record, str):
        without_decisions = re.sub(r"(?s)## Decisions\n.*?\n\n", "", record)
        return re.sub(r"<!-- run-milestone wrote: .*? -->\n", "", without_decisions)
    return [lasting(value) for value in record] if isinstance(record, list) else record


def stands(milestone, *, exactly):
    """Return how the milestone stands, by name: refs here and on the remote, pull requests, markers and decisions.

    Unless `exactly`, commits that hold the same files are the same, whichever attempt made them.
    """
    markers = [milestone.state / name for name in ("bootstrap.json", "plan-review.json", "complete.json")]
    markers += sorted((*milestone.state.glob("issues/*/*.json"), *milestone.state.glob("phases/*.json")))
    decisions = [json.loads(path.read_text()) for path in sorted(milestone.state.glob("decisions/*.json"))]
    left = (milestone.state / room for room in ("gates", "approvals"))
    records = {
        **{f"here {name}": sha for name, sha in refs(milestone).items()},
        **{f"remote {name}": sha for name, sha in refs(milestone, milestone.remote).items() if name not in SHARED},
        **{f"pull {pull['number']}": lasting(without_retries(pull)) for pull in milestone.pulls()},
        **{str(path.relative_to(milestone.state)): lasting(json.loads(path.read_text())) for path in markers},
        "decisions": [(one["gate"], one["verb"]) for one in decisions if one["verb"] not in {"retry", "fix"}],
        "left": sorted(path.name for room in left for path in room.glob("*.*")),
    }
    return records if exactly else without_authors(milestone, records)


def without_retries(pull):
    """Return a pull request without the questions that `retry` answered: they tell of the failure, and stay."""
    comments = [one for one in pull.get("comments", ()) if "✓ Answered: **retry**" not in one["body"]]
    return {**pull, "comments": comments}


def without_authors(milestone, records):
    """Return records that name files instead of commits, and no attempts."""
    text = re.sub(r'"attempt": \d+, ', "", json.dumps(records))
    for line in milestone.git("log", "--all", "--format=%H %T").splitlines():
        text = text.replace(*line.split(" "))
    return json.loads(text)


def untrue(milestone):
    """Return what the markers say of issues, at the end of whichever run, that is not so."""
    here, pulls = refs(milestone), {pull["number"]: pull for pull in milestone.pulls()}
    remote_refs = refs(milestone, milestone.remote) if milestone.remote.exists() else {}
    for folder in sorted(milestone.state.glob("issues/*")):
        markers = {path.stem: json.loads(path.read_text())["evidence"] for path in folder.glob("*.json")}
        markers = {step: evidence for step, evidence in markers.items() if not evidence.get("problem")}
        branch = f"refs/heads/{markers['branch']['branch']}" if "branch" in markers else ""
        if branch and branch not in here:
            yield f"{branch} is not here"
        if "implement" in markers and here.get(branch) != markers["implement"]["head"]:
            yield f"{branch} is not at what was implemented"
        if "push" in markers and remote_refs.get(branch) != markers["push"]["head"]:
            yield f"{branch} is not on the remote as pushed"
        later = (markers["pr"]["state"], "merged") if "pr" in markers else ()  # a landing that was cut short merged it
        if later and pulls.get(markers["pr"]["number"], {}).get("state") not in later:
            yield f"there is no such pull request of {branch}"


def refs(milestone, where=None):
    """Return the refs of the repository, or of the remote, and their commits."""
    lines = milestone.git("for-each-ref", "--format=%(refname) %(objectname)", where=where)
    return dict(line.split(" ") for line in lines.splitlines())


def differences(actual, wanted, place=""):
    """Return where two actual differ, a line each."""
    if isinstance(actual, dict) and isinstance(wanted, dict):
        names = sorted({*actual, *wanted})
        rows = [differences(actual.get(name), wanted.get(name), f"{place} {name}") for name in names]
        return [row for part in rows for row in part]
    return [] if actual == wanted else [f"{place}: {actual!r}, and else {wanted!r}"]
