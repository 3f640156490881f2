"""Load the fixtures of support/, begin with the longest files, and print the figures that tests measured."""

pytest_plugins = ["support.environment", "support.projects"]

LONGEST = (
    *("test_founding_example.py", "torture/"),
    *(
        "test_github_forge.py",
        "test_merge_methods.py",
        "ci/test_actions",
        "test_fail_to_pass.py",
        "test_public_projects.py",
        "stops/",
        "test_landing",
        "docs/test_pages",
        "test_people_in_a_stack.py",
    ),
)
"""Files that take longest; the second of two that need the founding example finds it played."""


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no worker is left alone with one at the end."""
    items.sort(
        key=lambda item: next((place for place, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST))
    )


def pytest_terminal_summary(terminalreporter):
    """Print the figures of tests that passed (`figure: …`), whose output pytest leaves out."""
    passed = terminalreporter.stats.get("passed", ())
    figures = [line for report in passed for line in report.capstdout.splitlines() if line.startswith("figure: ")]
    if figures:
        terminalreporter.section("figures")
        terminalreporter.write("".join(f"{line.removeprefix('figure: ')}\n" for line in sorted(figures)))
