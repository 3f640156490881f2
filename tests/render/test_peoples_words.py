"""What a person wrote into a pull request stays when the runner writes its text again."""

from dataclasses import replace

import pytest

from run_milestone.model import Proposal, PullRequest
from run_milestone.render.peoples_words import marked, with_peoples_words

MARK = "<!-- run-milestone: m1/01 -->"
FIRST = Proposal("feat(m1): One (01)", f"## Tests\n\n52 passed.\n\n{MARK}\n", "milestone/m1", ("a",))
NEXT = replace(FIRST, title="feat(m1): First (01)", body=FIRST.body.replace("52", "53"))


def shown(proposal, **edited):
    """The pull request as the forge has it, with what a person edited."""
    facts = {"title": proposal.title, "body": proposal.body, **edited}
    return PullRequest(1, "feat/x", "milestone/m1", state="open", url="", **facts)


def test_nothing_of_a_person_changes_nothing():
    made = marked(FIRST)
    assert with_peoples_words(shown(made), NEXT) == marked(NEXT)
    assert made.body.endswith(f"{MARK}\n")


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: f"A picture.\n\nBy Grace.\n\n{body}",
        lambda body: body.replace(MARK, f"A picture.\n\nBy Grace.\n\n{MARK}"),
        lambda body: body.replace("52 passed.", "52 passed.\r\nA picture.\r\n\r\nBy Grace."),
        lambda body: f"{body}\nA picture.\n\nBy Grace.\n",
    ],
)
def test_a_persons_lines_stay_wherever_they_are(edit):
    once = with_peoples_words(shown(marked(FIRST), body=edit(marked(FIRST).body)), NEXT)
    assert once.body.count("A picture.") == once.body.count("By Grace.") == once.body.count("53 passed.") == 1
    assert "52 passed." not in once.body
    assert with_peoples_words(shown(once), NEXT).body == once.body, "writing it again changes nothing"


@pytest.mark.parametrize("left", ["", "## Tests\n\n53 passed.\n"])
def test_a_text_without_marks_is_a_persons(left):
    """Somebody wrote it anew, or opened the pull request by hand."""
    once = with_peoples_words(shown(FIRST, title="Mine", body=f"All mine.\r\n\r\n{left}"), NEXT)
    assert once.body == f"All mine.\n\n{marked(NEXT).body}"
    assert once.title == "Mine"
    assert with_peoples_words(shown(once), NEXT).body == once.body


def test_a_title_is_the_runners_until_edited():
    made = marked(FIRST)
    assert with_peoples_words(shown(made), NEXT).title == NEXT.title
    edited = with_peoples_words(shown(made, title="One (SHOP-1)"), NEXT)
    assert edited.title == "One (SHOP-1)"
    assert with_peoples_words(shown(edited), NEXT).title == "One (SHOP-1)"


def test_a_body_of_the_version_before_is_replaced():
    assert with_peoples_words(shown(FIRST), NEXT) == marked(NEXT)
