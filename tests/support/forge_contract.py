"""What every forge promises; a test file per forge gives the `ground` it stands on and inherits the scenarios."""

from __future__ import annotations

import os
import subprocess
from threading import Thread

import pytest

from run_milestone.adapters.git import Git
from run_milestone.adapters.process import Processes
from run_milestone.core.errors import OutsideError
from run_milestone.model import ANSWER_MARK, CheckState, ForgeIssue, Proposal, PullRequest
from run_milestone.policy.stops import LABELS

BASE, HEAD = "milestone/m4.1", "feature/m4.1-03-sanitize"


class Ground:
    """A product, its bare remote with the milestone's branch, and people who push to it."""

    def __init__(self, root):
        self.root = root
        self.product, self.remote = root / "product", root / "acme" / "widgets.git"
        self.remote.parent.mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.remote), where=root)
        self.git("init", "--quiet", "--initial-branch=main", str(self.product), where=root)
        self.push("main", {"a.txt": "a\n"})
        self.push(BASE, {})

    def git(self, *words, where=None):
        done = subprocess.run(
            ["git", *words], cwd=where or self.product, env=os.environ, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def push(self, branch, files):
        """Commit `files` on top of what the remote's branch has (of main, where it is new), and push."""
        start = self.head(branch) or self.head("main")
        if start:
            self.git("checkout", "--quiet", "--detach", start)
        for name, text in files.items():
            (self.product / name).write_text(text)
        if files:
            self.git("add", ".")
            self.git("commit", "--quiet", f"--message=Change {', '.join(files)}")
        self.git("push", "--quiet", str(self.remote), f"HEAD:refs/heads/{branch}")
        return self.head(branch)

    def head(self, branch):
        """The commit that the remote's branch is at."""
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}", where=self.remote) or None

    def holds(self, branch, commit):
        """Whether the remote's branch contains a commit."""
        merged = self.git("for-each-ref", "--contains", commit, "--format=%(refname:short)", where=self.remote)
        return branch in merged.splitlines()

    def runner(self, url=None):
        """The runner's own git in this product."""
        return Git(Processes(), self.product, url or str(self.remote), name="m4.1", root=self.root)

    # a forge's own ways of letting others act

    def open(self):
        """The forge under test; its target branch is main."""
        raise NotImplementedError

    def labels(self):
        """The labels that the forge has, by name."""
        raise NotImplementedError

    def says(self, number, author, body, *, writer):
        """Let somebody comment."""
        raise NotImplementedError

    def reviews(self, number, author, state, *, commit="", body="", at="2026-11-27T08:00:00Z", writer=True, threads=()):
        """Let somebody review; `threads` are `(path, line, body, resolved)`."""
        raise NotImplementedError

    def replies(self, number):
        """What was answered in the threads of all reviews."""
        raise NotImplementedError

    def dismisses(self, number):
        """Dismiss the last review."""
        raise NotImplementedError

    def checked(self, commit, *checks):
        """Let a CI report `(name, state, required, log)` on a commit."""
        raise NotImplementedError


class ForgeContract:
    """Scenarios against an empty repository's forge; subclasses have a `ground` fixture."""

    @pytest.fixture
    def forge(self, ground):
        return ground.open()

    @pytest.fixture
    def propose(self, ground, forge):
        """Push a branch and open a pull request as the steps do, with what a scenario leaves unsaid."""

        def propose(head=HEAD, **wanted) -> PullRequest:
            if ground.head(head) is None:
                ground.push(head, {f"{head.replace('/', '-')}.txt": "new\n"})
            usual = {"base": BASE, "title": "Sanitize", "body": "Why."}
            return forge.create(head, Proposal(**{**usual, **wanted}))

        return propose

    def numbers(self, forge):
        return [pull.number for pull in forge.pulls()]

    # ---- pull requests ----------------------------------------------------------------------------------------

    def test_an_opened_pull_request_can_be_read(self, ground, forge, propose):
        made = propose(title="Größe ✓", body="Why.\n\n<!-- mark -->", labels=("needs-db-review",))
        assert (made.head, made.base, made.state, made.draft) == (HEAD, BASE, "open", False)
        assert (made.title, made.body, made.labels) == ("Größe ✓", "Why.\n\n<!-- mark -->", ("needs-db-review",))
        assert made.head_sha == ground.head(HEAD)
        assert str(made.number) in made.url
        assert forge.pulls() == (made,)

    def test_all_pull_requests_are_listed_oldest_first(self, forge, propose):
        first, second, third = (propose(head) for head in ("a", "b", "c"))
        forge.close(second.number)
        assert self.numbers(forge) == [first.number, second.number, third.number]
        assert [pull.state for pull in forge.pulls()] == ["open", "closed", "open"]
        assert [pull.number for pull in forge.pulls("c", "b", "none")] == [second.number, third.number]

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

    def test_an_edit_keeps_labels_of_others(self, ground, forge, propose):
        ground.push("milestone/m5", {})
        made = propose(labels=("theirs",))
        edited = forge.edit(made.number, Proposal("New", "Other.", "milestone/m5", ("ours", "theirs")))
        assert (edited.title, edited.body, edited.base) == ("New", "Other.", "milestone/m5")
        assert sorted(edited.labels) == ["ours", "theirs"]
        assert forge.pulls() == (edited,)

    def test_labels_can_be_added_and_taken_away(self, forge, propose):
        made = propose(labels=("one",))
        assert sorted(forge.label(made.number, "one", "two").labels) == ["one", "two"]
        assert forge.unlabel(made.number, "one", "never there").labels == ("two",)

    def test_a_pull_request_becomes_draft_and_ready(self, forge, propose):
        made = propose()
        assert not made.draft
        assert forge.set_draft(made.number, draft=True).draft
        assert not forge.set_draft(made.number, draft=False).draft
        assert forge.set_draft(made.number, draft=True).draft

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

    def test_a_branch_into_itself_is_refused(self, forge, propose):
        with pytest.raises(OutsideError):
            propose(head=BASE)
        made = propose()
        with pytest.raises(OutsideError):
            forge.retarget(made.number, made.head)
        with pytest.raises(OutsideError):
            forge.edit(made.number, Proposal("New", "", made.head))
        assert forge.pulls() == (made,)

    def test_an_unknown_number_is_named(self, forge):
        for act in (
            lambda: forge.edit(4711, Proposal("x", "", BASE)),
            lambda: forge.retarget(4711, BASE),
            lambda: forge.label(4711, "x"),
            lambda: forge.unlabel(4711, "x"),
            lambda: forge.set_draft(4711, draft=True),
            lambda: forge.close(4711),
            lambda: forge.reopen(4711),
            lambda: forge.merge(4711, head="0" * 40),
            lambda: forge.checks(4711),
            lambda: forge.comment(4711, "x"),
            lambda: forge.comments(4711),
        ):
            with pytest.raises(OutsideError, match="4711"):
                act()
        assert forge.pulls() == ()

    def test_parallel_creates_yield_one_per_branch(self, ground, forge, propose):
        for head in "abc":
            ground.push(head, {f"{head}.txt": "new\n"})
        threads = [Thread(target=propose, args=(head,)) for head in ("a", "b", "c") * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(pull.head for pull in forge.pulls()) == ["a", "b", "c"]
        assert len(set(self.numbers(forge))) == 3

    # ---- merging ----------------------------------------------------------------------------------------------

    def test_merging_makes_a_merge_commit_and_deletes_nothing(self, ground, forge, propose):
        made = propose()
        before, head = ground.head(BASE), ground.head(HEAD)
        merged = forge.merge(made.number, head=head)
        assert (merged.state, merged.head_sha) == ("merged", head)
        parents = ground.git("log", "-1", "--format=%P", BASE, where=ground.remote).split()
        assert parents == [before, head]
        assert ground.head(HEAD) == head
        assert forge.merge(made.number, head=head) == merged
        assert forge.pulls() == (merged,)

    def test_a_head_that_moved_is_not_merged(self, ground, forge, propose):
        seen = propose()
        moved = ground.push(HEAD, {"more.txt": "more\n"})
        with pytest.raises(OutsideError):
            forge.merge(seen.number, head=seen.head_sha)
        assert not ground.holds(BASE, moved)
        assert forge.pulls()[0].state == "open"
        assert forge.pulls()[0].head_sha == moved

    def test_a_conflict_is_not_merged(self, ground, forge, propose):
        ground.push(HEAD, {"a.txt": "theirs\n"})
        made = propose()
        before = ground.push(BASE, {"a.txt": "ours\n"})
        with pytest.raises(OutsideError):
            forge.merge(made.number, head=made.head_sha)
        assert ground.head(BASE) == before
        assert forge.pulls()[0].state == "open"

    def test_target_drafts_and_closed_ones_never_merge(self, ground, forge, propose):
        before = ground.head("main")
        for made in (
            propose("up", base="main"),
            forge.set_draft(propose("draft").number, draft=True),
            propose("closed"),
        ):
            if made.head == "closed":
                forge.close(made.number)
            with pytest.raises(OutsideError):
                forge.merge(made.number, head=made.head_sha)
        assert ground.head("main") == before
        assert [pull.state for pull in forge.pulls()] == ["open", "open", "closed"]

    def test_retargeting_keeps_dependents_open(self, ground, forge, propose):
        ground.push("two", {"two.txt": "2\n"})
        first, second = propose("one"), propose("two", base="one")
        assert forge.retarget(second.number, BASE).base == BASE
        forge.merge(first.number, head=first.head_sha)
        assert [pull.state for pull in forge.pulls()] == ["merged", "open"]

    # ---- checks -----------------------------------------------------------------------------------------------

    def test_checks_are_those_of_the_head(self, ground, forge, propose):
        made = propose()
        assert forge.checks(made.number) == ()
        log = "".join(f"line {number}\n" for number in range(4000)) + "AssertionError: 1 != 2\n"
        ground.checked(
            made.head_sha,
            ("build", "passed", True, ""),
            ("tests", "failed", True, log),
            ("slow", "pending", False, ""),
            ("docs", "skipped", False, ""),
        )
        checks = {check.name: check for check in forge.checks(made.number)}
        assert {name: check.state for name, check in checks.items()} == {
            "build": CheckState.PASSED,
            "tests": CheckState.FAILED,
            "slow": CheckState.PENDING,
            "docs": CheckState.SKIPPED,
        }
        assert [name for name, check in checks.items() if check.required] == ["build", "tests"]
        assert checks["tests"].log.endswith("AssertionError: 1 != 2\n")
        assert len(checks["tests"].log) <= 20_000
        ground.push(HEAD, {"more.txt": "more\n"})
        assert forge.checks(made.number) == ()

    # ---- reviews ----------------------------------------------------------------------------------------------

    def test_reviews_of_people_have_all_they_say(self, ground, forge, propose):
        made = propose()
        assert forge.reviews(made.number) == {made.number: ()}
        ground.reviews(made.number, "mallory", "commented", body="Nice", writer=False)
        threads = (("src/a.py", 3, "Why?", False), ("src/b.py", None, "Split it", True))
        ground.reviews(made.number, "grace", "changes_requested", commit=made.head_sha, body="Not yet", threads=threads)
        first, second = forge.reviews(made.number)[made.number]
        assert (first.author, first.state, first.body, first.writer) == ("mallory", "commented", "Nice", False)
        assert (first.threads, first.commit) == ((), "")
        assert (second.author, second.state, second.writer) == ("grace", "changes_requested", True)
        assert (second.commit, second.body, second.at) == (made.head_sha, "Not yet", "2026-11-27T08:00:00Z")
        assert [(one.path, one.line, one.body, one.resolved) for one in second.threads] == list(threads)

    def test_reviews_of_bots_are_marked(self, ground, forge, propose):
        number = propose().number
        ground.reviews(number, "linter[bot]", "changes_requested", writer=False)
        ground.reviews(number, "grace", "commented")
        reviews = [(one.author, one.bot) for one in forge.reviews(number)[number]]
        assert reviews == [("linter[bot]", True), ("grace", False)]

    def test_a_dismissed_review_says_so(self, ground, forge, propose):
        number = propose().number
        ground.reviews(number, "grace", "changes_requested")
        ground.dismisses(number)
        assert [one.state for one in forge.reviews(number)[number]] == ["dismissed"]

    def test_reviews_of_many_pull_requests_come_whole(self, ground, forge, propose):
        first, second = propose().number, propose("feat/other").number
        many = tuple(("a.py", line, f"line {line}", False) for line in range(1, 301))
        ground.reviews(first, "grace", "changes_requested", threads=many)
        ground.reviews(second, "ada", "approved")
        answer = forge.reviews(first, second)
        assert [len(one.threads) for one in answer[first]] == [300]
        assert [one.state for one in answer[second]] == ["approved"]

    def test_a_thread_is_answered_once(self, ground, forge, propose):
        number = propose().number
        ground.reviews(
            number, "grace", "changes_requested", threads=(("a.py", 3, "Why?", False), ("b.py", 1, "No", False))
        )
        for body in ("First", "First", "Second"):
            thread = forge.reviews(number)[number][0].threads[0]
            assert forge.answer_thread(number, thread, f"{body} {ANSWER_MARK}").answer == f"{body} {ANSWER_MARK}"
        threads = forge.reviews(number)[number][0].threads
        assert [(one.body, one.answer, one.resolved) for one in threads] == [
            ("Why?", f"Second {ANSWER_MARK}", False),
            ("No", "", False),
        ]
        assert ground.replies(number) == [f"Second {ANSWER_MARK}"]

    def test_a_reviewer_is_asked_again(self, ground, forge, propose):
        number = propose().number
        ground.reviews(number, "grace", "changes_requested")
        assert [one.is_asked_again for one in forge.reviews(number)[number]] == [False]
        assert forge.ask_again(number, "grace") == forge.ask_again(number, "grace") == ("grace",)
        assert [one.is_asked_again for one in forge.reviews(number)[number]] == [True]
        ground.reviews(number, "grace", "approved")
        assert {one.is_asked_again for one in forge.reviews(number)[number]} == {False}

    def test_an_unknown_team_has_no_members(self, forge):
        assert forge.members("@acme/nobody", "@elsewhere/dba") == {}

    # ---- comments ---------------------------------------------------------------------------------------------

    def test_the_programs_own_account_is_known(self, forge, propose):
        assert forge.comment(propose().number, "What now?").author == forge.login

    def test_comments_carry_author_and_write_access(self, ground, forge, propose):
        made = propose()
        ours = forge.comment(made.number, "Skipped: cache timing")
        ground.says(made.number, "ada", "/approve", writer=True)
        ground.says(made.number, "mallory", "/approve", writer=False)
        first, second, third = forge.comments(made.number)
        assert first == ours
        assert (ours.body, ours.writer) == ("Skipped: cache timing", True)
        assert [(comment.author, comment.body, comment.writer) for comment in (second, third)] == [
            ("ada", "/approve", True),
            ("mallory", "/approve", False),
        ]
        assert forge.pulls() == (made,)

    def test_a_comment_can_be_brought_up_to_date(self, forge, propose):
        number = propose().number
        first, second = forge.comment(number, "one"), forge.comment(number, "two")
        changed = forge.comment(number, "one, but better", update=first.id)
        assert (changed.id, changed.body) == (first.id, "one, but better")
        assert [comment.body for comment in forge.comments(number)] == ["one, but better", "two"]
        assert forge.comments(number)[1] == second
        with pytest.raises(OutsideError):
            forge.comment(number, "x", update=4711)

    # ---- issues, milestones, labels ---------------------------------------------------------------------------

    def test_issues_are_made_and_read_by_milestone(self, forge, propose):
        assert forge.issues("m4.1") == ()
        forge.ensure_milestone("m4.1", "User management")
        first = forge.create_issue(title="Größe", body="- [ ] one", milestone="m4.1", labels=("P1",))
        other = forge.create_issue(title="Elsewhere", body="")
        second = forge.create_issue(title="Two", body="", milestone="m4.1")
        assert isinstance(first, ForgeIssue)
        assert (first.title, first.body, first.state, first.labels) == ("Größe", "- [ ] one", "open", ("P1",))
        assert forge.issues("m4.1") == (first, second)
        assert propose().number > max(first.number, other.number, second.number)
        assert forge.comment(first.number, "on it").body == "on it"
        assert [comment.body for comment in forge.comments(first.number)] == ["on it"]

    def test_blockers_and_parts_are_recorded_once(self, forge):
        forge.ensure_milestone("m4.1")
        whole, one, two = (forge.create_issue(title=title, body="", milestone="m4.1").number for title in "ABC")
        for _ in range(2):
            forge.block(two, by=one)
            forge.add_sub_issue(whole, one)
        listed = {issue.number: issue.blocked_by for issue in forge.issues("m4.1")}
        assert listed == {whole: (one,), one: (), two: (one,)}

    def test_a_milestone_is_made_once_and_closed(self, forge):
        made = forge.ensure_milestone("m4.1", "User management")
        assert (made.title, made.description, made.state) == ("m4.1", "User management", "open")
        assert forge.ensure_milestone("m4.1", "other") == made
        assert [forge.close_milestone("m4.1").state for _ in range(2)] == ["closed", "closed"]
        assert forge.ensure_milestone("m4.1").state == "closed"

    def test_labels_are_created_with_their_colours(self, ground, propose):
        propose(labels=("needs-db-review", "team-a"))
        known, other = ground.labels()["needs-db-review"], ground.labels()["team-a"]
        assert known == LABELS["needs-db-review"]
        assert (other.name, other.description) == ("team-a", "")
        assert len(other.colour) == 6
