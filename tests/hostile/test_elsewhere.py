"""What needs no box is judged in the tests of its room; here these attempts are run and counted by their group."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support import dependency_samples, migration_samples

ROOT = Path(__file__).parents[2]
GROUPS = {
    "verdicts": {
        "checks/test_tampering.py": (
            *("test_a_weakened_test_is_told", "test_a_weaker_test_of_equal_name_is_found"),
            *("test_another_test_in_its_place_is_asked_about", "test_a_new_test_that_never_runs_is_told"),
            *("test_an_assertion_about_something_else_replaces_none", "test_a_deleted_file_of_tests_is_told_once"),
            *("test_a_test_file_renamed_away_is_deleted", "test_moved_tests_without_assertions_are_removed"),
            *("test_configuration_is_told_unless_the_issue_names_it", "test_a_changed_tool_table_is_told"),
            *("test_a_removed_test_is_told_by_name", "test_a_weakened_inline_test_is_told"),
        ),
        "checks/test_steering.py": (
            *("test_what_steers_is_told_unless_named", "test_what_the_plans_commands_start_is_told"),
            *("test_a_module_in_anothers_place_is_told", "test_code_that_asks_for_its_test_is_told"),
            *("test_a_second_module_of_a_name_is_told",),
        ),
        "steps/test_reports.py": (
            *(
                "test_what_is_no_report_says_so",
                "test_links_and_pipes_are_not_read",
                "test_coverage_and_reports_are_data",
            ),
            *("test_a_report_no_record_holds_is_refused", "test_output_with_a_gap_is_no_verdict"),
        ),
    },
    "secrets": {
        "checks/test_secrets.py": (
            *("test_every_kind_of_secret_is_found", "test_every_added_file_counts_also_tests_and_binaries"),
            *("test_a_comment_cannot_switch_it_off", "test_a_long_hostile_line_hides_nothing"),
            *("test_tokens_are_recognised_by_their_shape", "test_a_secret_in_another_form_is_found"),
            *("test_a_text_in_another_encoding_is_searched", "test_a_key_store_is_never_taken_as_searched"),
            *("test_an_archive_is_never_taken_as_searched", "test_a_binary_that_cannot_be_read_is_told"),
        ),
    },
    "schema": {"checks/test_tiers.py": ("test_a_migration_is_found_in_its_tier",)},
    "dependencies": {"checks/test_tiers.py": ("test_a_dependency_change_is_found_in_its_tier",)},
    "output": {
        "core/test_text.py": (
            *("test_an_environment_secret_is_redacted_in_every_form", "test_it_goes_from_within_base64_too"),
            *("test_well_known_shapes_go_wherever_they_stand", "test_credentials_in_urls_and_headers_are_redacted"),
            *("test_a_name_gives_a_credential_away", "test_no_character_that_acts_unseen_survives"),
            *("test_no_line_acts_as_a_workflow_command", "test_nothing_acts_outside_code_spans"),
            *("test_mentions_and_references_in_markdown_do_nothing", "test_no_text_leaves_a_change_unchecked"),
            *("test_a_code_span_forges_no_mark", "test_a_flood_takes_no_more_than_its_length"),
        ),
    },
    "reviewers": {
        "checks/test_review.py": (
            *("test_file_names_cannot_become_options", "test_a_silent_reviewer_never_passes"),
            *("test_a_line_cannot_switch_the_reviewer_off", "test_a_prompt_that_was_cut_is_a_finding"),
        ),
        "checks/test_steering.py": (
            *("test_a_line_that_switches_checks_off_is_shown", "test_a_file_that_switches_checks_off_stops"),
        ),
    },
}
"""Tests in which something tries to pass, by group and file. What shows that honest changes pass is none of them."""
SAMPLES = (*dependency_samples.SAMPLES, *migration_samples.SAMPLES)
HARMLESS = {f"[{one.ecosystem}: {one.what}]" for one in SAMPLES if one.expected == "nothing"}
"""Changes that nobody has to see."""

pytestmark = pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" in os.environ, reason="these tests run by themselves; `pytest -n0 tests/hostile` counts them"
)


def group_of(case):
    """Return the group that a case of pytest's report belongs to; None for one that attempts nothing."""
    file, (name, *which) = case.get("classname").replace("tests.", "", 1), case.get("name").partition("[")
    if "".join(which) in HARMLESS:
        return "harmless"
    for group, files in GROUPS.items():
        for path, names in files.items():
            if file == path.removesuffix(".py").replace("/", ".") and name in names:
                return group
    return None


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """Run these tests once, and return the cases of the report."""
    report = tmp_path_factory.mktemp("elsewhere") / "report.xml"
    chosen = dict.fromkeys(
        f"tests/{path}::{name}" for files in GROUPS.values() for path, names in files.items() for name in names
    )
    options = ("-q", "-n0", "-p", "no:cacheprovider", f"--junitxml={report}", "-o", "junit_family=xunit2")
    command = [f"{sys.prefix}/bin/python", "-m", "pytest", *options, *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return list(ET.parse(report).iter("testcase"))


def test_what_needs_no_box_passes_nothing(cases):
    tried = Counter(map(group_of, cases))
    passed = Counter(
        group_of(case) for case in cases if case.find("failure") is not None or case.find("error") is not None
    )
    for group in GROUPS:
        print(f"figure: hostile, {group}, in any box: escapes: {passed[group]} / {tried[group]}")
        assert tried[group] >= 4, group
    total = sum(tried[group] for group in GROUPS)
    print(f"figure: hostile, all that needs no box: escapes: {sum(passed.values())} / {total}")
    assert not passed
    assert None not in tried
