"""The founding example on GitHub: the same summary, by the real gh, against a GitHub on this machine."""

import pytest
from support import loopback
from support.on_github import founding_example, github_for, is_the_founding_example

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))


def test_it_comes_to_the_same_summary(person, tmp_path, monkeypatch):
    with github_for(tmp_path, monkeypatch) as github:
        founding_example(person, github)
        result = person.types("demo", "--dir", ".")
        assert result.code == 0, result.out + result.err
        assert is_the_founding_example(person, github) == list(range(310, 322))
        assert github.world.labels["needs-db-review"]["color"] == "1d76db"
        assert github.world.token not in result.out + result.err
