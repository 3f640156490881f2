"""People in a stack: what happens to a branch that somebody has checked out when what it stands on moves."""

from pathlib import Path

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


def test_a_checked_out_branch_is_not_restacked(ada):
    ada.plans(PEOPLE)

    def commits(place, name, text):
        (place / name).write_text(text)
        ada.git("add", ".", where=place)
        ada.git("commit", "--quiet", f"--message=Write {name}", where=place)

    def place_of(result):
        return Path(result.out.split("a worktree of it: ")[1].split(")")[0])

    below = place_of(ada.types("m1"))
    commits(below, "a.js", "const a = 1\n")
    above = place_of(ada.types("m1"))
    commits(above, "b.js", "const b = 1\n")
    assert "✓ Phase 1 complete — 2 PRs ready" in ada.types("m1").out

    commits(below, "a.js", "const a = 2\n")
    head = ada.git("rev-parse", "feat/m1-02-above", where=".")
    result = ada.types("m1")
    assert result.code == 3
    asked = f"feat/m1-01-below moved and feat/m1-02-above is checked out: `git -C {above} merge feat/m1-01-below`"
    assert asked in result.out
    assert ada.git("rev-parse", "feat/m1-02-above", where=".") == head
    assert ada.git("status", "--porcelain", where=above) == "", "no run touches a checkout"

    ada.git("merge", "--quiet", "--no-edit", "feat/m1-01-below", where=above)
    result = ada.types("m1")
    assert result.issues() == ["02"]
    assert "✓ Phase 1 complete — 2 PRs ready" in result.out
    remote = ada.folder / ".git/run-milestone/remote.git"
    assert ada.git("show", "feat/m1-02-above:a.js", where=remote) == "const a = 2"
