"""The thickness study in miniature: it resumes, and thicker sheets are stronger."""

import json

import numpy as np
import pytest
from mpi4py import MPI

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.fem.batch import reference_fields
from slipfield.kinds.slip.fem.forward import solid_microstructure
from slipfield.kinds.slip.fem.solid import SolidProblem
from slipfield.kinds.slip.study import Solid, Study, check_study
from slipfield.kinds.slip.study.physics import Specimen
from slipfield.kinds.slip.thickness import runs as thickness_runs
from slipfield.kinds.slip.thickness.factor import direction, fit_factor, load_exponent
from slipfield.kinds.slip.thickness.runs import run_study, runs_of
from slipfield.kinds.slip.thickness.table import table_of
from slipfield.kinds.slip.verification.solid import outputs_of, solid_of
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of


def miniature(ratios=(0.1, 1.0)):
    return Study(
        name="mini",
        specimen={"cells_x": 8, "cells_y": 8, "grains": 12},
        loading={"outputs": 3},
        crossval={"folds": 2},
        sampling={"samples": 2},
        thickness={"ratios": ratios, "refined_ratios": (0.1,), "subsurfaces": 1},
    )


def test_runs_of_a_study():
    found = runs_of(miniature())
    assert len(found) == 2 * 2 + 2
    assert sum(run.refined for run in found) == 2
    assert len({run.name for run in found}) == len(found)


def test_thick_is_stronger_and_a_second_start_repeats_nothing(tmp_path, monkeypatch):
    first = run_study(miniature(), tmp_path)
    rows = {(row["grains"], row["ratio"]): row for row in table_of(first)}
    for kind in ("columns", "grains"):
        assert rows[kind, 1.0]["ln_m"] > rows[kind, 0.1]["ln_m"]
        assert rows[kind, 1.0]["correlation"] < rows[kind, 0.1]["correlation"]
        assert rows[kind, 1.0]["rest"] < 0.01
    (tmp_path / "map0-columns-0.1-0.json").unlink()
    made = []
    result = thickness_runs.MapRuns.result
    monkeypatch.setattr(
        thickness_runs.MapRuns,
        "result",
        lambda self, run: made.append(run.name) or result(self, run),
    )
    second = run_study(miniature(), tmp_path)
    assert made == ["map0-columns-0.1-0"]
    timeless = [[{**run, "cpu_seconds": 0} for run in one] for one in (first, second)]
    assert json.loads(json.dumps(timeless[0])) == json.loads(json.dumps(timeless[1]))


def test_the_slope_of_an_unloading_is_told_where_there_is_one(tmp_path):
    path = [[0, 0], [20, 0.02], [22, 0.019]]
    loading = {"path": path, "outputs": 3, "output_times_s": [20, 21, 22]}
    content = miniature().model_dump(mode="json") | {"loading": loading}
    found = {run["name"]: run for run in map(named, run_study(check_study(content, "a"), tmp_path))}
    thin, thick = (found[f"map0-columns-{ratio}-0"] for ratio in (0.1, 1))
    for name in ("flow_excess", "slope_excess"):
        assert 0 < thin[name] < thick[name] < 0.2
    assert not any("slope_excess" in run for run in run_study(miniature((0.1,)), tmp_path / "b"))


def named(run):
    mesh = "-refined" if run["refined"] else ""
    return run | {"name": f"map{run['number']}-{run['grains']}-{run['ratio']:g}-0{mesh}"}


def test_a_sheet_of_too_many_layers_is_refused_before_the_first_run(tmp_path):
    """Cells of 0.25 mm, d about 0.65 mm: t/d of 100 is about 260 layers."""
    with pytest.raises(SlipfieldError, match=r"thickness\.ratios: 100 on grain map 0: .* layers"):
        run_study(miniature((0.1, 100.0)), tmp_path)
    study = miniature()
    thick = study.thickness.model_copy(update={"thick_ratios": (90.0,)})
    with pytest.raises(SlipfieldError, match=r"thickness\.thick_ratios: 90 on .* at most 200"):
        run_study(study.model_copy(update={"thickness": thick}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_factor_of_the_loading_explains_the_unloading_of_a_thick_sheet():
    """The constraint that makes it stronger makes it stiffer by about as much."""
    times = [20.0, 30.0, 40.0, 41.0, 42.0, 43.0]
    path = [[0, 0], [40, 0.04], [43, 0.0373]]
    loading = {"path": path, "outputs": len(times), "output_times_s": times}
    specimen = {"cells_x": 12, "cells_y": 12, "grains": 20, "thickness_mm": 0.5}
    study = make_study(12, loading=loading, specimen=specimen)
    micro, k = grain_map(study), study.sampling.centre
    membrane = reference_fields(problem_of(study, micro), k)
    thin = study.model_copy(update={"specimen": Specimen(**specimen | {"thickness_mm": 0.01})})
    foil = outputs_of(solid_of(thin, micro, 1), k).load * 50
    below = solid_microstructure(study, micro, Solid(layers=3, seed=1))
    sheet = outputs_of(SolidProblem(study, below, MPI.COMM_SELF), k).load - foil + membrane["load"]
    count = np.bincount(micro.element_grain.ravel(), minlength=len(micro.size))
    along = direction(study.material, k, micro.size, count)
    load, rates = membrane["load"], membrane["dload_dlnk"]
    flow = slice(3)
    factor = fit_factor(sheet[flow], load[flow], rates[:, flow], along)
    assert factor.ln_m > 0.02
    assert load[-1] < 0.1 * load.max()
    expected = load * np.exp(factor.ln_m * load_exponent(along, load, rates))
    excess = factor.ln_m * load.max()
    assert np.abs(sheet - expected).max() < 0.35 * excess
    bounded = load * np.exp(factor.ln_m * np.clip(along @ rates / load, -3, 3))
    assert np.abs(sheet - bounded).max() > 0.5 * excess
