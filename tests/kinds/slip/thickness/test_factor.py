"""The factor M of a load, the mesh's share and the table, from numbers with a known answer."""

import numpy as np
import pytest

from slipfield.kinds.slip.crystal.law import hardening_modulus
from slipfield.kinds.slip.specimen.size import mean_diameter
from slipfield.kinds.slip.study import Material, Study, check_study, load_study
from slipfield.kinds.slip.thickness.factor import (
    direction,
    elastic_part,
    exchange,
    fit_factor,
    load_exponent,
)
from slipfield.kinds.slip.thickness.prior import RATIOS, SCATTER
from slipfield.kinds.slip.thickness.table import mesh_shares, table_of, write_table
from slipfield.kinds.slip.thickness.unloading import excesses, rows_of

K = (120.0, 25.0, 12.0)


def test_direction_scales_crss_by_m_and_hardening_by_its_square():
    material, size = Material(), np.array([0.2])
    along = direction(material, K, size, np.ones(1))
    step = 1e-6
    k = np.array(K) * np.exp(step * along)
    ratio = hardening_modulus(material, k, 0.2) / hardening_modulus(material, K, 0.2)
    assert ratio == pytest.approx(np.exp(2 * step), rel=1e-10)
    np.testing.assert_allclose(along[1:], 1.0)


def test_a_share_that_goes_from_k3_to_k2_leaves_the_mean_strength():
    sizes, areas = np.array([0.1, 0.3, 0.8]), np.array([1.0, 2.0, 3.0])
    root = np.average(sizes**-0.5, weights=areas)
    share = 1e-6
    k = np.array(K) * np.exp(share * exchange(K, sizes, areas))
    strength = K[1] + root * K[2]
    assert k[0] == K[0]
    assert k[1] + root * k[2] == pytest.approx(strength, rel=1e-11)
    assert k[1] - K[1] == pytest.approx(share * strength, rel=1e-5)


def test_known_factor_is_found_and_what_it_does_not_explain_is_told():
    membrane = np.linspace(10, 20, 8)
    rates = np.stack([0.1 * membrane * np.linspace(0, 1, 8), 0.6 * membrane, 0.4 * membrane])
    along = np.array([2.5, 1.0, 1.0])
    slope = along @ rates / membrane
    found = fit_factor(membrane * np.exp(0.06 * slope), membrane, rates, along)
    assert found.ln_m == pytest.approx(0.06)
    assert found.rest < 1e-12
    wave = 0.01 * (-1.0) ** np.arange(8)
    bent = fit_factor(membrane * np.exp(0.06 * slope + wave), membrane, rates, along)
    assert bent.ln_m == pytest.approx(0.06, abs=3e-3)
    assert bent.rest == pytest.approx(0.01, rel=0.05)


# first output still elastic, flow, unloading through zero, flow backwards, and again as before
COURSE = np.array([5.0, 10.0, 12.0, 6.0, 0.0, -3.0, -10.0, 8.0, 14.0])
OWN = np.array([0.5, 9.5, 12.0, 12.0, 12.0, 12.0, -9.0, 12.0, 14.5])  # d load / d ln k
ALONG = np.array([1.0, 1.0, 1.0])


def test_unloading_has_the_exponent_of_the_load_that_it_began_at():
    found = load_exponent(ALONG, COURSE, np.stack([OWN, 0.1 * OWN, 0.1 * OWN]))
    top = 1.2
    np.testing.assert_allclose(found, [1.0, 1.14, *[top] * 6, 1.2 * 14.5 / 14])
    elastic = elastic_part(ALONG, COURSE, np.stack([OWN, 0.1 * OWN, 0.1 * OWN]))
    np.testing.assert_allclose(elastic[[1, 2, 8]], 0, atol=1e-12)
    np.testing.assert_allclose(elastic[3:6], COURSE[3:6] - 12)  # since the peak
    assert elastic[0] == pytest.approx(5 - 0.6)


def test_factor_of_a_sheet_that_is_unloaded_through_zero_is_found():
    rates = np.stack([OWN, 0.1 * OWN, 0.1 * OWN])
    sheet = COURSE * np.exp(0.06 * load_exponent(ALONG, COURSE, rates))
    sheet[4] += 0.05  # hardly a load: neither logarithm nor slope mean anything
    sheet[5] *= -0.01
    found = fit_factor(sheet, COURSE, rates, ALONG)
    assert found.ln_m == pytest.approx(0.06)
    assert found.rest < 1e-12


def test_diameter_is_that_of_a_circle_of_the_mean_section():
    assert np.pi * mean_diameter(4.0, 60) ** 2 / 4 * 60 == pytest.approx(4.0)


def run(kind, ratio, number, ln_m, refined=False, seed=0):
    numbers = ("rest", "excess_first", "excess_last", "strain_difference", "correlation")
    return {
        "grains": kind,
        "ratio": ratio,
        "number": number,
        "seed": seed,
        "refined": refined,
        "ln_m": ln_m,
        "faces_correlation": 0.5,
        "roughness_mm": 0.002,
        **dict.fromkeys(numbers, 0.1),
    }


def some_runs():
    found = []
    for kind, least in (("columns", 0.0), ("grains", 0.01)):
        for ratio in (0.2, 1.0):
            found += [run(kind, ratio, n, least + 0.05 * ratio + 0.02 + 0.01 * n) for n in (0, 1)]
            found.append(run(kind, ratio, 0, least + 0.05 * ratio + 0.01, refined=True))
    return found


def test_mesh_error_that_halves_with_the_element_is_taken_away():
    ratios, shares = mesh_shares(some_runs())
    np.testing.assert_allclose(ratios, [0.2, 1.0])
    np.testing.assert_allclose(shares, 0.02 / 0.03)  # 0.02 of 0.03 on h, 0.01 on h/2
    rows = {(row["grains"], row["ratio"]): row for row in table_of(some_runs())}
    mesh = 0.02 / 0.03 * np.array([0.03, 0.04])  # thinnest columns of the two maps
    assert rows["columns", 1.0]["mesh"] == pytest.approx(mesh.mean())
    net = np.array([0.07, 0.08]) - mesh
    assert rows["columns", 1.0]["ln_m"] == pytest.approx(net.mean())
    assert rows["columns", 1.0]["ln_m_sd"] == pytest.approx(net.std(ddof=1))
    assert rows["grains", 0.2]["ln_m"] == pytest.approx(0.045 - mesh.mean())
    assert rows["columns", 1.0]["roughness_um"] == pytest.approx(2.0)


@pytest.mark.slow
def test_table_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    from slipfield.kinds.slip.thickness.figure import write_figure

    write_table(some_runs(), tmp_path)
    write_figure(tmp_path)
    assert "<svg" in (tmp_path / "thickness.svg").read_text()[:2000]


def test_study_file_is_valid():
    from pathlib import Path

    study = load_study(Path(__file__).parents[4] / "config" / "thickness.yaml")
    assert isinstance(study, Study)
    assert max(study.thickness.refined_ratios) <= max(study.thickness.ratios)


def test_a_mesh_is_not_refined_below_the_thinnest_sheets_of_every_map():
    """The table then had no thinnest columns of the other maps, after all the runs."""
    with pytest.raises(ValueError, match=r"add 0.1 to ratios"):
        Study(name="thin", thickness={"ratios": (0.3, 1.0), "refined_ratios": (0.1,)})


def test_prior_is_that_of_the_reference_table():
    import csv
    from pathlib import Path

    from slipfield.kinds.slip.thickness import prior

    table = Path(__file__).parents[4] / "results" / "reference" / "thickness" / "table.csv"
    rows = [row for row in csv.DictReader(table.open()) if row["grains"] == "grains"]
    assert [float(row["ratio"]) for row in rows] == list(prior.RATIOS)
    np.testing.assert_allclose([float(r["ln_m"]) for r in rows], prior.LN_M, atol=6e-4)
    scatter = np.array([float(row["ln_m_sd"]) for row in rows])
    scatter[-2:] = np.sqrt(np.mean(scatter[-2:] ** 2))
    np.testing.assert_allclose(scatter, prior.SCATTER, atol=6e-4)
    for ratio, mean in zip(prior.RATIOS, prior.LN_M, strict=True):
        assert prior.expected(ratio)[0] == pytest.approx(mean)
    alike = [float(row["correlation"]) for row in rows]
    np.testing.assert_allclose(alike, prior.CORRELATION, atol=6e-3)
    means = [prior.expected(ratio)[0] for ratio in (4.4, 8.0, 16.0, 1e6)]
    assert np.all(np.diff(means) > 0)
    assert means[-1] == pytest.approx(prior.LN_M_LIMIT)


def test_excesses_are_those_of_the_flow_stress_and_of_the_slope_of_the_unloading():
    path, times = [[0, 0], [30, 0.03], [33, 0.027]], [10.0, 20.0, 30.0, 31.0, 32.0, 33.0]
    loading = {"path": path, "outputs": 6, "output_times_s": times}
    study = check_study({"name": "a", "loading": loading}, "a.yaml")
    sheet = np.array([50.0, 90.0, 100.0, 70.0, 40.0, 10.0])
    load = np.array([50.0, 90.0, 104.0, 73.0, 40.0, 7.0])
    found = excesses(study, load, sheet)
    assert found["flow_excess"] == pytest.approx(0.04)
    assert found["slope_excess"] == pytest.approx(0.1)
    pulled = check_study({"name": "a", "loading": {"outputs": 6}}, "a.yaml")
    assert excesses(pulled, load, sheet) == {}


def test_stiffness_scatters_beyond_strength_by_what_was_drawn():
    random, share, runs = np.random.default_rng(0), 0.6, []
    for number in range(40):
        mesh = {"flow_excess": 0.02, "slope_excess": 0.01}
        runs.append({"number": number, "ratio": 0.1, "grains": "columns", "refined": False} | mesh)
        for ratio in (0.2, 1.1):
            flow, deviation = 0.03, SCATTER[RATIOS.index(ratio)]
            slope = flow - 0.01 + share * deviation * random.standard_normal()
            run = {"number": number, "ratio": ratio, "grains": "grains", "refined": False}
            runs.append(run | {"flow_excess": flow, "slope_excess": slope})
    rows = rows_of(runs)
    assert [(row["t_over_d"], row["sheets"]) for row in rows] == [
        ("0.2", 40),
        ("1.1", 40),
        ("all", 80),
    ]
    for row in rows:
        assert abs(row["difference_over_scatter"] - share) < 3 * row["error"] < 0.3
        assert row["flow_excess"] == pytest.approx(0.01)
    assert rows_of([{"refined": False, "grains": "grains"}]) == []
