"""Secrets of the operator stand in the environment, in git's configuration and in URLs: no output or record has one."""

import base64

import pytest
from support.faults import Fault, program
from support.faulty_milestone import FaultyMilestone

CANARIES = {
    "GH_TOKEN": "canary-9f3ac1-token",
    "AWS_SECRET_ACCESS_KEY": "canary/9f3ac2+secret+key",
    "SERVICE_PASSWORD": "canary 9f3ac3 with spaces",
    "DATABASE_URL": "postgresql://ada:canary-9f3ac4@db.example/app",
    "MULTILINE_KEY": "-----BEGIN KEY-----\ncanary-9f3ac5-line\n-----END KEY-----",
}
MARKS = tuple(f"9f3ac{number}" for number in range(1, 8))
LEAKS = """
tell() {{ tr '\\0' '\\n' < /proc/$PPID/environ; echo 'https://ada:canary-9f3ac6@host.example/x.git'; }}
env >> {folder}/child.env
tell
tell >&2
"""
AGENT = (
    "#!/bin/sh\npart=$(sed -n 's/.*Make part \\([0-9]\\).*/\\1/p' | head -n 1)\necho \"PART = $part\" >part_$part.py\n"
)
FAILS = {
    "nothing": Fault(),
    "the agent": Fault("agent", 1, "after"),
    "git": Fault("git", "push", "before"),
    "the forge": Fault("forge", 2, "before"),
}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Make a milestone whose agent, linter, tests and reviewer tell whatever they can see."""
    milestone = FaultyMilestone(tmp_path_factory.mktemp("start") / "home").make()
    leaks = LEAKS.format(folder=milestone.folder)
    program(milestone.folder / "agent", AGENT + leaks)
    program(milestone.folder / "tool", f"#!/bin/sh\n{leaks}\nexit $1\n")
    plan, tool = milestone.project / "plans/m1/plan.yaml", milestone.folder / "tool"
    commands = f'commands: {{lint: [{tool}, "0"], test: [{tool}, "0"], review: [printf, "[]"]}}'
    lines = [commands if line.startswith("commands:") else line for line in plan.read_text().splitlines()]
    plan.write_text("\n".join([*lines, ""]))
    milestone.git("config", "http.extraHeader", "Authorization: Basic canary-9f3ac7")
    return milestone


def places(milestone):
    """Yield every text that the product left or showed, with where it is."""
    yield from ((f"output {number}", text) for number, text in enumerate(milestone.outputs))
    for path in sorted(milestone.folder.rglob("*")):
        if path.is_file() and path.name not in {"config", "agent", "tool"} and ".git/objects" not in str(path):
            yield str(path.relative_to(milestone.folder)), path.read_bytes().decode(errors="replace")
    for where in (milestone.project, milestone.remote):
        objects = milestone.git(
            "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)", where=where
        )
        for line in objects.splitlines():
            sha, kind = line.split()
            yield f"object {sha}", milestone.git("cat-file", kind, sha, where=where) if kind != "tree" else ""


def forms(mark):
    """Return a mark as it stands, and as it may stand inside base64."""
    inside = [base64.b64encode(b"x" * shift + mark.encode()).decode().rstrip("=")[2 + shift : -2] for shift in range(3)]
    return (mark, *inside)


@pytest.mark.parametrize(
    "broken", [pytest.param(name, marks=[] if name == "git" else [pytest.mark.torture]) for name in FAILS]
)
def test_no_canary_is_left_anywhere(start, monkeypatch, broken):
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    milestone = start.copy(start.folder.with_name(f"canary-{broken.replace(' ', '-')}"))
    milestone.plant(FAILS[broken])
    milestone.runs("m1", "--verbose", "--metrics")
    milestone.good()
    milestone.goes_on()
    for words in (["status", "m1"], ["gates", "m1"], ["report", "m1"], ["why", "m1"], ["verify", "m1"]):
        milestone.runs(*words)
    searched = list(places(milestone))
    leaks = [
        f"{mark} in {where}" for where, text in searched for mark in MARKS if any(form in text for form in forms(mark))
    ]
    print(f"figure: row 15: places searched, {broken} failing: {len(searched) - len(leaks)} / {len(searched)}")
    assert not leaks, "\n".join(leaks)
    assert "[redacted" in "".join(text for _, text in searched) or "***" in "".join(text for _, text in searched)
