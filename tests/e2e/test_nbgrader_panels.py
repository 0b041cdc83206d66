"""nbgrader's own panels in JupyterLab with a course folder of ours: formgrader, its autograde button, Validate."""

from __future__ import annotations

import copy
import getpass
import shutil
import warnings

import nbformat
import pytest

from pgkit.cli import main
from pgkit.grading.course import Course
from pgkit.grading.grade import grade
from pgkit.grading.gradebook import Gradebook
from pgkit.grading.sandbox import why_not
from tests.e2e.jupyter import jupyterlab, open_notebook
from tests.folders import course_folder

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # nbgrader's database layer warns of its own ways
    pytest.mark.skipif(bool(why_not()), reason=why_not() or ""),
]
SCRIPTS = """<img src=x onerror="window.stolen = 1"> <script>window.stolen = 2</script>
<svg onload="window.stolen = 3"></svg> [a link](javascript:window.stolen=4)
<iframe srcdoc="<script>parent.stolen = 5</script>"></iframe> $\\href{javascript:window.stolen=6}{x}$"""
PRINTS = """from IPython.display import HTML, Javascript, display
display(HTML('<script>window.stolen = 7</script>'), Javascript('window.stolen = 8'))
print('<script>window.stolen = 9</script>')
raise ValueError('<img src=x onerror="window.stolen = 10">')"""


def answer(book, name, source):
    cell = next(c for c in book.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)
    cell.source = source


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """ada is right; eve steals and harms, in code and in words."""
    root = tmp_path_factory.mktemp("panels") / "course"
    shutil.copytree(course_folder(tmp_path_factory, ("ps1",)), root)
    exchange = root.parent / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)  # nbgrader asks for that
    config = root / "nbgrader_config.py"
    cache = str(root.parent / "cache")  # of what was handed in: not in anybody's home
    config.write_text(
        f"{config.read_text()}\nc.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {cache!r}\n"
    )
    from nbgrader.apps import NbGraderAPI

    place = Course.at(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = NbGraderAPI(place.directory, config=place.directory.config)
        assert api.release_assignment("ps1")["success"]
    right = nbformat.read(root / "solutions" / "ps1" / "ps1.ipynb", 4)
    hostile = copy.deepcopy(right)
    answer(hostile, "confident_wrong", SCRIPTS)
    answer(hostile, "weighted_loss", PRINTS)
    hostile.cells.append(nbformat.v4.new_markdown_cell(SCRIPTS))
    for student, book in (("ada", right), ("eve", hostile)):
        folder = root / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        nbformat.write(book, folder / "ps1.ipynb")
    nbformat.write(right, root / "mine.ipynb")
    return place


@pytest.fixture(scope="module")
def server(course):
    with jupyterlab(course.root, cwd=course.root) as address:
        yield address


def scores(course):
    return {row["student"]: row["score"] for row in Gradebook(course, "ps1").scores()}


def test_a_hostile_submission_opened_in_formgrader_runs_none_of_its_scripts(
    course, server, context, artifacts
):
    grade(course, "ps1", students=["eve"], workers=1)
    page = context.new_page()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda r: asked.append(r.url) if "/api/terminals" in r.url else None)
    page.goto(f"{server}/formgrader/gradebook/ps1/ps1")
    page.locator("table a", has_text="Submission").first.click()
    page.wait_for_url("**/formgrader/submissions/**")
    page.get_by_text("onerror").first.wait_for(state="attached", timeout=30_000)
    page.screenshot(path=str(artifacts / "formgrader-hostile.png"), full_page=True)
    text = page.locator("body").inner_text()
    assert "onerror" in text  # it is there, to be read
    assert "ValueError" in text
    for link in page.locator("a", has_text="a link").all():
        link.click(timeout=3000)
    page.wait_for_timeout(1000)
    assert page.evaluate("window.stolen") is None
    assert all(frame.evaluate("window.stolen") is None for frame in page.frames)
    assert page.locator("[onerror], [onload], iframe[srcdoc], a[href^='javascript']").count() == 0
    assert asked == []
    page.close()


def test_the_autograde_button_goes_through_the_sandbox_and_the_judge(
    course, server, context, artifacts
):
    page = context.new_page()
    page.goto(f"{server}/formgrader/manage_submissions/ps1/")
    row = page.locator("tr", has_text="ada")
    row.locator(".autograde a").click()
    page.locator(".modal", has_text="Success").wait_for(timeout=120_000)
    page.screenshot(path=str(artifacts / "formgrader-autograde.png"))
    assert scores(course)["ada"] == 25.0
    log = (course.state / "ps1.log.jsonl").read_text().splitlines()
    assert '"student": "ada"' in log[-1]
    book = course.graded("ada", "ps1")
    assert book is not None
    assert all("HIDDEN" not in cell.source for cell in book.cells)  # rebuilt from the release
    page.close()


def test_validate_says_what_the_visible_checks_say(course, server, context, artifacts):
    page = context.new_page()
    open_notebook(page, server, "mine.ipynb", run=False)
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.wait_for(timeout=120_000)
    page.screenshot(path=str(artifacts / "validate.png"))
    assert "Success" in dialog.inner_text()
    page.close()


def test_the_assignment_list_fetches_and_hands_in_and_pgkit_collects(
    course, server, context, artifacts
):
    """What a student does by buttons, and what the instructor then has."""
    page = context.new_page()
    page.goto(f"{server}/lab")
    # Polled, for JupyterLab may load itself once more, under another workspace, before it is restored.
    page.wait_for_function("""() => {
        const lab = window.jupyterapp;
        if (!lab?.commands.hasCommand("nbgrader:open-assignment-list")) return false;
        lab.restored.then(() => { window.restored = true; });
        return window.restored;
    }""")
    page.evaluate("() => { jupyterapp.commands.execute('nbgrader:open-assignment-list') }")
    page.locator("#released_assignments_list").get_by_role("button", name="Fetch").click(
        timeout=60_000
    )
    fetched = page.locator("#fetched_assignments_list")
    fetched.get_by_role("button", name="Submit").wait_for(timeout=60_000)
    mine = course.root / "ps1" / "ps1.ipynb"
    assert mine.read_bytes() == (course.root / "assignments" / "ps1" / "ps1.ipynb").read_bytes()
    shutil.copy(course.root / "solutions" / "ps1" / "ps1.ipynb", mine)  # the student works
    fetched.get_by_role("button", name="Submit").click()
    page.locator("#submitted_assignments_list").get_by_text("UTC").first.wait_for(timeout=60_000)
    assert page.locator("#submitted_assignments_list").get_by_text("UTC").count() == 1
    page.screenshot(path=str(artifacts / "assignment-list.png"))
    assert main(["collect", "ps1", "--exchange", "--course", str(course.root)]) == 0
    student = getpass.getuser()
    grade(course, "ps1", students=[student], workers=1)
    assert scores(course)[student] == 25.0
    page.close()
