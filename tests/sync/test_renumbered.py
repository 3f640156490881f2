"""The plan gets other numbers while a milestone goes from machine to machine: records, work and answers follow."""

import json

BEFORE = """\
      - {number: 1, title: Make part 1, criteria: [It is there]}
      - {number: 2, title: Make part 2, criteria: [It is there]}
      - {number: 3, title: Make part 3, criteria: [It is there]}
  - issues:
      - {number: 4, title: Make part 4, criteria: [It is there], depends_on: [1]}
"""
AFTER = """\
      - {number: 3, title: Make part 1, criteria: [It is there]}
      - {number: 2, title: Make part 6, criteria: [It is there]}
      - {number: 1, title: Make part 3, criteria: [It is there]}
      - {number: 5, title: Make part 2, criteria: [It is there]}
  - issues:
      - {number: 4, title: Make part 4, criteria: [It is there], depends_on: [3]}
"""
"""1 and 3 change places, 2 is 5 now, and another issue gets its number."""
SECOND = "feat/m1-02-make-part-2"


def runs(person, *words):
    return person.types("m1", "--state-ref", *words)


def head(person, branch):
    return person.git("rev-parse", "--verify", f"refs/heads/{branch}", where=".")


def gates(person):
    return [gate["gate"] for gate in json.loads(person.types("gates", "m1", "--json").out)]


def renumber(person):
    """Change the plan and push it, as somebody does from a laptop."""
    plan = person.folder / "plans/m1/plan.yaml"
    assert BEFORE in plan.read_text()
    plan.write_text(plan.read_text().replace(BEFORE, AFTER))
    person.git("commit", "--quiet", "--all", "--message=Number the issues anew", where=".")
    person.git("push", "--quiet", "origin", "HEAD:main", where=".")


def test_a_renumbered_issue_keeps_its_work_across_machines(project):
    clone = project("shop")
    ada, bob, late = clone("ada"), clone("bob"), clone("late")
    assert runs(ada, "--only", "01").code == 0
    assert runs(bob).code == 3, "the tests of 02 fail, so its commit is on no branch of the remote"
    work = head(bob, SECOND)
    ada.touches("02.skip", milestone="m1")
    renumber(bob)

    carol = clone("carol")
    result = runs(carol)
    assert result.code == 3, result.out + result.err
    assert "· Issue #02 Make part 2 is #05 now" in result.out
    assert "gone" not in result.out, result.out
    assert result.out.count("✓ Implemented") == 1, "the new one, and nothing again"
    assert (gates(carol), head(carol, SECOND)) == (["02", "05"], work)

    result = late.types("decide", "m1", "02", "skip", "--state-ref")
    assert result.code == 2, "who has the old plan means the old 02"
    assert "In the plan here 02 is another issue than in the records of the last run. Bring the plan" in result.err

    ada.git("pull", "--quiet", where=".")
    result = runs(ada)
    assert result.code == 3, result.out + result.err
    assert "Approval 02.skip was not taken: 02 means another issue now" in result.out, result.out
    assert "✓ Implemented" not in result.out
    assert (gates(ada), head(ada, SECOND)) == (["02", "05"], work)
    assert not list((ada.folder / "state/m1").glob("removed/*")), "no folder of nobody's is found in the way"

    for number in ("02", "05"):
        assert bob.types("decide", "m1", number, "skip", "--state-ref").code == 0
    result = runs(ada, "--autonomous")
    assert result.code == 0, result.out + result.err
    last = clone("last")
    assert "nothing to do" in runs(last).out
    assert head(last, SECOND) == work
    assert last.types("verify", "m1").code == 0, last.types("verify", "m1").out
    facts = json.loads((last.folder / "state/m1/summary.json").read_text())
    assert [(story["number"], story["pr"] is not None) for story in facts["per_issue"]] == [
        ("03", True), ("02", False), ("01", True), ("05", False), ("04", True),
    ]  # fmt: skip
