"""A tiny product whose every issue leads into a stop, made of shell scripts so that a whole run costs seconds."""

import json
import shutil

import pytest
from support.person import Person

AGENT = """\
# Leaves what work/<issue>-<attempt> holds, and takes away what its file `gone` names. A stubborn one never learns:
# it does at every attempt what it did at the first. Where nothing is prepared it fails.
key=$(sed -n 's/^# .* issue \\([0-9]*\\) of milestone .*, attempt \\([0-9]*\\)$/\\1-\\2/p' | head -n 1)
[ "$1" = stubborn ] && echo "$key" > "again.md" && key=${key%-*}-1
[ -d "work/$key" ] || { echo "nothing is prepared for $key" >&2; exit 1; }
for name in $(cat "work/$key/gone" 2>/dev/null); do rm "$name"; done
cp -r "work/$key/." . && rm -f gone
"""
CHECK = """\
# The tests: they fail where something is broken, or where a new test has nothing to test.
[ ! -e uncovered.js ] || echo '{"files": {"uncovered.js": {"executed_lines": [], "missing_lines": [1]}}}' > "$1"
[ ! -e broken.js ] && { [ ! -e tests/test_new.py ] || [ -e new.js ]; }
"""
REVISION = "from alembic import op\n\nrevision = {!r}\ndown_revision = {!r}\n\n\ndef upgrade():\n    {}\n"
PRODUCT = {
    "agent.sh": AGENT,
    "check.sh": CHECK,
    "shared.js": "colour = 'red'\n",
    "tests/test_old.py": "def test_old():\n    assert True\n",
    "alembic/versions/001.py": REVISION.format("001", None, "op.execute('CREATE TABLE t (id INTEGER, c TEXT)')"),
}


def write_files(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(scope="session")
def make_product():
    """Make a project with these phases of issues in a folder; its remote is ../remote.git, its forge beside that.

    `work` holds by issue and attempt (`03-1`) what the agent leaves; whatever has none fails.
    """

    def make(folder, *phases, work, plan="", agent=("sh", "agent.sh"), test=("sh", "check.sh", "{coverage}")):
        ada = Person(folder / "product")
        write_files(ada.folder, PRODUCT)
        for key, files in work.items():
            write_files(ada.folder / "work" / key, {"gone": "", **files})
        ada.git("init", "--quiet", "--initial-branch=main", where=".")
        ada.git("add", ".", where=".")
        ada.git("commit", "--quiet", "--message=Start", where=".")
        ada.git("clone", "--quiet", "--bare", ".", str(folder / "remote.git"), where=".")
        settings = {
            "id": "m1",
            "title": "Stops",
            "repository": {"remote": "../remote.git"},
            "agent": {"kind": "command", "command": agent},
            "commands": {"lint": ["true"], "test": test},
        }
        head = "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items())
        rows = "".join(f"  - issues: {json.dumps(list(map(entry, issues)))}\n" for issues in phases)
        write_files(ada.folder, {"plans/m1/plan.yaml": f"{head}{plan}phases:\n{rows}"})
        return ada

    return make


def entry(issue):
    return {"title": f"Do {issue['number']:02d}", "criteria": ["It is done"], **issue}


class Outcome:
    """A milestone after a run: what was said, its gates, decisions and pull requests."""

    def __init__(self, person, result):
        self.person, self.result = person, result
        self.home = person.folder.parent

    def _records(self, folder):
        return [json.loads(path.read_text()) for path in sorted((self.home / folder).glob("*.json"))]

    def gate(self, name):
        return next((gate for gate in self._records("product/state/m1/gates") if gate["gate"] == name), None)

    def decided(self, gate):
        rows = self._records("product/state/m1/decisions")
        return [(row["verb"], row["who"]) for row in rows if row["gate"] == gate]

    def pull(self, number):
        pulls = self._records("remote.forge/pulls")
        return next((pull for pull in pulls if f"m1-{number}-" in pull["head"]), None)

    def story(self, number):
        facts = json.loads((self.person.folder / "state/m1/summary.json").read_text())
        return next(issue for issue in facts["per_issue"] if issue["number"] == number)

    def remote(self, ref):
        return self.person.git("rev-parse", ref, where=self.home / "remote.git")

    def log(self, branch):
        return self.person.git("rev-list", "--topo-order", branch, where=".").split()

    def evidence(self, number, step):
        return json.loads((self.person.folder / f"state/m1/issues/{number}/{step}.json").read_text())["evidence"]

    def output_of(self, number):
        """What was said of an issue in the last run."""
        _, _, rest = self.result.out.partition(f"Issue #{number}: ")
        return rest.partition("\nIssue #")[0]


@pytest.fixture(scope="session")
def run_m1():
    """Run the milestone; returns what became of it."""

    def run_it(person, *flags):
        return Outcome(person, person.types("m1", *flags))

    return run_it


@pytest.fixture(scope="session")
def answer_in_copy(tmp_path_factory, run_m1):
    """Let somebody answer gates in a copy of a project, and run it again."""

    def go_on(outcome, *answers, before=None, why=""):
        home = tmp_path_factory.mktemp("copy") / "home"
        shutil.copytree(outcome.home, home, symlinks=True)
        person = Person(home / "product")
        if before:
            before(home)
        write_files(person.folder / "state/m1/approvals", dict.fromkeys(answers, why))
        return run_m1(person)

    return go_on
