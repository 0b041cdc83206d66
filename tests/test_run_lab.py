"""RunLab: any algorithm in any world; what it refuses; comparing, presets, coming back."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from pgkit import WORLDS, Reinforce
from pgkit.algorithms import ALGORITHMS
from pgkit.fits import misfit
from pgkit.policies import SharedSoftmax
from pgkit.widgets import RingOfFire, RunLab, view
from pgkit.widgets import lab as lab_module
from pgkit.widgets.views import VIEWS
from pgkit.widgets.views.grid import LAYERS, Grid
from pgkit.worlds import grid_world, load_world
from pgkit.worlds.bandit import bandit

PACKAGE = Path(__file__).resolve().parent.parent / "pgkit"
FITTING = [
    (name, world)
    for name in ALGORITHMS
    for world in WORLDS
    if misfit(name, load_world(world)) is None
]
FAST = [pair for pair in FITTING if pair[1] in ("ring-of-fire", "two-state", "lqr")]
SLOW = [pair for pair in FITTING if pair not in FAST]


def ask(lab, **message):
    frames = []
    lab.send = lambda content, buffers=None: frames.append((content, buffers))
    lab._handle_custom_msg({"id": 1, **message}, [])
    json.dumps(frames[-1][0], allow_nan=False)
    return frames[-1][0]


def works(name, world):
    lab = RunLab(name, world, ["curve"], runs=2)
    lab.train(1)
    header = ask(lab, kind="hello")
    assert header["iteration"] == 1
    assert set(header["values"]) == {
        k["name"] for k in lab.setting["knobs"] + lab.setting["choices"]
    }
    assert len(lab.sentence) > 40
    assert lab.picture().startswith(b"\x89PNG")
    twin = eval(lab.code, {"RunLab": RunLab})
    # two backends may train the two: equal to rounding
    np.testing.assert_allclose(twin.run.state.theta, lab.run.state.theta, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "world"), FAST)
def test_every_algorithm_has_a_lab_and_its_line_rebuilds_it(name, world):
    works(name, world)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "world"), SLOW)
def test_every_algorithm_has_a_lab_in_every_world(name, world):
    works(name, world)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"algorithm": "reinforse"}, "did you mean 'reinforce'"),
        ({"algorithm": 7}, "must be one of supervised"),
        ({"world": "ring"}, "ring-of-fire"),
        ({"views": ["curves"]}, "must be one of grid, curve"),
        ({"views": []}, "at least one"),
        ({"views": "curve"}, "a list of names"),
        ({"views": ["grid"], "world": "two-state"}, "needs a world on a grid"),
        ({"alhpa": 0.1}, "did you mean 'alpha'"),
        ({"alpha": -1}, "did you mean 1"),
        ({"controls": ["beta"]}, "control = 'beta'"),
        ({"hide": ("everything",)}, "what can be hidden is knobs"),
        ({"runs": 0}, "runs = 0"),
        ({"algorithm": "awr", "world": "cartpole", "reset": "uniform"}, "no list of states"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_told_what_it_takes(arguments, what):
    with pytest.raises(ValueError, match=what):
        RunLab(**arguments)


def test_ten_times_the_step_size_with_the_same_seed():
    lab = RunLab("reinforce", "ring-of-fire", ["curve"], runs=4, alpha=0.05).train(5)
    header = ask(lab, kind="compare")
    assert header["rival"] == "α 0.5"
    lab.train(10)
    alone = RunLab("reinforce", "ring-of-fire", ["curve"], runs=4, alpha=0.05).train(5)
    alone.set(alpha=0.5).train(10)
    np.testing.assert_array_equal(lab.timeline.rival.state.theta, alone.run.state.theta)
    plain = RunLab("reinforce", "ring-of-fire", ["curve"], runs=4, alpha=0.05).train(15)
    np.testing.assert_array_equal(lab.run.state.theta, plain.run.state.theta)
    header = ask(lab, kind="hello")
    assert dict(header["parts"])["rival"] == 4 * 16
    assert ask(lab, kind="compare")["rival"] == ""


def test_compare_with_other_changes_and_at_the_end_of_the_range():
    lab = RunLab("reinforce", "ring-of-fire", ["curve"], runs=2)
    lab.compare(episodes=64)
    assert lab._rival_words() == "N 64"
    lab.compare()  # goes
    top = next(k["high"] for k in lab.setting["knobs"] if k["name"] == "alpha")
    lab.set(alpha=top).compare()
    assert lab.timeline.rival.algorithm.alpha == top / 10
    with pytest.raises(ValueError, match="alpha = -1"):
        lab.compare(alpha=-1)


def test_presets_set_what_they_say():
    lab = RunLab(
        "reinforce", views=["curve"], runs=2, presets={"too far": {"alpha": 1.0, "episodes": 4}}
    )
    assert lab.setting["presets"] == ["too far"]
    header = ask(lab, kind="preset", name="too far")
    assert (header["values"]["alpha"], header["values"]["episodes"]) == (1.0, 4)
    assert "this lab has too far" in ask(lab, kind="preset", name="else")["refused"]


def test_choices_are_controls_too():
    lab = RunLab("actor_critic", "ring-of-fire", ["curve"], runs=2, controls=["alpha", "optimizer"])
    (choice,) = lab.setting["choices"]
    for option in choice["options"]:
        assert ask(lab, kind="set", changes={"optimizer": option})["values"]["optimizer"] == option
    assert "optimizer = 'sgd'" in ask(lab, kind="set", changes={"optimizer": "sgd"})["refused"]


def test_every_run_by_itself_on_demand():
    lab = RunLab("reinforce", views=["curve"], runs=3).train(4)
    assert "singles" not in dict(ask(lab, kind="hello")["parts"])
    header = ask(lab, kind="singles", on=True)
    assert dict(header["parts"])["singles"] == 3 * 5
    assert header["singles"]
    assert not ask(lab, kind="singles", on=False)["singles"]


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_of_the_grid(layer):
    lab = RunLab("reinforce_resets", "ring-of-fire", [Grid()], runs=3).train(2)
    header = ask(lab, kind="view", view="grid", layers=[layer])
    sizes = dict(header["parts"])
    assert header["views"]["grid"]["layers"] == [layer]
    assert sizes["grid.probs"] == 81 * 4
    if layer == "episodes":
        assert sizes["grid.walks"] == 3 * 31
    if layer == "values":
        assert sizes["grid.values"] == 81
    assert "must be one of policy" in ask(lab, kind="view", view="grid", layers=["x"])["refused"]
    assert "this lab shows grid" in ask(lab, kind="view", view="curve")["refused"]


def test_episodes_are_the_ones_that_the_next_update_learns_from():
    lab = RunLab("reinforce", "ring-of-fire", [Grid(("episodes",))], runs=2).train(1)
    _, parts = lab.views["grid"].frame(lab.timeline)
    _, info = lab.run.preview()
    walks, tau = parts["walks"], info.tau
    for i in range(2):
        steps = int(tau.live[i, 0].sum())
        np.testing.assert_array_equal(walks[i, :steps], tau.s[i, 0, :steps])
        assert walks[i, steps] == tau.s_next[i, 0, steps - 1]
        assert (walks[i, steps + 1 :] == -1).all()


class Shell:
    """A notebook's kernel, as far as a lab asks it."""

    def __init__(self):
        self.count = 0

    def run(self, cell, make):
        self.count += 1
        self.parent = {"metadata": {"cellId": cell}, "header": {"msg_id": str(self.count)}}
        made = make()
        made._repr_mimebundle_()
        return made

    def get_parent(self):
        return self.parent


@pytest.fixture
def shell(monkeypatch):
    shell = Shell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    lab_module._LABS.clear()
    return shell


@pytest.mark.slow
def test_a_cell_run_again_unchanged_goes_on_where_it_was(shell):
    def make(alpha=0.1):
        return RingOfFire(runs=2, alpha=alpha)

    first = shell.run("a", make)
    other = shell.run("b", make)
    first.set(alpha=0.3, reset="uniform").train(7)
    again = shell.run("a", make)
    assert again.run.iteration == 7
    assert (again.run.algorithm.alpha, again.reset) == (0.3, "uniform")
    assert other.run.iteration == 0
    again.train(1)
    assert shell.run("a", make).run.iteration == 8
    assert shell.run("a", lambda: make(0.2)).run.iteration == 0  # another lab
    assert shell.run("b", lambda: make().train(2)).run.iteration == 2


def test_a_plugged_function_that_was_changed_is_another_lab(shell):
    """What the student wrote last is what trains, whatever the lab's own line says."""
    source = "def mine(r, gamma):\n    return r * {factor}\n"
    scope: dict = {}

    def make():
        return RunLab("reinforce", "two-state", runs=2).use(reward_to_go=scope["mine"])

    exec(source.format(factor=2.0), scope)
    shell.run("a", make).train(3)
    exec(source.format(factor=2.0), scope)  # the cell above, run again as it was
    assert shell.run("a", make).run.iteration == 3
    exec(source.format(factor=3.0), scope)
    changed = shell.run("a", make)
    assert changed.run.iteration == 0
    assert changed.run.algorithm.plugged["reward_to_go"] is scope["mine"]


def test_the_line_of_python_rebuilds_maps_and_views_with_their_arguments():
    room = grid_world(".fG\nS.e", "room")
    lab = RunLab("reinforce", room, [Grid(layers=("policy",)), "curve"], runs=2, horizon=6).train(2)
    assert "grid_world('.fG\\nS.e', 'room')" in lab.code
    assert "view('grid', layers=('policy',))" in lab.code
    twin = eval(lab.code, {"RunLab": RunLab, "grid_world": grid_world, "view": view})
    assert twin.code == lab.code
    assert twin.sentence == lab.sentence
    weights = RunLab("awr", "ring-of-fire", [view("weights", run=1), "curve"], runs=2)
    assert "[view('weights', run=1), 'curve']" in weights.code


def test_what_was_made_by_hand_goes_by_its_name_and_the_line_says_so():
    arms = bandit((1, 0, -1))
    lab = RunLab("reinforce", arms, ["curve"], runs=2)
    assert lab.code.startswith("RunLab('reinforce', world, ['curve']")
    assert lab.code.endswith("# with your own world")
    assert eval(lab.code, {"RunLab": RunLab, "world": arms}).code == lab.code
    policy = SharedSoftmax(np.eye(6).reshape(2, 3, 6))
    own = RunLab("reinforce", arms, ["curve"], runs=2, policy=policy).code
    assert "policy=policy" in own
    assert own.endswith("# with your own world, policy")
    assert "#" not in RunLab("actor_critic", "cartpole", ["curve"], runs=2).code


def test_a_view_is_asked_for_with_its_arguments():
    assert view("cloud", samples=50).samples == 50
    assert view("cloud").code == "'cloud'"
    with pytest.raises(ValueError, match=r"sample = 3, but the view 'cloud' takes samples, axes"):
        view("cloud", sample=3)


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_keeps_its_arguments(name):
    """So that a lab can be written down."""
    assert view(name).code == repr(name)


def test_the_penalty_can_be_left_out():
    shown, quiet = (RunLab(runs=2, hide=hide) for hide in ((), ("penalty",)))
    assert "‖d_π*/μ‖_∞" in shown.sentence
    assert "‖d_π*/μ‖_∞" not in quiet.sentence
    assert quiet.setting["hide"] == ["penalty"]


def test_outside_a_notebook_nothing_comes_back():
    first = RingOfFire(runs=2).train(3)
    first._repr_mimebundle_()
    second = RingOfFire(runs=2)
    second._repr_mimebundle_()
    assert second.run.iteration == 0


@pytest.mark.parametrize("world", ["ring-of-fire", "ring-of-fire-closed"])
@pytest.mark.parametrize("reset", ["nominal", "uniform", "expert"])
def test_a_reset_keeps_its_name_through_the_run(world, reset):
    lab = RunLab("awr", world, ["curve"], runs=2, reset=reset)
    assert f"reset='{reset}'" in lab.code
    lab.train(1).rewind(0)
    assert lab.reset == reset


def test_an_instance_of_an_algorithm_will_do():
    lab = RunLab(Reinforce(alpha=0.4), "ring-of-fire", ["grid", "curve", "goals"], runs=2)
    assert lab.run.algorithm.alpha == 0.4
    assert "alpha=0.4" in lab.code


@pytest.mark.slow
@pytest.mark.parametrize("widget_state", [False, True], ids=["no state", "widget state saved"])
def test_the_saved_notebook_and_its_html_show_the_picture_without_a_kernel(tmp_path, widget_state):
    cell = (
        "from pgkit.widgets import RunLab\n"
        "RunLab('reinforce', 'two-state', ['contour', 'curve'], runs=4).train(5)"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(
        book, store_widget_state=widget_state, resources={"metadata": {"path": tmp_path}}
    ).execute()
    assert "after 5 iterations" in book.cells[0].outputs[0].data["text/plain"]
    nbformat.write(book, tmp_path / "saved.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "saved.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    page = (tmp_path / "saved.html").read_text(encoding="utf-8")
    assert "data:image/png;base64,iVBOR" in page
    assert '<script type="application/vnd.jupyter.widget-view' not in page


def test_exports_by_hand_and_by_jupyterlab_agree():
    by_hand, server = (
        json.loads((PACKAGE / f"{n}.json").read_text()) for n in ("nbconvert", "server")
    )
    assert server["NbConvertBase"] == by_hand["NbConvertBase"]
