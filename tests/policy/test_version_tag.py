"""The tag that a finished milestone suggests follows the repository's own tags."""

import pytest

from run_milestone.policy.version_tag import next_tag


@pytest.mark.parametrize(
    ("tags", "suggested"),
    [
        ([], "v0.4.1"),
        (["nightly", "before-the-move"], "v0.4.1"),
        (["v1.0.0", "v2.1.1", "v2.1.0"], "v2.2.0"),
        (["v2.9.0", "v2.10.3"], "v2.11.0"),
        (["1.4", "1.5"], "1.6"),
        (["release-0.3.2"], "release-0.4.0"),
        (["shop/v1.0.0", "shop/v1.1.0", "tools/v7.0.0"], "shop/v1.2.0"),
        (["v2.9.0", "v3.0.0-rc.1", "v3.0.0-rc.2"], "v3.0.0"),
        (["v3.0.0-rc.1", "v3.0.0"], "v3.1.0"),
        (["3.0.0rc1", "2.4.0"], "3.0.0"),
        (["2025.11.0", "2026.10.2"], ""),
        (["v1.0.0", "hot fix 9"], "v1.1.0"),
    ],
)
def test_the_next_version(tags, suggested):
    assert next_tag(tags, "m4.1") == suggested


@pytest.mark.parametrize(("milestone", "tag"), [("m3", "v0.3.0"), ("m4.1", "v0.4.1"), ("spring-release", "v0.1.0")])
def test_without_tags_the_id_counts(milestone, tag):
    assert next_tag([], milestone) == tag
