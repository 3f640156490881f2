"""The report is one self-contained page that shows the records and runs nothing that its texts hold."""

import html
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from support.projects import person_with_plan

PLAN = """\
id: m1
title: "First <b>bold</b> & <script>alert('title')</script>"
phases:
  - title: "Base \\"quoted\\""
    issues:
      - number: 1
        title: "Add <img src=http://example.com/x onerror=alert(1)>"
        slug: colour
        criteria:
          - text: Widgets have a colour <script src=//example.com/a.js></script>
            test: tests/test_widgets.py::test_colour
          - text: The colour is known
      - number: 2
        title: Add a weight
        criteria: [Widgets have a weight]
        depends_on: [1]
"""
VOID = {"meta", "br"}


class Page(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, its text, and what is left open."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.stack, self.wrong = [], [], "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.wrong.append((self.getpos(), tag))

    def handle_data(self, data):
        if "style" not in self.stack:
            self.text += data

    def values(self, name):
        return [value for _, other, value in self.attributes if other == name]


@pytest.fixture(scope="module")
def ada(tmp_path_factory):
    """A person whose first issue is done and whose second is skipped, with a secret in the reason."""
    ada = person_with_plan(tmp_path_factory.mktemp("report") / "widgets", PLAN)
    run = ada.types("m1")
    place = run.out.split("a worktree of it: ")[1].split(")")[0]
    with open(f"{place}/widgets.py", "a") as file:
        file.write('COLOUR = "red"\n')
    with open(f"{place}/tests/test_widgets.py", "a") as file:
        file.write("\n\ndef test_colour():\n    import widgets\n\n    assert widgets.COLOUR\n")
    ada.git("commit", "--quiet", "--all", "--message=Add a colour", where=place)
    ada.types("m1")
    ada.types("decide", "m1", "02", "skip", "--reason", "later </blockquote><script>1</script> ghp_" + "a" * 36)
    assert ada.types("m1").code == 3
    assert ada.types("report", "m1").out == "✓ state/m1/report.html\n"
    return ada


@pytest.fixture(scope="module")
def source(ada):
    return (ada.folder / "state/m1/report.html").read_text()


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_every_element_that_opens_closes(page):
    assert (page.stack, page.wrong) == ([], [])


def test_it_needs_nothing_but_itself(page, source):
    assert not set(page.tags) & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "video", "audio"}
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in {"src", "srcset", "action"}]
    assert "url(" not in source
    assert "@import" not in source
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.values("content")
    assert all(link.startswith("#") for link in page.values("href"))


def test_every_link_has_exactly_one_target(page):
    places = page.values("id")
    assert len(places) == len(set(places))
    assert {link.removeprefix("#") for link in page.values("href")} <= set(places)


def test_markup_in_titles_and_reasons_is_text(page, source):
    assert "First <b>bold</b> & <script>alert('title')</script>" in page.text
    assert "Add <img src=http://example.com/x onerror=alert(1)>" in page.text
    assert "</blockquote><script>1</script>" in page.text
    assert "ghp_" not in source


def test_it_shows_what_happened(page):
    text = " ".join(page.text.split())
    assert "1 of 2 issues completed, 1 skipped, 0 left, 1 decision awaited" in text
    assert "passed: tests/test_widgets.py::test_colour" in text
    assert "The colour is knownthe plan names no test for it" in text
    assert "1 of 2 proven" in text
    assert re.search(r"1\. #02 Add a weight .* skip by \w+", text)
    assert "Tests: 2 passed, 0 failed." in text
    assert "run-milestone decide m1 phase-1 continue" in text
    assert "What the agents cost is unknown" in text
    assert "its chain is unbroken" in text
    assert "after #01" in text
    assert "Waiting for decisions: 1 of 2 issues came through, with 1 pull request; 1 left out." in text
    assert "skipped #02 Add a weight: later" in text


def test_the_verdict_comes_first_then_what_needs_attention(source):
    parts = re.findall(r'class="(verdict)"|<h2 id="(\w+)"', source)
    order = ["verdict", "attention", "phases", "timeline", "decisions", "pulls", "evidence", "costs"]
    assert [first or second for first, second in parts] == order


def test_the_same_records_make_the_same_page(ada, source):
    ada.types("report", "m1")
    assert (ada.folder / "state/m1/report.html").read_text() == source


def test_a_milestone_without_runs_has_a_page(newcomer):
    newcomer.types("init")
    assert newcomer.types("report", "m1").code == 0
    page = Page((newcomer.folder / "state/m1/report.html").read_text())
    assert "not started" in page.text
    assert "Nothing has happened yet." in page.text


ONE_ISSUE = """\
id: m1
title: First
phases:
  - title: Base
    issues:
      - {number: 1, title: Add a colour, criteria: [Widgets have a colour]}
"""


def test_without_jinja2_a_run_says_what_to_install(tmp_path):
    ada = person_with_plan(tmp_path / "widgets", ONE_ISSUE)
    (tmp_path / "sitecustomize.py").write_text("import sys\n\nsys.modules['jinja2'] = None\n")
    without = {"PYTHONPATH": str(tmp_path)}
    ada.types("decide", "m1", "01", "skip", "--reason", "another time")
    ada.types("decide", "m1", "phase-1", "skip-phase")
    ended = ada.types("m1", env=without)
    install = "The report needs the package jinja2. Install it with `pip install 'run-milestone[report]'`."
    assert ended.code == 0
    assert install in ended.out
    assert not (ada.folder / "state/m1/report.html").exists()
    refused = ada.types("report", "m1", env=without)
    assert (refused.code, refused.err) == (2, f"run-milestone: {install}\n")


MEASURE = """<!doctype html><script>
function measure(frame) {
  const page = frame.contentDocument.documentElement;
  const wide = [...page.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > WIDTH + 1);
  const parts = [...page.querySelectorAll("h1, h2, .tile, .card, .barrier, .question, .track, tr, details")];
  const unseen = parts.filter(e => !(e.offsetHeight > 0 && e.offsetWidth > 0) && !e.closest("thead"));
  const measured = `${page.scrollWidth} pixels, ${wide.length} too wide, ${unseen.length} of ${parts.length} unseen`;
  document.querySelector("pre").textContent = measured;
}
</script><pre></pre>
<iframe sandbox="allow-same-origin" onload="measure(this)" style="width:WIDTHpx;height:900px;border:0"
srcdoc="PAGE"></iframe>"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_chromium_shows_it_without_scrolling_sideways(source, tmp_path, width):
    """A page around it measures it; the report itself is shown where scripts are forbidden, and has none."""
    frame = tmp_path / "frame.html"
    opened = source.replace("<details ", "<details open ")
    frame.write_text(MEASURE.replace("WIDTH", str(width)).replace("PAGE", html.escape(opened)))
    command = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width + 40},1000"),
        *("--hide-scrollbars", "--virtual-time-budget=3000", "--dump-dom", frame.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    measured = re.search("<pre>(.*)</pre>", done.stdout)
    assert measured, done.stderr
    assert re.fullmatch(rf"{width} pixels, 0 too wide, 0 of (1[5-9]|[2-9]\d) unseen", measured[1])
