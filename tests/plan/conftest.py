"""A project with one plan, and what a person reads when it is loaded."""

import pytest

from run_milestone.core.errors import PlanError
from run_milestone.plan import load

HEAD = "id: m4.1\ntitle: User Management API\n"
ISSUE = "{number: 1, title: Add user profile endpoint, criteria: [it answers]}"
SMALL = f"{HEAD}phases:\n  - title: Foundation\n    issues:\n      - {ISSUE}\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "plans" / "m4.1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def plan(folder):
    """Write a plan's text and load it."""

    def plan(text, **more):
        data = text if isinstance(text, bytes) else text.encode()
        (folder / "plan.yaml").write_bytes(data)
        return load(folder, **more)

    return plan


@pytest.fixture
def refusal(plan):
    """Return what is said about a plan that must be refused, without the file's name."""

    def refusal(text, **more):
        with pytest.raises(PlanError) as refused:
            plan(text, **more)
        assert all(line.startswith("plans/m4.1/plan.yaml:") for line in refused.value.problems)
        return [line.removeprefix("plans/m4.1/plan.yaml:") for line in refused.value.problems]

    return refusal


@pytest.fixture
def small():
    return SMALL


@pytest.fixture
def with_issues():
    """Return a plan of one phase with these issues, the first in line 4."""

    def with_issues(*issues, head=HEAD):
        return f"{head}phases: [{{title: F, issues: [\n" + ",\n".join(issues) + "\n]}]\n"

    return with_issues
