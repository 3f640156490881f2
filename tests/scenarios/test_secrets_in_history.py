"""A secret that a later commit removed is not pushed: the run joins its own commits, and asks about a person's."""

import pytest
from support.plans import QUICK

KEY = "AKIA" + "QX7TZ3M5LB2VN8RC"
UNBOXED = f"sandbox: {{kind: none}}\n{QUICK}"
BRANCH = "feat/m1-01-issue-01"
CLEAN = {"a.py": "A = 1\n"}


def pushed(person):
    """Everything that the remote's branch holds, with its history, as text; empty where there is no branch."""
    if not person.git("for-each-ref", f"refs/heads/{BRANCH}", where=".git/run-milestone/remote.git"):
        return ""
    words = ("log", "--patch", "--text", f"{person.git('rev-parse', 'main', where='.')}..{BRANCH}")
    return person.git(*words, where=".git/run-milestone/remote.git")


def commits(person, files, message):
    """Commit on the issue's branch, as a person does."""
    for name, text in files.items():
        (person.folder / name).write_text(text)
    person.git("add", "--", *files, where=".")
    person.git("commit", "--quiet", f"--message={message}", where=".")
    return person.git("rev-parse", "HEAD", where=".")


def on_the_branch(person, *words):
    person.git("switch", "--quiet", *words, BRANCH, where=".")


def leaves(person):
    person.git("switch", "--quiet", "main", where=".")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a.py": f"A = '{KEY}'\n"}, CLEAN),
        ({**CLEAN, "notes.txt": f"{KEY}\n"}, {"notes.txt": None}),
        ({**CLEAN, "data.bin": f"\0\1{KEY}\n"}, {"data.bin": None}),
    ],
    ids=["line", "removed-file", "removed-binary"],
)
def test_fix_keeps_a_removed_secret_from_the_remote(make_milestone, first, second):
    person = make_milestone({"01-1": first, "01-2": second}, plan=UNBOXED)
    assert "AWS Access Key in the change" in person.types("m1").out
    result = person.answers("01.fix")
    assert "PR #1 created" in result.out, result.out
    assert "Joined 2 commits into one, so that a secret in an earlier one is not pushed" in result.out
    history = pushed(person)
    assert "A = 1" in history
    assert KEY not in history
    assert history.count("commit ") == 1
    again = person.types("m1")
    assert again.issues() == [], "nothing is done again"


def test_a_person_approves_each_line_as_none(make_milestone):
    two = {"a.py": f"A = '{KEY}'\n", "b.py": f"\nB = '{KEY[:-1]}Z'\n"}
    person = make_milestone({"01-1": two}, plan=QUICK)
    shown = person.types("m1")
    names = [word.rpartition(".")[2] for word in shown.out.split() if "approvals/01.approve-secret-" in word]
    assert len(names) == 2, "one for each line"
    assert "01.approve " not in shown.out, "nothing approves both"
    assert "it has no reason; say why this is no secret" in person.types("decide", "m1", "01", names[0]).err
    for name in names:
        assert person.types("decide", "m1", "01", name, "--reason", "a sample of the docs").code == 0
        result = person.types("m1")
    assert "PR #1 created" in result.out, result.out
    assert KEY in pushed(person)
    on_the_branch(person)
    commits(person, {"a.py": f"# A sample.\nA = '{KEY}'\n"}, "Explain the sample")
    leaves(person)
    assert "🛑" not in person.types("m1").out, "the lines are the same"


def test_clean_commits_below_the_secret_stay(make_milestone):
    work = {
        "01-1": {"a.py": "A = 1\n", "bad.txt": "bad\n"},
        "01-2": {"b.py": f"B = '{KEY}'\n", "bad.txt": None},
        "01-3": {"b.py": "B = 2\n"},
    }
    plan = UNBOXED.replace('test: ["true"]', 'test: [sh, -c, "test ! -e bad.txt"]') + "limits: {attempts: 4}\n"
    person = make_milestone(work, plan=plan)
    assert "Tests failing" in person.types("m1").out
    before = person.git("rev-parse", BRANCH, where=".")
    person.answers("01.fix")
    result = person.answers("01.fix")
    assert "Joined 2 commits into one" in result.out, result.out
    assert before in pushed(person)
    assert KEY not in pushed(person)


@pytest.mark.parametrize("where", ["line", "message"])
def test_a_persons_commit_is_asked_about(make_milestone, where):
    person = make_milestone({"01-1": CLEAN}, plan=UNBOXED, issue="agent: {kind: human}")
    person.git("branch", BRANCH, where=".")
    on_the_branch(person)
    line, message = (f"A = '{KEY}'\n", "Add it") if where == "line" else ("A = 0\n", f"Add it with {KEY}")
    tainted = commits(person, {"a.py": line}, message)
    commits(person, CLEAN, "Set it")
    leaves(person)

    result = person.types("m1")
    assert result.code == 3, result.out + result.err
    place = "a.py" if where == "line" else "its message"
    assert f"Commit {tainted[:10]} holds what a later commit removed" in result.out
    assert f"AWS Access Key in {place}" in result.out
    assert f"rewrite {BRANCH} yourself (`git rebase --interactive {tainted[:10]}^`)" in result.out
    assert pushed(person) == ""
    assert person.git("rev-parse", f"{BRANCH}~1", where=".") == tainted, "nobody rewrote it"
    result = person.answers("01.fix")
    assert f"rewrite {BRANCH} yourself" in result.out, "fix says the same, and rewrites nothing"

    place = result.out.split("a worktree of it: ")[1].split(")")[0]
    person.git("reset", "--quiet", "--soft", "main", where=place)
    person.git("commit", "--quiet", "--message=Add it without", where=place)
    result = person.types("m1")
    assert "PR #1 created" in result.out, result.out
    assert KEY not in pushed(person)


def test_commits_of_an_earlier_run_are_joined(make_milestone):
    """The version before committed a fix on top of the commit with the secret."""
    person = make_milestone({"01-1": CLEAN}, plan=UNBOXED)
    on_the_branch(person, "--create")
    commits(person, {"a.py": f"A = '{KEY}'\n"}, "feat: A\n\nRun-Milestone: m1/01 attempt-1")
    commits(person, CLEAN, "fix: A\n\nRun-Milestone: m1/01 lint-1")
    leaves(person)
    result = person.types("m1")
    assert "`fix` joins the run's commits into a clean one" in result.out, result.out
    assert pushed(person) == ""
    result = person.answers("01.fix")
    assert "PR #1 created" in result.out, result.out
    assert "A = 1" in pushed(person)
    assert KEY not in pushed(person)
