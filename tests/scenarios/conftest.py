"""What scenarios on GitHub start from."""

import pytest


@pytest.fixture
def github(tmp_path, monkeypatch):
    from support.on_github import github_for

    with github_for(tmp_path, monkeypatch) as github:
        yield github
