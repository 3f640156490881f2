"""The GitHub forge: the contract of every forge, by the real gh, against a GitHub on this machine."""

from __future__ import annotations

import loopback
import pytest
from forge_contract import ForgeContract, Ground

from run_milestone.hands.forge.github import GitHubForge
from run_milestone.hands.forge.github.address import Address
from run_milestone.hands.forge.github.gh import Gh
from run_milestone.hands.process import Processes

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))


class GitHubGround(Ground):
    """acme/widgets on a GitHub on this machine."""

    def __init__(self, root):
        super().__init__(root)
        self.github = loopback.GitHub(root)
        self.said = []

    @property
    def world(self):
        return self.github.world

    def open(self, patience=60.0):
        gh = Gh(Address("github.com", "acme", "widgets"), Processes(), self.root / "gh", self.hears, patience=patience)
        return GitHubForge(gh, "main")

    def hears(self, lines):
        self.said += lines

    def says(self, number, author, body, *, writer):
        assert (self.world.people.get(author) in {"WRITE", "ADMIN"}) == writer
        self.world.say(number, author, body)

    def checked(self, commit, *checks):
        actions = "https://github.com/acme/widgets/actions/runs/1/job"
        self.world.checks[commit] = [
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
