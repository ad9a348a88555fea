"""From shards to the summary, on tests that are exact curves; other studies are refused."""

import csv

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves import stages, tables
from slipfield.kinds.curves.study import CurvesStudy, load_curves_study
from slipfield.kinds.curves.uniaxial import necking, stress_at

CHECKED = ("proof_stress_MPa", "ludwik_MPa", "modulus_GPa", "poisson_ratio", "exponent")


@pytest.fixture
def study():
    return load_curves_study("config/curves-mini.yaml")


def shard(study, rows, path, scale=1.0, steps=120):
    """Write a shard whose tests are the closed form times ``scale``."""
    alloys = tables.study_alloys(study)[slice(*rows)]
    series = {name: np.zeros((len(alloys), steps)) for name in ("pull_mm", "strain", "stress_MPa")}
    series |= {
        name: np.zeros((len(alloys), steps)) for name in ("middle_strain", "middle_stress_MPa")
    }
    for row, alloy in enumerate(alloys):
        top = necking(alloy.law, alloy.modulus_MPa)
        strain = np.geomspace(1e-4, top.true_strain * 1.05, steps)
        stress = scale * stress_at(alloy.law, alloy.modulus_MPa, strain)
        series["middle_strain"][row], series["middle_stress_MPa"][row] = strain, stress
        series["strain"][row] = np.expm1(strain)
        series["stress_MPa"][row] = stress * np.exp(-strain)
        series["pull_mm"][row] = 80 * np.expm1(strain)
    data = {name: (("alloy", "step"), values) for name, values in series.items()}
    data |= {name: ("alloy", [getattr(a, name) for a in alloys]) for name in CHECKED}
    data["maximum_stress_MPa"] = ("alloy", series["stress_MPa"].max(1))
    data["maximum_strain"] = ("alloy", series["strain"][:, 0])
    data["cpu_s"] = ("alloy", np.ones(len(alloys)))
    data["reason"] = ("alloy", [""] * len(alloys))
    numbers = {"alloy": [alloy.number for alloy in alloys]}
    tables.write_study_netcdf(xr.Dataset(data, coords=numbers), path, study)
    return path


def test_gathered_curves_are_the_simulated_ones(study, tmp_path):
    shards = [shard(study, rows, tmp_path / f"{rows[0]}.nc") for rows in ((0, 5), (5, 10))]
    data = tables.gather(study, shards, tmp_path / "curves.nc")
    ratio = data["true_stress_MPa"] / data["closed_form_MPa"] - 1
    assert float(abs(ratio).max()) < 1e-4
    assert float(abs(data["local_error"]).max()) < 1e-10
    assert float(abs(data["peak_error"]).max()) < 1e-3
    scaled = [shard(study, rows, tmp_path / f"s{rows[0]}.nc", 1.02) for rows in ((0, 5), (5, 10))]
    other = tables.gather(study, scaled, tmp_path / "other.nc")
    up = (other["true_stress_MPa"] / other["closed_form_MPa"]).values
    assert np.nanmedian(up[other["valid"].values == 1]) == pytest.approx(1.02, abs=3e-3)
    assert float(other["local_error"].min()) == pytest.approx(0.02, rel=1e-6)


@pytest.mark.slow
def test_from_curves_to_the_summary(study, tmp_path):
    shards = [shard(study, rows, tmp_path / f"{rows[0]}.nc") for rows in ((0, 5), (5, 10))]
    tables.gather(study, shards, tmp_path / "curves.nc")
    files = []
    for learner in study.learning.learners:
        files.append(tmp_path / f"{learner}.csv")
        stages.learn(study, tmp_path / "curves.nc", learner, 4, files[-1])
    stages.write_summary(files, tmp_path / "learners.csv")
    with open(tmp_path / "learners.csv") as handle:
        rows = list(csv.DictReader(handle))
    assert {(row["learner"], row["scheme"]) for row in rows} == {
        (learner, scheme) for learner in ("rule", "forest") for scheme in ("random", "one_out")
    }
    assert all(float(row["monotone"]) == 1 for row in rows)
    with open(tmp_path / "below.csv") as handle:
        assert all(float(row["similarity"]) < 0.95 for row in csv.DictReader(handle))


def test_other_studies_and_missing_alloys_are_refused(study, tmp_path):
    first = shard(study, (0, 5), tmp_path / "0.nc")
    with pytest.raises(SlipfieldError, match="no test of alloy 6; simulate its rows"):
        tables.gather(study, [first], tmp_path / "curves.nc")
    thicker = study.model_copy(update={"tension": study.tension.model_copy(update={"taper": 0.01})})
    with pytest.raises(SlipfieldError, match="another table or tension test"):
        tables.gather(thicker, [first], tmp_path / "curves.nc")


def test_an_edited_table_is_refused(study, tmp_path):
    first, second = (
        shard(study, (0, 5), tmp_path / "0.nc"),
        shard(study, (5, 10), tmp_path / "5.nc"),
    )
    with xr.open_dataset(second) as data:
        changed = data.load()
    changed["ludwik_MPa"][0] += 10
    tables.write_study_netcdf(changed, tmp_path / "6.nc", study)
    with pytest.raises(
        SlipfieldError, match="alloy 6 has ludwik_MPa 370, but was simulated with 380"
    ):
        tables.gather(study, [first, tmp_path / "6.nc"], tmp_path / "curves.nc")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"tension": {"grip_width_mm": 10}}, "grip_width_mm must be above width_mm"),
        ({"tension": {"gauge_length_mm": 80}}, "gauge_length_mm must be below"),
        ({"learning": {"settings": [6]}}, "less than or equal to 5"),
        ({"grid": {"points": 600}}, "less than or equal to 512"),
        ({"grids": {}}, "Extra inputs"),
    ],
)
def test_a_wrong_study_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        CurvesStudy(name="x", **content)


def test_jobs_do_not_change_the_physics():
    one = CurvesStudy(name="x")
    assert one.physics_hash() == CurvesStudy(name="y", tension={"alloys_per_job": 3}).physics_hash()
    assert one.physics_hash() != CurvesStudy(name="x", tension={"taper": 0.01}).physics_hash()


def test_results_of_another_study_are_found(study, tmp_path):
    from slipfield.kinds.curves.stale import stale

    (tmp_path / "shards").mkdir()
    paths = [
        shard(study, rows, tmp_path / "shards" / f"{rows[0]}.nc") for rows in ((0, 5), (5, 10))
    ]
    tables.gather(study, paths, tmp_path / "curves.nc")
    assert stale(study, tmp_path) == {}
    finer = study.model_copy(update={"grid": study.grid.model_copy(update={"points": 30})})
    assert stale(finer, tmp_path) == {
        tmp_path / "curves.nc": "grid.points = 20, but the study has 30"
    }
    thicker = study.model_copy(update={"tension": study.tension.model_copy(update={"taper": 0.01})})
    assert stale(thicker, tmp_path).keys() == {*paths, tmp_path / "curves.nc"}


def test_scores_of_another_study_are_found(study, tmp_path):
    """A learner's scores name the study beside them; so do the published network's."""
    from slipfield.core.recorded import witnessed
    from slipfield.kinds.curves.stale import stale

    for name in ("scores/rule-4", "published/s1-group2"):
        scores = tmp_path / f"{name}.csv"
        scores.parent.mkdir()
        with witnessed(study, scores.with_suffix(".json"), scores):
            scores.write_text("scores")
    assert stale(study, tmp_path) == {}
    both = {tmp_path / "scores/rule-4.csv", tmp_path / "published/s1-group2.csv"}

    def other(section, **values):
        part = getattr(study, section).model_copy(update=values)
        return stale(study.model_copy(update={section: part}), tmp_path)

    assert other("learning", seed=5).keys() == both
    assert other("learning", random_splits=3).keys() == {tmp_path / "scores/rule-4.csv"}
    assert other("published", epochs=3).keys() == {tmp_path / "published/s1-group2.csv"}
    assert other("published", threads=2) == other("learning", learners=("rule",)) == {}
    (tmp_path / "scores/rule-4.csv").write_text("half")
    differs = "other content than it has now"
    assert stale(study, tmp_path) == {tmp_path / "scores/rule-4.csv": differs}
    (tmp_path / "scores/rule-4.json").unlink()
    assert stale(study, tmp_path) == {tmp_path / "scores/rule-4.csv": "no readable study"}


CHECKED_STUDIES = [
    ({"learning": {"schemes": ["groups"]}}, "group1: the table has no alloy"),
    ({"learning": {"schemes": ["one_out"]}, "table": {"first": 4}}, "4 alloys leave none for val"),
    ({"learning": {"schemes": ["one_out"], "settings": [3]}}, "no scheme tests setting 3"),
    ({"learning": {"schemes": ["random"], "random_splits": 0}}, "no scheme tests setting 4"),
    ({"published": {"settings": [1], "groups": ["group1"]}}, "group1: the table has no alloy"),
    ({"table": {"file": "gone.csv"}}, "gone.csv: cannot be read"),
]


@pytest.mark.parametrize(("change", "message"), CHECKED_STUDIES)
def test_a_study_that_could_not_end_is_refused_before_it_begins(study, change, message):
    from slipfield.kinds.curves.check import check

    check(study)
    content = study.model_dump(mode="json")
    for section, values in change.items():
        content[section] |= values
    with pytest.raises(SlipfieldError, match=message):
        check(CurvesStudy.model_validate(content))


def test_a_table_of_other_learners_is_found(study, tmp_path):
    from slipfield.kinds.curves.stale import stale

    (tmp_path / "tables").mkdir()
    path = tmp_path / "tables/learners.csv"
    ours = [(name, k) for name in study.learning.learners for k in study.learning.settings]
    ours += [("published", k) for k in study.published.settings if study.published.groups]
    rows = [f"{name},{k}" for name, k in ours]
    path.write_text("\n".join(["learner,setting", *rows]))
    assert stale(study, tmp_path) == {}
    path.write_text("\n".join(["learner,setting", *rows[1:]]))
    assert stale(study, tmp_path) == {path: "other learners or settings than the study's"}


def test_an_edited_table_of_the_user_is_another_physics(tmp_path):
    """Its name alone would not tell: what was simulated from the old rows is found."""
    table = tmp_path / "alloys.csv"
    table.write_text("first")
    study = CurvesStudy(name="x", table={"file": str(table)})
    before = study.physics_hash()
    assert study.physics_hash() == before
    table.write_text("second")
    assert study.physics_hash() != before
    table.unlink()
    with pytest.raises(SlipfieldError, match="alloys.csv: cannot be read: No such file"):
        study.physics_hash()
