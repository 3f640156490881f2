"""Killed at GitHub's door, over and over, the founding example still has exactly twelve pull requests there."""

import random

import pytest
from support import loopback
from support.on_github import founding_example, github_for, is_the_founding_example, killed_when_asked

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing())),
]
DEMO = ("demo", "--dir", ".")


def test_twenty_kills(person, tmp_path, monkeypatch):
    rng, kills = random.Random(41), 0
    with github_for(tmp_path, monkeypatch) as github:
        founding_example(person, github)
        while kills < 20 and killed_when_asked(person, github, DEMO, "", rng.randrange(1, 10)):
            kills += 1
        result = person.types(*DEMO)
        assert result.code == 0, result.out + result.err
        is_the_founding_example(person, github)
    print(f"figure: converged after {kills} / {kills} kills")
