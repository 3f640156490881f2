"""The GitHub forge: the contract of every forge, by the real gh, against a GitHub on this machine."""

from __future__ import annotations

import logging
import os

import pytest
from support import loopback
from support.forge_contract import BASE, HEAD, ForgeContract, Ground

from run_milestone.adapters.forge.github import GitHubForge
from run_milestone.adapters.forge.github.gh import Gh
from run_milestone.adapters.forge.github.repo_url import Address
from run_milestone.adapters.process import Processes
from run_milestone.core.errors import Interrupted, OutsideError, UsageError
from run_milestone.model import Label, Proposal
from run_milestone.model.branch_rules import BranchRules, NamePattern

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))


class Unhurried(Processes):
    """Notes how long it was to wait, and does not."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def pause(self, seconds, what, began):
        self.waits.append(seconds)


class GitHubGround(Ground):
    """acme/widgets on a GitHub on this machine."""

    def __init__(self, root):
        super().__init__(root)
        self.github = loopback.GitHub(root)
        self.said = []

    @property
    def hosted(self):
        return self.github.hosted

    def open(self, name="widgets", patience=60.0):
        self.processes = Unhurried()
        address = Address("github.com", "acme", name)
        return GitHubForge(Gh(address, self.processes, self.root / "gh", self.said.extend, patience=patience), "main")

    def numbers(self, *states):
        """The pull requests that GitHub has."""
        return [pull.number for pull in self.hosted.pulls() if pull.state in (states or ("OPEN", "CLOSED", "MERGED"))]

    def labels(self):
        entries = self.hosted.labels.items()
        return {name: Label(name, entry["color"], entry["description"] or "") for name, entry in entries}

    def says(self, number, author, body, *, writer):
        assert (self.hosted.people.get(author) in {"WRITE", "ADMIN"}) == writer
        self.hosted.say(number, author, body)

    def reviews(self, number, author, state, *, commit="", body="", at="2026-11-27T08:00:00Z", writer=True, threads=()):
        assert (self.hosted.people.get(author) in {"WRITE", "ADMIN"}) == writer
        self.hosted.review(number, author, state, commit=commit, body=body, at=at, threads=threads)

    def replies(self, number):
        threads = (thread for review in self.hosted.things[number].reviews for thread in review["threads"])
        return [reply["body"] for thread in threads for reply in thread["replies"]]

    def dismisses(self, number):
        self.hosted.things[number].reviews[-1]["state"] = "DISMISSED"

    def checked(self, commit, *checks):
        actions = "https://github.com/acme/widgets/actions/runs/1/job"
        self.hosted.checks[commit] = [
            {"id": place, "name": name, "state": state, "required": required, "log": log, "url": f"{actions}/{place}"}
            for place, (name, state, required, log) in enumerate(checks, start=1)
        ]


@pytest.fixture
def ground(tmp_path, monkeypatch):
    ground = GitHubGround(tmp_path)
    for name, value in ground.github.environment(tmp_path / "operator").items():
        monkeypatch.setenv(name, value)
    yield ground
    ground.github.close()


class TestContract(ForgeContract):
    """Every forge's promises, kept by the real gh."""


@pytest.fixture
def forge(ground):
    return ground.open()


MARK = "<!-- run-milestone: m4.1/03 -->"


def propose(ground, forge, head=HEAD, base=BASE, **fields):
    if ground.head(head) is None:
        ground.push(head, {f"{head.replace('/', '-')}.txt": "new\n"})
    return forge.create(head, Proposal(**{"title": "Sanitize", "body": f"Why.\n\n{MARK}\n", "base": base, **fields}))


def refused(act):
    with pytest.raises(OutsideError) as caught:
        act()
    return caught.value


def test_a_deleted_account_reviews_as_nobody(ground, forge):
    number = propose(ground, forge).number
    ground.hosted.review(number, None, "approved", commit=ground.head(HEAD))
    (review,) = forge.reviews(number)[number]
    assert (review.author, review.writer, review.state) == ("ghost", False, "approved")


def test_members_of_teams_come_whole(ground, forge):
    many = [f"person-{number}" for number in range(150)]
    ground.hosted.teams = {"dba": ["grace", "Linus"], "all": many}
    members = forge.members("@acme/DBA", "@acme/all", "@acme/nobody")
    assert members == {"@acme/DBA": ("grace", "Linus"), "@acme/all": tuple(many)}
    ground.hosted.forbidden = {"teams"}
    assert "required scopes: ['read:org']" in refused(lambda: forge.members("@acme/dba")).what


# ---- bad moments ----------------------------------------------------------------------------------------------


def test_bad_moments_are_waited_for_and_said(ground, forge):
    ground.push(HEAD, {"new.txt": "new\n"})
    for how in ("502", "html", "empty"):
        ground.github.fails("query Pulls", how)
    assert propose(ground, forge).number == 1
    assert ground.processes.waits == [1, 2, 4]
    assert len(ground.said) == 3
    assert "HTTP 502" in ground.said[0]
    assert "DOCTYPE html" in ground.said[1]


def test_a_lasting_failure_quotes_gh(ground, forge):
    ground.github.fails("query PullRequestList", "502", times=5)
    error = refused(forge.pulls)
    assert "`gh pr list` failed: HTTP 502: 502 Bad Gateway" in error.what
    assert ground.processes.waits == [1, 2, 4, 8]


@pytest.mark.parametrize("how", ["lost", "502", "html"])
def test_a_lost_answer_makes_no_second_pull_request(ground, forge, how):
    ground.github.fails("mutation PullRequestCreate", how)
    assert propose(ground, forge, labels=("needs-db-review",)).labels == ("needs-db-review",)
    assert ground.numbers() == [1]


def test_a_lost_answer_never_makes_a_second_comment(ground, forge):
    number = propose(ground, forge).number
    for what in ("POST /repos/acme/widgets/", "mutation IssueCreate"):
        ground.github.fails(what, "lost")
    assert forge.comment(number, "once").body == "once"
    assert [comment.body for comment in forge.comments(number)] == ["once"]
    assert forge.create_issue(title="One", body="once").title == "One"
    ground.github.fails("POST /repos/acme/widgets/", "lost")
    assert forge.ensure_milestone("m4.1").title == "m4.1"
    assert (len(ground.hosted.milestones), ground.numbers()) == (1, [1])
    assert [thing.title for thing in ground.hosted.things.values() if not thing.is_pull] == ["One"]


def test_a_secondary_limit_waits_as_github_says(ground, forge):
    ground.github.fails("mutation PullRequestCreate", "secondary")
    assert propose(ground, forge).number == 1
    assert ground.processes.waits == [7]
    assert "secondary rate limit" in ground.said[0]
    assert "Waiting 7 s" in ground.said[0]


def test_a_limit_that_lasts_becomes_a_question(ground, forge):
    ground.github.fails("query PullRequestList", "primary")
    assert "API rate limit exceeded" in refused(forge.pulls).what
    assert ground.processes.waits == []


def test_a_base_that_just_moved_is_merged_into(ground, forge):
    made = propose(ground, forge)
    ground.github.fails("mutation PullRequestMerge", "moved")
    assert forge.merge(made.number, head=made.head_sha).state == "merged"
    assert ground.processes.waits == [1]


def test_a_hanging_gh_is_ended_and_retried(ground):
    forge = ground.open(patience=1)
    ground.github.fails("query PullRequestList", "hang")
    assert forge.pulls() == ()
    assert ground.processes.waits == [1]
    assert "no answer in time" in ground.said[0]


def test_a_stopped_run_leaves_no_gh(ground, tmp_path):
    forge = ground.open()
    ground.github.fails("query PullRequestList", "hang")
    ground.github.overhear = ground.processes.stop
    with pytest.raises(Interrupted):
        forge.pulls()
    assert str(tmp_path / "gh") not in _of_processes(lambda place: os.readlink(f"{place}/cwd"))


# ---- who may do what ------------------------------------------------------------------------------------------


def test_a_missing_login_is_explained(ground, monkeypatch):
    monkeypatch.setenv("GH_TOKEN", "gho_somebodyelses0123456789")
    with pytest.raises(UsageError, match=r"no valid login at github\.com: .*Bad credentials.* `gh auth login`"):
        ground.open().pulls()
    monkeypatch.delenv("GH_TOKEN")
    with pytest.raises(UsageError, match=r"gh is not logged in to github\.com\. Run `gh auth login`"):
        ground.open().pulls()


def test_without_a_variable_gh_uses_its_login(ground, monkeypatch, tmp_path):
    monkeypatch.delenv("GH_TOKEN")
    hosts = f"github.com:\n    oauth_token: {ground.hosted.token}\n    user: ada\n"
    (tmp_path / "operator" / "hosts.yml").write_text(hosts)
    assert ground.open().pulls() == ()


def test_a_repository_that_is_not_there_is_named(ground):
    with pytest.raises(UsageError, match=r"acme/gadgets.* `repository: \{github: …\}` in the plan"):
        ground.open(name="gadgets").pulls()


def test_a_token_without_a_scope_is_explained(ground, forge):
    ground.hosted.forbidden = {"pulls"}
    error = refused(lambda: propose(ground, forge))
    assert "Resource not accessible by personal access token" in error.what
    assert "gh auth refresh -h github.com -s repo" in error.do
    assert ground.numbers() == []
    ground.hosted.forbidden = set()
    assert propose(ground, forge).number == 1


def test_labels_of_any_characters_arrive(ground, forge):
    labels = ["plain", "area: db,cache", 'say "hi"', "-x", '"quoted"', ",", "größe 🚀", " a/b -R"]
    made = propose(ground, forge, labels=tuple(labels))
    assert sorted(made.labels) == sorted(labels)
    for label in labels[1:]:
        assert sorted(forge.unlabel(made.number, label).labels) == sorted(set(labels) - {label})
        assert sorted(forge.label(made.number, label).labels) == sorted(labels)


def test_a_forbidden_label_leaves_nothing_half_made(ground, forge):
    ground.hosted.forbidden = {"labels"}
    assert "gh label create" in refused(lambda: propose(ground, forge, labels=("needs-db-review",))).what
    assert ground.numbers() == []
    ground.hosted.forbidden = set()
    assert propose(ground, forge, labels=("needs-db-review",)).labels == ("needs-db-review",)


def test_a_protected_branch_quotes_github(ground, forge):
    made = propose(ground, forge)
    ground.hosted.forbidden = {"merge"}
    assert "policy prohibits the merge" in refused(lambda: forge.merge(made.number, head=made.head_sha)).what
    assert ground.numbers("OPEN") == [made.number]


def test_the_doctor_learns_login_and_scopes(ground, forge):
    status = forge.auth_status()
    assert (status.repository, status.login, status.enough) == ("acme/widgets", "ada", True)
    assert status.scopes == ("repo", "read:org", "workflow")
    ground.hosted.scopes = "gist"
    assert not forge.auth_status().enough
    ground.hosted.scopes, ground.hosted.people["ada"] = "repo", "READ"
    assert not forge.auth_status().enough


# ---- what others did ------------------------------------------------------------------------------------------


def test_a_pull_request_from_a_fork_is_ignored(ground, forge):
    ground.push(HEAD, {"new.txt": "new\n"})
    theirs = {"title": "Evil", "body": MARK, "author": "mallory", "head": HEAD, "base": BASE, "fork": "mallory"}
    ground.hosted.add(**theirs, last_head=ground.head("main"))
    assert forge.pulls(HEAD) == forge.pulls() == ()
    assert propose(ground, forge).number == 2
    assert [pull.number for pull in forge.pulls()] == [2]
    assert ground.hosted.things[1].title == "Evil"


def test_the_marked_pull_request_of_two_is_ours(ground, forge):
    ground.push("develop", {})
    ours = propose(ground, forge, base="develop")
    ground.hosted.add(title="By hand", body="", author="grace", head=HEAD, base=BASE)
    again = propose(ground, forge, base="develop", title="Better")
    assert (again.number, again.title) == (ours.number, "Better")
    assert ground.hosted.things[2].title == "By hand"
    assert ground.numbers() == [1, 2]


def test_long_bodies_are_cut_and_keep_their_mark(ground, forge):
    body = "x" * 70_000 + f"\n\n{MARK}\n"
    made = propose(ground, forge, body=body)
    assert len(made.body) == 65_536
    assert made.body.endswith(MARK)
    assert "… cut here" in made.body
    edits = sum(name == "mutation PullRequestUpdate" for name in ground.github.asked)
    assert propose(ground, forge, body=body) == made
    assert sum(name == "mutation PullRequestUpdate" for name in ground.github.asked) == edits


def test_titles_are_one_line_that_cannot_act(ground, forge):
    made = propose(ground, forge, title="Add\x1b[31m red\r\n::error::\u202e " + "y" * 300)
    assert made.title.startswith("Add\\x1b[31m red ::error::\\u202e yyy")
    assert len(made.title) == 256


# ---- the token ------------------------------------------------------------------------------------------------


def test_rules_of_a_branch_are_read(ground):
    forge, hosted = ground.open(), ground.hosted
    assert forge.branch_rules("main", BASE) == {}
    hosted.rules[BASE] = [
        {
            "type": "pull_request",
            "parameters": {"allowed_merge_methods": ["squash"], "required_approving_review_count": 1},
        },
        {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "ci/test"}]}},
        {"type": "branch_name_pattern", "parameters": {"operator": "starts_with", "pattern": "milestone/"}},
        *({"type": kind} for kind in ("merge_queue", "required_signatures", "deletion", "file_path_restriction")),
    ]
    hosted.protections = {
        "milestone/*": {"requiresLinearHistory": True, "requiredApprovingReviewCount": 2, "viewerCanPush": False},
        "fix/*": {"requiresSignatures": True},
    }
    rules = forge.branch_rules("main", BASE, "fix/later")
    assert rules == {
        BASE: BranchRules(
            signatures=True,
            linear=True,
            methods=("squash",),
            checks=("ci/test",),
            reviews=2,
            closed="its protection names who may push",
            queue=True,
            names=(NamePattern("starts_with", "milestone/"),),
            others=("file_path_restriction",),
        )
    }, "patterns of branches that do not exist are for admins"
    hosted.viewer = "grace"
    assert forge.branch_rules("fix/later") == {"fix/later": BranchRules(signatures=True)}


def test_rights_are_what_the_login_may_do(ground):
    forge, hosted = ground.open(), ground.hosted
    hosted.methods = {"SQUASH"}
    rights = forge.rights()
    assert (rights.can_push, rights.methods, rights.default_branch) == (True, ("squash",), "main")
    hosted.viewer, hosted.archived = "mallory", True
    assert (forge.rights().can_push, forge.rights().archived) == (False, True)


def test_the_token_is_nowhere_to_be_read(ground, caplog, capfd, tmp_path):
    caplog.set_level(logging.DEBUG)
    forge, seen = ground.open(), []
    ground.github.overhear = lambda: seen.append("\n".join(_of_processes(_arguments)))
    ground.github.fails("query PullRequestList", "502", times=5)
    error = refused(forge.pulls)
    propose(ground, forge, title=f"leaks {ground.hosted.token}", body=ground.hosted.token)
    files = "".join(path.read_text() for path in (tmp_path / "gh").rglob("*") if path.is_file())
    sent = "".join(f"{thing.title}{thing.body}" for thing in ground.hosted.things.values())
    everything = (caplog.text, *capfd.readouterr(), files, sent, str(error), *ground.said, *seen)
    assert "pr\0list\0" in seen[0]
    assert "config.yml" in [path.name for path in (tmp_path / "gh").iterdir()]
    assert all(ground.hosted.token not in text for text in everything)


def _of_processes(read):
    """What can be read of every process on this machine."""
    entries = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            entries.append(read(f"/proc/{pid}"))
        except OSError:
            continue
    return entries


def _arguments(place):
    with open(f"{place}/cmdline") as file:
        return file.read()
