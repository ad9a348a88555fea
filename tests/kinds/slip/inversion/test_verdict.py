"""Verdicts, the patterns and scales they rest on, and the ways to lay a grain map."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import xarray as xr

from slipfield.kinds.slip.inversion.agreement import LoadScale, Pattern, fluctuations, load_scale
from slipfield.kinds.slip.inversion.assumed import Assumed
from slipfield.kinds.slip.inversion.choice import Fit
from slipfield.kinds.slip.inversion.constants import estimated_constants
from slipfield.kinds.slip.inversion.judge import judge
from slipfield.kinds.slip.inversion.unusual import Channel
from slipfield.kinds.slip.inversion.ways import (
    CRYSTALS,
    PLACES,
    Way,
    _all_axes,
    import_options,
    turned_map,
)
from slipfield.kinds.slip.measure.grain_maps import from_specimen
from slipfield.kinds.slip.specimen.orientation import euler_of_matrix, matrix_of_euler
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.thickness.factor import load_exponent
from slipfield.kinds.slip.thickness.prior import SheetFactor
from tests.kinds.slip.inversion import test_refine as model

GOOD, BLURRED, FIT = Pattern(0.96, 1.0), Pattern(0.95, 0.85), Fit(6e-4, 5e-4)
THREE = "mesh, grain map or slip law"
OTHER = Way("as given", "mirrored", 0.9, "--euler-axes=x,-y")


def test_patterns_see_neither_means_nor_contrast():
    random = np.random.default_rng(0)
    computed = random.standard_normal((3, 20, 20))
    measured = 0.05 + 0.8 * computed
    measured[:, 3, 4] = np.nan
    found = fluctuations(measured, computed)
    assert found.correlation == pytest.approx(1)
    assert found.contrast == pytest.approx(0.8)
    assert abs(fluctuations(measured[:, ::-1], computed).correlation) < 0.2
    assert np.isnan(fluctuations(0 * measured, computed).correlation)


@pytest.mark.parametrize("factor", [1.0, 1.2, 0.8])
def test_the_scale_of_the_load_is_found_beside_the_parameters(factor):
    """Loads of a sheet whose thickness is wrong, from a run some way off the truth."""
    measurement = model.measure(5e-4, 3e-3)
    scaled = replace(measurement, load=factor * measurement.load)
    problem = model.Problem(scaled, model.forward, 3e-3, model.PRIOR)
    found = load_scale(problem, model.forward(np.exp(model.TRUTH + [0.05, -0.1, 0.08])))
    assert found.factor == pytest.approx(factor, rel=0.03)
    assert 1e-3 < found.deviation < 0.02
    silent = replace(measurement, load=np.full_like(measurement.load, np.nan))
    problem = model.Problem(silent, model.forward, 3e-3, model.PRIOR)
    assert load_scale(problem, model.forward(np.exp(model.TRUTH))) is None


def test_the_scale_of_the_load_is_known_less_where_the_model_explains_less():
    """The same residuals, taken for noise and taken for errors of the model."""
    measurement = model.measure(2e-3, 3e-3)
    problem = model.Problem(measurement, model.forward, 3e-3, model.PRIOR)
    run = model.forward(np.exp(model.TRUTH))
    noise, errors = (load_scale(replace(problem, strain_noise=n), run) for n in (None, 2e-4))
    assert 1.1 * noise.deviation < errors.deviation < 3 * noise.deviation
    assert errors.factor == pytest.approx(noise.factor, abs=3 * errors.deviation)


def test_the_factor_of_a_thick_sheet_is_no_scale_of_its_load():
    """Loads of a sheet that is 8 % stronger than its membrane."""
    measurement, run = model.measure(5e-4, 3e-3), model.forward(np.exp(model.TRUTH))
    factor = SheetFactor(1.1, 0.08, 0.02, Material(), np.array([0.2]), np.ones(1))
    exponent = load_exponent(factor.along(run.parameters), run.load, run.load_rates)
    thick = replace(measurement, load=measurement.load * np.exp(0.08 * exponent))
    problem = model.Problem(thick, model.forward, 3e-3, model.PRIOR, factor)
    found = load_scale(problem, run)
    assert found.factor == pytest.approx(1, abs=0.02)
    assert found.deviation > 0.02 * np.abs(exponent).max()
    assert load_scale(replace(problem, factor=None), run).factor > 1.04


def test_a_thick_sheet_looks_less_like_its_membrane():
    seen, scale = Pattern(0.72, 1.0), LoadScale(1.0, 0.01, np.nan)
    assert judge(seen, None, scale, FIT, None, []).word == "none"
    assert judge(seen, None, scale, FIT, None, [], alike=0.84).word == "good"


def test_strain_of_a_thick_sheet_is_not_expected_to_fit_its_membrane():
    seen, strain = Pattern(0.83, 1.0), Channel("misfit of the strain (projection)", "", "", 31.0)
    sheet = "0.6 grain diameters (d = 0.5 mm)"
    thick = judge(seen, None, None, FIT, None, [strain], alike=0.84, thick=sheet)
    assert f"a sheet of {sheet}, which" in thick.sentence
    assert (thick.word, thick.cause) == ("doubtful", "thickness")
    assert "31 times" in thick.sentence
    assert "--subsurface 8" in thick.sentence
    last = judge(seen, None, None, FIT, None, [strain], alike=0.84, thick=sheet, drawable=False)
    assert last.cause == "thickness" and "--subsurface" not in last.sentence
    damped = Pattern(0.93, 0.91)
    assert judge(damped, None, None, FIT, None, [strain], alike=0.92).cause == "thickness"
    name = "misfit of the load (projection)"
    loads = {off: Channel(name, "", "", off) for off in (3.7, 14)}
    # grains below the face pull the load's model, too: up to a quarter of the strain's misfit
    assert judge(seen, None, None, FIT, None, [strain, loads[3.7]], alike=0.84).cause == "thickness"
    assert (
        judge(seen, None, None, FIT, None, [strain, loads[14.0]], alike=0.84).cause != "thickness"
    )
    assert judge(GOOD, None, None, FIT, None, [strain], alike=0.99).cause == THREE


def judged(seen=GOOD, way=None, scale=None, fit=FIT, refined=None, channels=()):
    return judge(seen, way, scale, fit, refined, list(channels))


@pytest.mark.parametrize(
    ("given", "word", "cause", "text"),
    [
        ({}, "good", "", "explain the measurement"),
        ({"seen": Pattern(0.5, 1)}, "none", "grain map", "No way to turn or mirror"),
        (
            {"seen": Pattern(0.82, 1), "way": OTHER},
            "none",
            "grain map",
            "import it again with --euler-axes=x,-y",
        ),
        ({"scale": LoadScale(1.2, 0.01, np.nan)}, "none", "thickness", "1.2 times the given one"),
        ({"scale": LoadScale(0.8, 0.01, 0.81)}, "none", "thickness", "elastic slope"),
        ({"scale": LoadScale(1.2, 0.01, 1.0)}, "none", "slip law", "elastic slope of the load is"),
        ({"scale": LoadScale(1.06, 0.01, np.nan)}, "doubtful", "thickness", "--thickness"),
        ({"scale": LoadScale(1.1, 0.006, 1.1)}, "none", "thickness", "--thickness"),
        ({"scale": LoadScale(0.91, 0.006, 0.91)}, "none", "thickness", "--thickness"),
        ({"scale": LoadScale(1.03, 0.006, 1.03)}, "good", "", "1.03 times"),
        ({"scale": LoadScale(1.2, 0.1, np.nan)}, "good", "", "1.2 times (+-10 %)"),
        ({"scale": LoadScale(1.85, 0.2, np.nan)}, "good", "", "1.85 times (+-20 %)"),
        ({"scale": LoadScale(0.95, 0.03, np.nan)}, "good", "", "below 9 % would not show"),
        ({"seen": BLURRED, "channels": [("strain", 3.7)]}, "doubtful", "optics", "subset"),
        ({"channels": [("strain", 3.6)]}, "doubtful", THREE, "--refine 5"),
        ({"seen": Pattern(0.9, 1), "channels": [("strain", 3.6)]}, "doubtful", THREE, "3.6 times"),
        ({"channels": [("strain", 16.0), ("load", 2.6)]}, "doubtful", THREE, "load 2.6 times"),
        ({"channels": [("load", 2.6)]}, "doubtful", "slip law", "The load differs"),
        ({"channels": [("load", 1.2), ("strain", 1.4)]}, "good", "", "explain"),
    ],
)  # fmt: skip
def test_the_verdict_names_its_cause(given, word, cause, text):
    named = [
        Channel(f"misfit of the {name} (projection)", "", "", excess)
        for name, excess in given.get("channels", ())
    ]
    found = judged(**{**given, "channels": named})
    assert (found.word, found.cause) == (word, cause)
    assert text in found.sentence


@pytest.mark.parametrize(("excess", "warned"), [(1.0, False), (1.04, False), (1.06, True)])
def test_what_is_usual_is_no_warning(excess, warned):
    """A warning that says "1.0 times what is usual" warns of nothing."""
    channel = Channel("element size", "0.04 mm", "0.03 mm", excess)
    assert channel.unusual == channel.to_json()["warning"] == warned
    assert ("1.0 times" in channel.warning) != warned
    assert judged(channels=[channel]).word == ("doubtful" if warned else "good")


def test_a_refinement_that_moved_with_its_mesh_or_leaves_much_is_doubtful():
    problem = model.Problem(model.measure(), model.forward, 1e-3, model.PRIOR)
    first = model.refine(problem, model.CENTRE, 8)
    moved = replace(first, coarser=replace(first, log_parameters=first.log_parameters + 0.08))
    assert judged(refined=moved).cause == "mesh"
    assert judged(refined=first, fit=Fit(3e-3, 5e-4)).cause == "mesh"
    assert judged(refined=first, fit=Fit(3e-3, float("nan"))).cause == "noise"
    assert judged(refined=first).word == "good"
    vague = LoadScale(0.95, 0.03, np.nan)
    assert "below 9 % would not show" in judged(refined=moved, scale=vague).sentence
    assert "by 7.7 %" in judged(refined=moved).sentence
    assert "moves k1, k2 and k3 as much" in judged(refined=moved, scale=vague).sentence
    columns, rows = moved.cells
    assert moved.run.strain.shape[-2:] == (rows + 1, columns + 1)
    known = judged(refined=moved, scale=LoadScale(0.95, 0.03, 0.97))
    assert known.sentence.endswith(f"begin with the finer mesh (--cells {columns} {rows}).")


@pytest.mark.parametrize(
    ("before", "load", "cause"),
    [(1.4, 0.4, "mesh"), (1.05, 0.4, "slip law"), (1.4, 1.8, "slip law"), (None, 0.4, THREE)],
)
def test_strain_that_a_finer_mesh_explains_better_is_no_sign_of_another_law(before, load, cause):
    problem = model.Problem(model.measure(), model.forward, 1e-3, model.PRIOR)
    refined = model.refine(problem, model.CENTRE, 8)
    if before:
        coarser = replace(refined, residual=before * refined.residual)
        refined = replace(refined, coarser=coarser)
    channels = [("strain", 3.6), ("load", load)]
    named = [Channel(f"misfit of the {n} (projection)", "", "", v) for n, v in channels]
    found = judged(refined=refined, channels=named, fit=Fit(7.5e-4, 5e-4))
    assert (found.word, found.cause) == ("doubtful", cause)
    assert "3.6 times" in found.sentence
    assert ("--no-finer" in found.sentence) == (before is None)
    assert ("begin with the finer mesh (--cells" in found.sentence) == (cause == "mesh")


@pytest.mark.parametrize(("load", "word"), [(0.4, "good"), (1.8, "doubtful")])
def test_strain_maps_that_a_refinement_explains_are_no_reason_for_doubt(load, word):
    """Whatever the linear model leaves of them; what is left of the load still counts."""
    problem = model.Problem(model.measure(), model.forward, 1e-3, model.PRIOR)
    refined = model.refine(problem, model.CENTRE, 8)
    named = [
        Channel(f"misfit of the {name} (projection)", "", "", value)
        for name, value in (("strain", 4.7), ("load", load))
    ]
    assert judged(refined=refined, channels=named, fit=Fit(5.5e-4, 5e-4)).word == word
    assert judged(refined=refined, channels=named, fit=Fit(9e-4, 5e-4)).word == "doubtful"
    assert judged(channels=named).word == "doubtful"


def constant(name="n", step=0.69, told=0.02, **more):
    """A constant that the data ask to change by ``step``."""
    return Assumed(name, 10.0, np.array([-0.01, 0.04, -0.57]), told, step, **more)


def test_a_constant_that_the_data_speak_against_is_named():
    found = judge(GOOD, None, None, FIT, None, [], constants=[constant(), constant("q", 0.01)])
    assert (found.word, found.cause) == ("doubtful", "slip law")
    assert "rate exponent n" in found.sentence
    assert "--free n" in found.sentence
    assert "19.9 (19.2 to 20.7) in the place of 10" in found.sentence
    refined = constant(log_value=0.3, deviation=0.02)
    found = judge(GOOD, None, None, FIT, None, [], constants=[refined])
    assert "13.5" in found.sentence
    assert "allows for it" in found.sentence
    unsure = constant(log_value=0.3, deviation=0.2)
    assert judge(GOOD, None, None, FIT, None, [], constants=[unsure]).word == "good"


@pytest.mark.parametrize(("contrast", "named"), [(1.1, True), (1.004, False)])
def test_a_gauge_that_is_narrower_than_given_is_thought_of(contrast, named):
    """Contrasts of a specimen behind a correlation program: 96 um said for 58, and nothing said."""
    strain = Channel("misfit of the strain (projection)", "", "", 6.2)
    found = judged(seen=Pattern(0.9, contrast), channels=[strain])
    assert found.cause == THREE
    assert ("narrower than --subset and --strain-window say" in found.sentence) == named


def test_no_constant_is_blamed_for_the_strain_of_a_thick_sheet():
    strain = Channel("misfit of the strain (projection)", "", "", 8.0)
    found = judge(Pattern(0.9, 1.0), None, None, FIT, None, [strain], 0.92, [constant()])
    assert (found.word, found.cause) == ("doubtful", "thickness")


@pytest.mark.parametrize(
    ("ends", "named"), [("15..25", True), ("12..30", True), ("11..30", False), ("9..25", False)]
)
def test_a_prior_that_the_data_speak_against_is_named(ends, named):
    (_, prior) = estimated_constants(Material(), priors=[f"n={ends}"])
    asked = constant(step=0.0, told=0.05, prior=prior, log_value=0.09, deviation=0.05)
    found = judge(GOOD, None, None, FIT, None, [], constants=[asked])
    assert ("your prior of the rate exponent n disagree" in found.sentence) == named
    assert found.word == ("doubtful" if named else "good")
    if named:
        assert "they ask for 10 (9.07 to 11)" in found.sentence
        assert f"says {ends.replace('..', ' to ')}" in found.sentence


def test_a_constant_is_the_cause_of_an_odd_load_where_it_explains_more():
    odd = LoadScale(0.86, 0.02, np.nan)
    plain, better = constant("h0", -0.22), constant("h0", -0.22, beyond_scale=True)
    assert judge(GOOD, None, odd, FIT, None, [], constants=[plain]).cause == "thickness"
    found = judge(GOOD, None, odd, FIT, None, [], constants=[better])
    assert (found.word, found.cause) == ("doubtful", "slip law")
    assert "hardening modulus h0" in found.sentence


def specimen(axes, named):
    """Specimen with a square grain map of two grains, imported with some axes."""
    random = np.random.default_rng(1)
    affine = np.column_stack([np.eye(2), [0.01, -0.02]])
    raw = random.uniform(0, np.pi, (2, 3))
    matrices = matrix_of_euler(raw) @ from_specimen(axes, named, affine)
    facts = {"y_axis": axes.y_axis, "load_axis": axes.load_axis, "euler_axes": named}
    names = {
        "grain_id": (("grain_y", "grain_x"), np.array([[0, 0, 0], [0, 1, 0], [1, 1, 0]])),
        "grain_x_mm": ("grain_x", np.arange(3.0)),
        "grain_y_mm": ("grain_y", np.arange(3.0)),
        "affine": (("row", "column"), affine),
        "euler": (("grain", "angle"), euler_of_matrix(matrices)),
    }
    return xr.Dataset(names, attrs={"grain_axes": json.dumps(facts)}), raw


def plane_stiffness(matrices):
    """What a membrane feels of cubic crystals: C_ijkl of in-plane indices, condensed."""
    full = np.einsum("nai,naj,nak,nal->nijkl", matrices, matrices, matrices, matrices)
    pairs = [(0, 0), (1, 1), (0, 1), (2, 2), (0, 2), (1, 2)]
    voigt = np.array([[full[:, i, j, k, m] for k, m in pairs] for i, j in pairs])
    voigt = np.moveaxis(voigt, -1, 0)
    a, b, d = voigt[:, :3, :3], voigt[:, :3, 3:], voigt[:, 3:, 3:]
    return a - b @ np.linalg.inv(d + 0.3 * np.eye(3)) @ b.swapaxes(1, 2)


@pytest.mark.parametrize("named", ["x,y", "-y,x"])
@pytest.mark.parametrize("axes", list(_all_axes()), ids=str)
def test_the_options_of_a_way_do_what_the_way_does(axes, named):
    """Importing again with them gives the turned map and crystals that strain like the turned."""
    data, raw = specimen(axes, named)
    original = _raw_map(data, axes)
    for place, crystals in product(PLACES, CRYSTALS):
        turned = turned_map(data, place, crystals)
        options = import_options(data, place, crystals)
        y_axis, load_axis, reference = _parsed(options, axes, named)
        again = next(a for a in _all_axes() if (a.y_axis, a.load_axis) == (y_axis, load_axis))
        np.testing.assert_array_equal(again.array(original), turned["grain_id"])
        matrices = matrix_of_euler(raw) @ from_specimen(again, reference, data["affine"].values)
        np.testing.assert_allclose(
            plane_stiffness(matrices),
            plane_stiffness(matrix_of_euler(turned["euler"].values)),
            atol=1e-9,
        )


def _raw_map(data, axes):
    """Grain map in the rows and columns of its file."""
    across, along = (int(s) for s in axes.matrix.sum(axis=1))
    found = data["grain_id"].values[::along, ::across]
    return found.T if axes.crosswise else found


def _parsed(options, axes, named):
    given = {"y-axis": axes.y_axis, "load-axis": axes.load_axis, "euler-axes": named}
    for part in (
        options.replace("--y-axis ", "--y-axis=").replace("--load-axis ", "--load-axis=").split()
    ):
        name, value = part.removeprefix("--").split("=")
        given[name] = value
    return given.values()
