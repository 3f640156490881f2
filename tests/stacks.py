"""A stack of five issues, a chain with a diamond in it, as the scenarios of stacking and landing share it."""

import json
from dataclasses import dataclass

UPON = {"01": [], "02": [1], "03": [1], "04": [2, 3], "05": [4]}
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

    def there(self, *words):
        """Ask git at the remote."""
        return self.git(*words, where=self.remote)

    def runs(self, *words):
        return self.person.types("m1", *words)

    def answers(self, *names):
        self.person.touches(*names, milestone="m1")
        return self.runs()

    def pulls(self):
        folder = self.person.folder / ".git/run-milestone/remote.forge/pulls"
        found = (json.loads(path.read_text()) for path in folder.glob("*.json"))
        return {pull["head"]: pull for pull in sorted(found, key=lambda pull: pull["number"])}

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


def stack_of(milestone, work=None, plan=""):
    """Give the person of the `milestone` fixture the stack; `work` adds to what the agent does or replaces it."""
    files = {f"{number}-1": {f"w{number}.js": f"NUMBER = {int(number)}\n"} for number in UPON}
    person = milestone({**files, **(work or {})}, plan=f"{PLAN}{plan}")
    path = person.folder / "plans/m1/plan.yaml"
    text = path.read_text()
    for number, upon in UPON.items():
        title = f"        title: Issue {number}\n"
        text = text.replace(title, f"{title}        depends_on: {upon}\n") if upon else text
    path.write_text(text)
    return Stack(person)
