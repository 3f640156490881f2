"""Jobs with rights start no command and jobs without reach nothing."""

from support.split_run import SplitRun

FIRST = "feat/m1-01-the-first-page"


def test_a_split_run_ends_as_one_does(tmp_path):
    run = SplitRun(tmp_path)
    result, left = run.looks()
    assert left == ["bootstrap"], result.out + result.err
    assert "Baseline tests" not in result.out, "a job with rights measures nothing"
    worked = run.works("bootstrap")
    assert "✓ Baseline tests: 1 passed, 0 failed" in worked.out, worked.err
    _, left = run.closes()
    assert left == ["01", "02", "03"]

    run.results = tmp_path / "second"
    run.looks()
    before = run.refs()
    for number in left:
        worked = run.works(number)
        assert worked.code == 0, worked.out + worked.err
        assert "PR #" not in worked.out
    assert (run.refs(), run.pulls()) == (before, []), "it reaches nothing"
    result, left = run.closes()
    assert (result.code, left) == (0, []), result.out + result.err
    assert [pull["head"] for pull in run.pulls()] == [FIRST, "feat/m1-02-the-second-page"]
    assert result.out.splitlines()[-2].endswith("m1 waits for decisions: 03 (approve | skip | abort)")
    assert run.ada.types("state", "pull", "m1").code == 0
    verified = run.ada.types("verify", "m1")
    assert verified.code == 0, verified.out


def test_what_starts_commands_is_reviewed_without_rights(tmp_path):
    def edit(text):
        agent = 'mkdir -p pages && echo "<p>page $number</p>" > "pages/$number.html"'
        return text.replace(agent, "echo 'SIZE = 3' > other.py").replace("other/**", "other.py")

    run = SplitRun(tmp_path, edit=edit)
    run.measures_its_baseline()
    run.looks()
    run.works("03")
    result, left = run.closes()
    assert "✓ PR #1 created" in result.out, result.out + result.err
    assert left == ["03"], "the review starts a linter; of the others nothing was done"
    run.looks()
    worked = run.works("03")
    assert "🤖 Code review..." in worked.out
    result, _ = run.closes()
    assert "03 (" in result.lines[-2] or "✓ No issues found" in worked.out


def test_a_job_without_rights_needs_its_files(tmp_path):
    run = SplitRun(tmp_path)
    result = run.ada.types("ci", "work", "m1", "--only", "1", "--given", "nothing", "--result", "out")
    assert (result.code, result.out) == (2, "")
    assert "nothing holds no remote.bundle." in result.err
    (run.results).mkdir()
    (run.results / "all.bundle").write_text("no bundle")
    result, _ = run.closes()
    assert "all.bundle cannot be used: no work was handed out." in result.err
