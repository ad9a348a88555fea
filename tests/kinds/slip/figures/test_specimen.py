"""Figures of specimen and design: what they show, not how they look."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from slipfield.kinds.slip.design import make_design
from slipfield.kinds.slip.figures.sampling import figure_design
from slipfield.kinds.slip.figures.specimen import figure_microstructure, ipf_colours
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen.orientation import euler_of_matrix
from slipfield.kinds.slip.study import Study
from slipfield.report.style import save_figure

pytestmark = pytest.mark.slow

STUDY = Study(
    name="test", specimen={"grains": 60, "cells_x": 8, "cells_y": 8}, sampling={"samples": 30}
)


def along_y(direction):
    """Bunge angles of a crystal with ``direction`` along the load axis."""
    second = np.array(direction) / np.linalg.norm(direction)
    third = np.cross(np.roll(second, 1) + (0.3, 0, 0), second)
    third /= np.linalg.norm(third)
    return euler_of_matrix(np.stack((np.cross(second, third), second, third), axis=1))


@pytest.mark.parametrize(("direction", "channel"), [((0, 0, 1), 0), ((1, 0, 1), 1), ((1, 1, 1), 2)])
def test_ipf_colours_of_the_corners(direction, channel):
    """Crystals with <001>, <101>, <111> along y are red, green, blue."""
    colour = ipf_colours(along_y(direction)[None])[0]
    assert colour[channel] == pytest.approx(1, abs=0.02)
    assert np.delete(colour, channel) == pytest.approx([0, 0], abs=0.02)


def test_microstructure_figure(tmp_path):
    """Every grain is drawn, every histogram counts its grains, the file is written."""
    data = make_microstructure(STUDY, 0)
    figure = figure_microstructure(data, STUDY)
    left, right = figure.subfigs
    (patches,) = [c for c in left.axes[0].collections if isinstance(c, PolyCollection)]
    assert len(patches.get_paths()) == 60
    counts = [sum(bar.get_height() for bar in axes.patches) for axes in right.axes]
    assert counts == pytest.approx([40, 15, 5], abs=1.5) and sum(counts) == pytest.approx(60)
    save_figure(figure, tmp_path / "m.png")
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")


def test_grains_of_one_size_are_a_line_instead_of_a_histogram(tmp_path):
    """Sizes that differ by rounding have no distribution to fit."""
    data = make_microstructure(STUDY, 0)
    data["size"][:] = 0.25 * (1 + 1e-15 * np.arange(60))
    figure = figure_microstructure(data, STUDY)
    assert "40 grains of 0.250 mm" in figure.subfigs[1].axes[0].get_title(loc="right")
    save_figure(figure, tmp_path / "m.png")


def test_names_of_bands_are_no_formulas(tmp_path):
    """Matplotlib would refuse the first name, and set the second one as an exponent."""
    content = STUDY.model_dump(mode="json")
    content["specimen"]["bands"][0]["name"] = r"$\frac{ {x} %s"
    content["specimen"]["bands"][4]["name"] = "a$^2$"
    study = Study.model_validate(content)
    figure = figure_microstructure(make_microstructure(study, 0), study)
    title = figure.subfigs[1].axes[0].get_title(loc="right")
    assert title.splitlines()[0] == r"\$\frac{ {x} %s + a\$^2\$"
    save_figure(figure, tmp_path / "m.png")


def test_design_figure(tmp_path):
    """Three pair plots with all samples and their units."""
    design = make_design(STUDY)
    figure = figure_design(design.samples, STUDY)
    assert [len(axes.collections[0].get_offsets()) for axes in figure.axes] == [30, 30, 30]
    assert all("MPa" in axes.get_xlabel() + axes.get_ylabel() for axes in figure.axes)
    assert f"{design.minimum_distance:.4f}" in figure.get_suptitle()
    save_figure(figure, tmp_path / "d.svg")
    assert "<svg" in (tmp_path / "d.svg").read_text()[:600]
