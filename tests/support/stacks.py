"""A stack of five issues, a chain with a diamond in it, as the scenarios of stacking and landing share it."""

import json
from dataclasses import dataclass

DEPENDS_ON = {"01": [], "02": [1], "03": [1], "04": [2, 3], "05": [4]}
"""What each issue depends on."""

PLAN = """\
commands:
  lint: ["true"]
  test: ["true"]
limits: {coverage: 0, lines: 5}
"""
MANY = "".join(f"LINE_{number} = {number}\n" for number in range(6))


def branch(number):
    return f"feat/m1-{number}-issue-{number}"


JOIN = f"{branch('04')}-base"


@dataclass
class Stack:
    """The stack in somebody's repository. `remote` is where its bare remote is."""

    person: object
    remote: str = ".git/run-milestone/remote.git"

    def git(self, *words, where="."):
        return self.person.git(*words, where=where)

    def on_remote(self, *words):
        """Ask git at the remote."""
        return self.git(*words, where=self.remote)

    def runs(self, *words):
        return self.person.types("m1", *words)

    def answers(self, *names):
        return self.person.answers(*names)

    def pulls(self):
        return {pull["head"]: pull for pull in self.person.pulls()}

    def bases(self):
        return {head: pull["base"] for head, pull in self.pulls().items()}

    def commits_by_hand(self, number, name, text):
        """A person commits to an issue's branch, in a worktree of their own."""
        place = self.person.folder.parent / f"hers-{number}"
        self.git("worktree", "add", "--quiet", str(place), branch(number))
        (place / name).write_text(text)
        self.git("add", ".", where=place)
        self.git("commit", "--quiet", f"--message=Amend {name}", where=place)
        head = self.git("rev-parse", "HEAD", where=place)
        self.git("worktree", "remove", str(place))
        return head

    def marker(self, number, step):
        return json.loads((self.person.folder / f"state/m1/issues/{number}/{step}.json").read_text())


@dataclass
class StackOnGitHub(Stack):
    """The same, its pull requests on a GitHub on this machine."""

    hosted: object = None

    def pulls(self):
        return {
            pull.head: {"number": pull.number, "state": pull.state.lower(), "base": pull.base, "body": pull.body}
            for pull in self.hosted.pulls()
        }


def states(stack):
    return {head: pull["state"] for head, pull in stack.pulls().items()}


def lands(stack, *words):
    return stack.person.types("land", "m1", *words)


BASES = {
    branch("01"): "milestone/m1",
    branch("02"): branch("01"),
    branch("03"): branch("01"),
    branch("04"): JOIN,
    branch("05"): branch("04"),
}
LARGE = {"04-1": {"w04.js": MANY}}
"""Work of the issue on two others that somebody has to approve."""


def open_stack(stack):
    """All five are proposed; the large one waits and is approved, and so is the phase."""
    result = stack.runs()
    assert "🛑 Large change" in result.out, result.out + result.err
    stack.answers("04.approve")
    result = stack.answers("phase-1.continue")
    assert result.code == 0, result.out + result.err
    assert stack.bases() == BASES


def land_amended_stack(stack):
    """Somebody commits to the second of five finished pull requests; then the stack lands."""
    assert stack.bases() == BASES
    own_change = ("diff", "--name-only", f"{JOIN}...{branch('04')}")
    assert stack.on_remote(*own_change) == "w04.js", "of an issue on two others reviewers see its own change alone"
    assert stack.on_remote("rev-parse", "milestone/m1") == stack.git("rev-parse", "main"), (
        "nothing is there before it lands"
    )
    heads = {name: stack.on_remote("rev-parse", name) for name in BASES}
    hers = stack.commits_by_hand("02", "w02.js", "const two = 2;\n")
    result = lands(stack)
    assert result.code == 1
    assert "✗ Nothing lands yet:" in result.out
    assert "  - #02 is not finished (test: changed since: commit)" in result.out
    assert set(states(stack).values()) == {"open"}

    result = stack.runs()
    assert result.code == 3, result.out
    assert result.issues() == ["02", "04", "05"]
    assert "\n#02: 1 commit by Ada since it was approved\n" in result.out
    assert "\n#04: " not in result.out, "only what is new is named"
    assert f"✓ Restacked on {JOIN} (" in result.out
    assert f"✓ Restacked on {branch('04')} (" in result.out
    assert "🛑" not in result.out, "what was approved for #04 is still what #04 changes"
    assert "Implemented" not in result.out, "nobody implements again because something below moved"
    assert stack.on_remote(*own_change) == "w04.js"
    for name, head in heads.items():
        assert stack.on_remote("merge-base", "--is-ancestor", head, name) == "", "a branch only goes forward"
    assert "Amend w02.js" in stack.on_remote("log", "--format=%s", branch("05")), "what stands on it holds it as well"
    assert stack.runs().issues() == [], "and nothing runs when nothing moved"
    refused = lands(stack)
    assert refused.code == 3
    assert "phase 1 is not approved as it is now (#02: 1 commit by Ada since it was approved)" in refused.out
    assert stack.answers("phase-1.continue").code == 0
    result = lands(stack)
    assert result.code == 0, result.out + result.err
    order = [line.split("(#")[1][:2] for line in result.lines if " landed on milestone/m1 (#" in line]
    assert order == list(DEPENDS_ON)
    assert states(stack) == {**dict.fromkeys(heads, "merged"), "milestone/m1": "open"}
    for head in (hers, *heads.values()):
        assert stack.on_remote("merge-base", "--is-ancestor", head, "milestone/m1") == "", "every commit is kept"
    assert stack.on_remote("show", "milestone/m1:w02.js") == "const two = 2;"
    assert stack.pulls()["milestone/m1"]["base"] == "main"
    verified = stack.person.types("verify", "m1")
    assert verified.code == 0, verified.out


def stack_of(milestone, work=None, plan=""):
    """Give the person of the `milestone` fixture the stack; `work` adds to what the agent does or replaces it."""
    files = {f"{number}-1": {f"w{number}.js": f"NUMBER = {int(number)}\n"} for number in DEPENDS_ON}
    person = milestone({**files, **(work or {})}, plan=f"{PLAN}{plan}")
    path = person.folder / "plans/m1/plan.yaml"
    text = path.read_text()
    for number, needed in DEPENDS_ON.items():
        title = f"        title: Issue {number}\n"
        text = text.replace(title, f"{title}        depends_on: {needed}\n") if needed else text
    path.write_text(text)
    return Stack(person)
