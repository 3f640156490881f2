"""What is read from a remote's URL and from a failed gh, without any gh."""

from __future__ import annotations

import time

import pytest

from run_milestone.adapters.forge.github.auth import token_names
from run_milestone.adapters.forge.github.error_mapping import CallResult, Trouble, limit_wait
from run_milestone.adapters.forge.github.repo_url import Address, address_of
from run_milestone.core.errors import UsageError


@pytest.mark.parametrize(
    "url",
    [
        "git@github.com:acme/widgets.git",
        "git@github.com:acme/widgets",
        "org-1234@GitHub.com:acme/widgets.git",
        "ssh://git@github.com/acme/widgets.git",
        "ssh://git@ssh.github.com:443/acme/widgets.git",
        "https://github.com/acme/widgets",
        "https://github.com/acme/widgets.git/",
        "https://somebody@github.com/acme/widgets.git",
    ],
)
def test_every_form_of_a_url_says_which_repository(url):
    assert address_of((url,), None) == Address("github.com", "acme", "widgets")
    assert address_of((url,), None).full == "acme/widgets"


def test_an_enterprise_server_is_part_of_the_address():
    for url in ("git@git.acme.example:tools/w.x.git", "https://git.acme.example:8443/tools/w.x"):
        assert address_of((url,), None).full == "git.acme.example/tools/w.x"
    assert token_names("git.acme.example") == ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


def test_the_plan_names_what_a_url_lacks():
    assert address_of(("work:acme/widgets.git",), "acme/widgets").full == "acme/widgets"
    assert address_of(("/srv/git/w.git",), "git.acme.example/tools/w").host == "git.acme.example"
    for url in ("/srv/git/widgets.git", "../widgets.git", "work:acme/widgets.git", "https://github.com/acme"):
        with pytest.raises(UsageError, match=r"repository: \{github: owner/name\}"):
            address_of((url,), None)


@pytest.mark.parametrize(
    ("code", "err", "trouble"),
    [
        (1, "HTTP 502: 502 Bad Gateway (https://api.github.com/graphql)", Trouble.BAD_MOMENT),
        (1, "invalid character '<' looking for beginning of value", Trouble.BAD_MOMENT),
        (1, 'Post "https://api.github.com/graphql": EOF', Trouble.BAD_MOMENT),
        (1, "dial tcp: lookup api.github.com: no such host", Trouble.BAD_MOMENT),
        (None, "", Trouble.BAD_MOMENT),
        (1, "HTTP 403: You have exceeded a secondary rate limit. Please wait", Trouble.LIMIT),
        (1, "GraphQL: was submitted too quickly (addComment)", Trouble.LIMIT),
        (1, "GraphQL: API rate limit already exceeded for user ID 1.", Trouble.LIMIT),
        (1, "GraphQL: No commits between main and feature (createPullRequest)", Trouble.FINAL),
        (1, "HTTP 422: Validation Failed", Trouble.FINAL),
        (4, "To get started with GitHub CLI, please run:  gh auth login", Trouble.FINAL),
    ],
)
def test_failures_are_told_apart(code, err, trouble):
    assert CallResult(("pr", "list"), code, "", err).trouble is trouble


def test_a_limit_says_how_long():
    assert limit_wait("HTTP/2.0 403\r\nRetry-After: 7\r\n\r\n{}", 0) == 7
    assert [limit_wait("", tries) for tries in range(3)] == [60, 120, 240]
    reset = int(time.time()) + 600
    used = '{"core": {"remaining": 0, "reset": %d}, "graphql": {"remaining": 9, "reset": 1}}' % reset  # noqa: UP031
    assert 598 < limit_wait(f'HTTP/2.0 200\r\n\r\n{{"resources": {used}}}', 0) < 603


def test_quotes_of_gh_hold_one_line_without_secrets():
    error = "gh: no\n\x1b[31m ghp_0123456789abcdefghij0123456789\n"
    result = CallResult(("pr", "edit", "310", "--title", "x"), 1, "", error)
    assert result.message == "no \\x1b[31m [redacted]"
    assert result.name == "gh pr edit 310"
