"""Dependent issues: what their pull requests go against, and how they follow when what they stand on moves."""

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
