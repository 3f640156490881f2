"""What every forge promises; a test file per forge gives the `forge` and inherits the scenarios."""

from __future__ import annotations

from threading import Thread

import pytest

from run_milestone.errors import OutsideError
from run_milestone.model import PullRequest


class ForgeContract:
    """Scenarios against an empty repository's forge; subclasses have a `forge` fixture."""

    @pytest.fixture
    def propose(self, forge):
        """Open a pull request as the pr step does, with what a scenario leaves unsaid."""

        def propose(head="feature/m4.1-03-sanitize", **said) -> PullRequest:
            usual = {"base": "milestone/m4.1", "title": "Sanitize", "body": "Why.", "labels": ()}
            return forge.create(head=head, **{**usual, **said})

        return propose

    def numbers(self, forge):
        return [pull.number for pull in forge.pulls()]

    def test_what_is_opened_is_there_to_read(self, forge, propose):
        made = propose(title="Größe ✓", body="Why.\n\n<!-- mark -->", labels=("needs-db-review",))
        assert (made.head, made.base, made.state, made.draft) == (
            "feature/m4.1-03-sanitize",
            "milestone/m4.1",
            "open",
            False,
        )
        assert (made.title, made.body, made.labels) == ("Größe ✓", "Why.\n\n<!-- mark -->", ("needs-db-review",))
        assert str(made.number) in made.url
        assert forge.pulls() == (made,)

    def test_pull_requests_are_listed_in_all_states_oldest_first(self, forge, propose):
        first, second, third = (propose(head) for head in ("a", "b", "c"))
        forge.close(second.number)
        assert self.numbers(forge) == [first.number, second.number, third.number]
        assert [pull.state for pull in forge.pulls()] == ["open", "closed", "open"]

    def test_opening_again_adopts_the_open_one(self, forge, propose):
        made = propose(labels=("mine",))
        again = propose(title="Sanitize better", labels=("more",))
        assert again.number == made.number
        assert again.title == "Sanitize better"
        assert set(again.labels) == {"mine", "more"}
        assert self.numbers(forge) == [made.number]

    def test_a_closed_one_is_not_adopted(self, forge, propose):
        made = propose()
        forge.close(made.number)
        assert propose().number > made.number

    def test_edit_keeps_labels_that_others_added(self, forge, propose):
        made = propose(labels=("theirs",))
        edited = forge.edit(made.number, title="New", body="Other.", base="milestone/m5", labels=("ours", "theirs"))
        assert (edited.title, edited.body, edited.base) == ("New", "Other.", "milestone/m5")
        assert sorted(edited.labels) == ["ours", "theirs"]
        assert forge.pulls() == (edited,)

    def test_draft_and_ready(self, forge, propose):
        number = propose().number
        assert forge.set_draft(number, draft=True).draft
        assert forge.set_draft(number, draft=True).draft
        assert not forge.set_draft(number, draft=False).draft

    def test_closing_twice_and_opening_again(self, forge, propose):
        number = propose().number
        assert [forge.close(number).state for _ in range(2)] == ["closed", "closed"]
        assert [forge.reopen(number).state for _ in range(2)] == ["open", "open"]

    def test_a_branch_never_has_two_open_ones(self, forge, propose):
        first = propose().number
        forge.close(first)
        propose()
        with pytest.raises(OutsideError):
            forge.reopen(first)
        assert [pull.state for pull in forge.pulls()] == ["closed", "open"]

    def test_a_comment_changes_nothing_else(self, forge, propose):
        made = propose()
        forge.comment(made.number, "Skipped: cache timing")
        assert forge.pulls() == (made,)

    def test_a_branch_into_itself_is_refused(self, forge, propose):
        with pytest.raises(OutsideError):
            propose(head="milestone/m4.1")
        made = propose()
        with pytest.raises(OutsideError):
            forge.edit(made.number, title="x", body="x", base=made.head, labels=())
        assert forge.pulls() == (made,)

    @pytest.mark.parametrize(
        "act",
        [
            lambda forge: forge.edit(4711, title="x", body="x", base="x", labels=()),
            lambda forge: forge.set_draft(4711, draft=True),
            lambda forge: forge.close(4711),
            lambda forge: forge.reopen(4711),
            lambda forge: forge.comment(4711, "x"),
        ],
        ids=["edit", "draft", "close", "reopen", "comment"],
    )
    def test_a_number_that_is_not_there_is_named(self, forge, act):
        with pytest.raises(OutsideError, match="4711"):
            act(forge)
        assert forge.pulls() == ()

    def test_many_at_once_get_a_number_each_and_a_branch_gets_one(self, forge, propose):
        threads = [Thread(target=propose, args=(head,)) for head in ("a", "b", "c", "d") * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(pull.head for pull in forge.pulls()) == ["a", "b", "c", "d"]
        assert len(set(self.numbers(forge))) == 4
