"""Dependent issues: what their pull requests go against, and how they follow when what they stand on moves."""

from pathlib import Path

from stacks import JOIN, MANY, branch, stack_of


def test_a_stack_is_opened_follows_a_change_below_it_and_keeps_what_was_approved(milestone):
    stack = stack_of(milestone, {"03-1": {"w03.js": MANY}})
    told = stack.runs()
    assert "🛑 Large change" in told.out, told.out + told.err
    stack.answers("03.approve")
    assert stack.bases() == {
        branch("01"): "milestone/m1",
        branch("02"): branch("01"),
        branch("03"): branch("01"),
        branch("04"): JOIN,
        branch("05"): branch("04"),
    }
    own = stack.there("diff", "--name-only", f"{JOIN}...{branch('04')}")
    assert own == "w04.js", "reviewers of an issue on two others see its own change and nothing else"
    before = {name: stack.there("rev-parse", name) for name in stack.bases()}
    assert stack.git("rev-parse", "milestone/m1") == stack.git("rev-parse", "main"), "nothing reaches it before landing"

    hers = stack.commits_by_hand("01", "w01.js", "NUMBER = 10\n")
    told = stack.runs()
    assert told.issues() == ["01", "02", "03", "04", "05"]
    assert f"✓ Restacked on {branch('01')} ({hers[:10]}, merged in)" in told.out
    assert "🛑" not in told.out, "what was approved for #03 is still what #03 changes"
    assert "Implemented" not in told.out, "nobody implements again because something below moved"
    for name, head in before.items():
        assert stack.there("merge-base", "--is-ancestor", head, name) == "", "a branch only goes forward"
        assert stack.there("show", f"{name}:w01.js") == "NUMBER = 10"
    assert stack.there("diff", "--name-only", f"{JOIN}...{branch('04')}") == "w04.js"
    assert [pull["state"] for pull in stack.pulls().values()] == ["open"] * 5
    assert stack.marker("03", "implement")["evidence"]["head"] == before[branch("03")]
    assert len(list((stack.person.folder / "state/m1/decisions").iterdir())) == 1

    told = stack.runs()
    assert told.issues() == [], "and nothing runs when nothing moved"
    assert stack.person.types("verify", "m1").code == 0


PEOPLE = """\
id: m1
title: First
commands:
  lint: ["true"]
  test: ["true"]
limits: {coverage: 0}
phases:
  - issues:
      - {number: 1, title: Below, criteria: [It is there]}
      - {number: 2, title: Above, criteria: [It is there], depends_on: [1]}
"""


def test_a_branch_that_a_person_has_checked_out_is_theirs_to_bring_up_to_date(repository):
    ada = repository
    assert ada.types("init").code == 0
    (ada.folder / "plans/m1/plan.yaml").write_text(PEOPLE)

    def commits(place, name, text):
        (place / name).write_text(text)
        ada.git("add", ".", where=place)
        ada.git("commit", "--quiet", f"--message=Write {name}", where=place)

    def place_of(told):
        return Path(told.out.split("a worktree of it: ")[1].split(")")[0])

    below = place_of(ada.types("m1"))
    commits(below, "a.js", "const a = 1\n")
    above = place_of(ada.types("m1"))
    commits(above, "b.js", "const b = 1\n")
    assert "✓ Phase 1 complete — 2 PRs ready" in ada.types("m1").out

    commits(below, "a.js", "const a = 2\n")
    head = ada.git("rev-parse", "feat/m1-02-above", where=".")
    told = ada.types("m1")
    assert told.code == 3
    asked = f"feat/m1-01-below moved and feat/m1-02-above is checked out: `git -C {above} merge feat/m1-01-below`"
    assert asked in told.out
    assert ada.git("rev-parse", "feat/m1-02-above", where=".") == head
    assert ada.git("status", "--porcelain", where=above) == "", "no run touches a checkout"

    ada.git("merge", "--quiet", "--no-edit", "feat/m1-01-below", where=above)
    told = ada.types("m1")
    assert told.issues() == ["02"]
    assert "✓ Phase 1 complete — 2 PRs ready" in told.out
    remote = ada.folder / ".git/run-milestone/remote.git"
    assert ada.git("show", "feat/m1-02-above:a.js", where=remote) == "const a = 2"
