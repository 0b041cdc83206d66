"""Worlds: the arrays say what the picture says, and a bad picture is refused where it is bad."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgkit.worlds import WORLDS, grid_world, load_world


@pytest.mark.parametrize(
    ("name", "cells", "startable"), [("ring-of-fire", 81, 64), ("ring-of-fire-closed", 121, 119)]
)
def test_the_rings_have_their_cells(name, cells, startable):
    world = WORLDS[name]()
    assert world.n_states == cells
    assert world.startable.sum() == startable
    assert set(world.goals) == {"G", "e"}


def test_rewards_are_paid_on_entering_and_fire_is_of_two_kinds():
    world = grid_world("SFfe\n...G")
    right, down = 1, 2
    assert world.reward[0, right, 0] == -10
    assert world.terminal[1]
    assert world.reward[2, right, 0] == 1
    assert not world.terminal[2]
    assert world.next_state[2, right, 0] == 3
    assert world.reward[6, right, 0] == 100
    assert world.reward[6, 0, 0] == -10  # up into the burning cell
    assert world.reward[0, down, 0] == 0


def test_walls_and_borders_keep_you_where_you_are():
    world = grid_world("S#e\n...")
    assert world.next_state[0].ravel().tolist() == [0, 0, 3, 0]
    assert world.wall.sum() == 1
    assert not world.startable[1]


def test_several_starts_are_equally_likely():
    assert grid_world("S.S\n.G.").start.tolist() == [0.5, 0, 0.5, 0, 0, 0]


@given(st.text(alphabet=".#Ffe", min_size=1, max_size=8), st.integers(1, 6))
def test_every_row_of_a_world_is_a_distribution_and_terminals_stay(line, rows):
    world = grid_world(
        "S" + "." * len(line) + "G\n" + "\n".join([f".{line}."] * rows).replace("e", "f")
    )
    assert np.allclose(world.prob.sum(-1), 1)
    assert (world.next_state[world.terminal, :, 0] == np.flatnonzero(world.terminal)[:, None]).all()
    assert not world.reward[world.terminal].any()
    assert world.start.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("S..\n.x.\n..G", "line 2, column 2", "unknown letter 'x'"),
        ("S\t.\n..G", "line 1, column 2", "unknown letter"),
        ("S..\n..\n..G", "line 2, column 3", "equally long"),
        ("S..\n....\n..G", "line 2, column 4", "equally long"),
        ("S..\n\n..G", "line 2, column 1", "equally long"),
        ("...\n..G", "line 1, column 1", "needs a start"),
        ("S..\n...", "line 1, column 1", "needs a goal"),
        ("S.#G\n..#.\ne.#.", "line 1, column 4", "'G' cannot be reached"),
        ("SFG\n.F.", "line 1, column 3", "cannot be reached"),
        ("\n\nS..\n.x.\n..G\n \n", "line 4, column 2", "unknown letter 'x'"),
        ("", "", "empty"),
        (" \n ", "", "empty"),
        ("\n".join(["S" + "." * 51] + ["." * 51 + "G"] * 51), "line 52, column 52", "at most 2500"),
    ],
)
def test_a_bad_map_is_refused_with_line_and_column(text, where, what):
    with pytest.raises(ValueError, match=what) as caught:
        grid_world(text, "mine")
    assert where in str(caught.value)
    assert str(caught.value).startswith("mine:")


def test_maps_are_read_from_files_with_any_line_end(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_bytes(b"\xef\xbb\xbfS..\r\n..G\r\n")
    assert load_world(str(file)).n_states == 6


def test_an_unknown_world_or_unreadable_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="ring-of-fire"):
        load_world("ring-of-water")
    file = tmp_path / "binary.txt"
    file.write_bytes(b"\xff\xfe\x00S")
    with pytest.raises(ValueError, match="UTF-8"):
        load_world(str(file))


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_has_its_registered_name_and_takes_underscores_for_hyphens(name):
    assert load_world(name).name == load_world(name.replace("-", "_")).name == name


@pytest.mark.parametrize("name", WORLDS)
def test_default_settings_are_knobs_that_every_algorithm_may_have(name):
    assert set(load_world(name).defaults) <= {"alpha", "gamma", "episodes", "horizon"}
