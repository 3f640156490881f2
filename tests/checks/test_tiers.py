"""Every kind of change is found in the tier that it deserves. What is wrong is never silent."""

import importlib.metadata

import pytest
from support import dependency_samples
from support.tiers import judged

from run_milestone.checks import dependencies


@pytest.fixture(scope="session")
def packaging_version():
    return importlib.metadata.version("packaging").split(".")


def ids(sample):
    return f"{sample.ecosystem}: {sample.what}"


@pytest.fixture
def dependency_row(world, packaging_version):
    def row(sample):
        major, minor, *_ = packaging_version
        after = dict(sample.after)
        if sample.ecosystem == "poetry":
            after = {path: text.format(major=major, minor=minor) for path, text in after.items()}
        change = world.change(sample.before, after, licences=dependency_samples.LICENCES)
        return judged(sample, tuple(dependencies.check(change)))

    return row


@pytest.mark.parametrize("sample", dependency_samples.SAMPLES, ids=ids)
def test_a_dependency_change_is_found_in_its_tier(dependency_row, sample):
    row = dependency_row(sample)
    assert (row.actual, row.rule) == (sample.expected, row.rule)
