"""The shared stages on the cantilever, whose answers are known in closed form."""

import json
from dataclasses import replace

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_netcdf
from slipfield.core.kind import KINDS, Model, check_any_study, load, schema
from slipfield.kinds.beam.beam import OUTPUTS, design, simulate
from slipfield.kinds.beam.kind import KIND
from slipfield.spine.crossval import cross_validate
from slipfield.spine.design import Input, read_design, sampled, write_design
from slipfield.spine.outputs import Output, gather, simulate_rows
from slipfield.spine.report import write_report
from slipfield.spine.samples import Samples
from slipfield.spine.stale import stale
from tests.fuzz.verbs import run_verb

pytestmark = pytest.mark.slow


def study(**sections):
    return check_any_study({"name": "test", "kind": "beam", **sections}, "test")[0]


@pytest.fixture
def dataset(tmp_path):
    """Study and dataset of 40 beams in two shards, of which the longest under the largest fail."""
    made = study(
        sampling={"samples": 40}, beam={"strength_MPa": 100.0}, crossval={"folds": 4, "repeats": 2}
    )
    plan = design(made)
    for first in (0, 20):
        rows = plan.rows.iloc[first : first + 20]
        write_netcdf(
            simulate_rows(made, plan, rows, OUTPUTS, simulate), tmp_path / f"{first}.nc", made
        )
    gather(made, [tmp_path / "20.nc", tmp_path / "0.nc"], 40, tmp_path / "dataset.nc")
    return made, tmp_path


NEEDED = {
    "search": {
        "variables": [{"name": "x", "low": 0, "high": 1}],
        "objectives": [{"name": "y", "goal": "minimise"}],
    }
}
"""What the study files of some kinds cannot leave out."""


def test_every_kind_has_its_study_and_its_name():
    for name, place in KINDS.items():
        kind = load(place)
        assert kind.name == name
        content = {"name": "x", "kind": name, **NEEDED.get(name, {})}
        assert load(kind.study).model_validate(content).kind == name
    assert "BeamStudy" in str(schema())


def test_a_study_without_kind_is_one_of_sheets_and_others_are_named():
    assert check_any_study({"name": "x"}, "f")[1].name == "slip"
    with pytest.raises(SlipfieldError, match="f: kind: given 'beem'; expected slip, beam"):
        check_any_study({"name": "x", "kind": "beem"}, "f")
    with pytest.raises(SlipfieldError, match="beam.width_mm: given -1.0"):
        study(beam={"width_mm": -1.0})


@pytest.mark.parametrize("method", ["lhs", "sobol"])
def test_designs_fill_the_box_evenly(method):
    inputs = Input("a", "1", 0.0, 1.0), Input("b", "MPa", 1.0, 1e4, log=True)
    rows = sampled(inputs, 64, 3, method).rows
    strata = np.column_stack([rows["a"], np.log(rows["b"]) / np.log(1e4)]) * 64
    assert all(len(np.unique(column.astype(int))) >= 60 for column in strata.T)


def test_a_design_comes_back_bit_for_bit_and_another_is_refused(tmp_path):
    plan = design(study())
    write_design(plan, tmp_path / "d.csv")
    assert read_design(tmp_path / "d.csv", plan).equals(plan.rows.rename_axis("sample"))
    with pytest.raises(SlipfieldError, match="not the design of this study"):
        read_design(tmp_path / "d.csv", design(study(sampling={"samples": 10})))


def test_failed_samples_are_data(dataset):
    made, folder = dataset
    with open_netcdf(folder / "dataset.nc") as data:
        length, load_N = data["length_mm"].values, data["load_N"].values
        stress = load_N * length * 6 / (20 * 10**2)
        assert 0 < data["status"].values.sum() < 20
        np.testing.assert_array_equal(data["status"].values == 1, stress > 100)
        assert data["sample"].values.tolist() == list(range(40))
        inertia, ok = 20 * 10**3 / 12, data["status"].values == 0
        expected = load_N * length**3 / (3 * 70e3 * inertia)
        np.testing.assert_allclose(data["deflection_mm"].values[ok], expected[ok], rtol=1e-12)
        assert np.isnan(data["deflection_mm"].values[~ok]).all()


def test_what_no_estimator_can_learn_is_a_failure_with_its_reason():
    made = study(sampling={"samples": 4})
    plan = design(made)
    outputs = (*OUTPUTS, Output("tail", "1", "kept as it is", False, ("time",), (2,)))

    def run(made, inputs):
        wrong = inputs["load_N"] == plan.rows["load_N"].max()
        return {"deflection_mm": np.inf if wrong else 1.0, "tail": [0.0, np.nan]}

    data = simulate_rows(made, plan, plan.rows, outputs, run)
    failed = int(plan.rows["load_N"].argmax())
    assert data["status"].values.tolist() == [int(row == failed) for row in range(4)]
    assert data["reason"].values[failed] == "deflection_mm: not finite"
    assert np.isnan(data["deflection_mm"].values[failed])
    assert data["tail"].values[failed - 1].tolist()[0] == 0.0


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"deflection": 1.0}, "gives no 'deflection_mm'.* it gives deflection"),
        ({"deflection_mm": [1.0, 2.0]}, r"deflection_mm: given shape \(2,\); expected \(\)"),
    ],
)
def test_a_simulation_that_breaks_its_contract_is_no_failed_sample(answer, message):
    plan = design(study())
    with pytest.raises(SlipfieldError, match=message):
        simulate_rows(study(), plan, plan.rows, OUTPUTS, lambda made, inputs: answer)


class Mean:
    """The mean of the training, in the shape that scikit-learn's trees give for one target."""

    shape = (-1,)

    def fit(self, x, y):
        self.mean = y.mean()
        return self

    def predict(self, x):
        return np.full(len(x), self.mean).reshape(self.shape)


class Sideways(Mean):
    """The same, lying down."""

    shape = (1, -1)


def test_an_estimator_may_answer_one_target_without_its_axis(dataset):
    made, folder = dataset
    models = {
        each.__name__: Model(f"{__name__}:{each.__name__}", "", "") for each in (Mean, Sideways)
    }
    kind = replace(KIND, models=models)
    samples = Samples.read(folder / "dataset.nc", design(made), OUTPUTS)
    rows = cross_validate(made, kind, "Mean", samples, folder / "mean.json")
    r2 = next(row for row in rows if row["metric"] == "r2")
    assert r2["mean"] == pytest.approx(r2["mean_predictor"], abs=1e-12)
    with pytest.raises(SlipfieldError, match=r"Sideways: answers have shape \(1, \d+\); expected"):
        cross_validate(made, kind, "Sideways", samples, folder / "sideways.json")


def test_shards_of_another_study_and_missing_ones_are_named(dataset):
    made, folder = dataset
    with pytest.raises(SlipfieldError, match="hold 20 samples, not each of the study's 40"):
        gather(made, [folder / "0.nc"], 40, folder / "d.nc")
    other = made.model_copy(update={"beam": made.beam.model_copy(update={"width_mm": 30.0})})
    with pytest.raises(SlipfieldError, match="0.nc: made by another study"):
        gather(other, [folder / "0.nc"], 40, folder / "d.nc")


def test_a_quadratic_in_logarithms_is_exact_and_the_report_says_so(dataset):
    made, folder = dataset
    samples = Samples.read(folder / "dataset.nc", design(made), OUTPUTS)
    for model in KIND.models:
        cross_validate(made, KIND, model, samples, folder / "crossval" / f"{model}.json")
    found = json.loads((folder / "crossval" / "quadratic.json").read_text())
    r2 = {row["metric"]: row for row in found["table"]}["r2"]
    assert r2["mean"] == pytest.approx(1, abs=1e-9) and r2["folds"] == 8
    forest = json.loads((folder / "crossval" / "forest.json").read_text())["table"]
    assert next(row["mean"] for row in forest if row["metric"] == "r2") < 0.99
    write_report(made, KIND, folder, folder / "report.html")
    page = (folder / "report.html").read_text()
    assert f"{samples.failed} failed; the first: the beam fails" in page
    assert page.count("data:image/png") == 3 and "random forest" in page
    assert page.index("What the estimators reach") < page.index("Deflection over the load")


def test_folds_need_as_many_groups(dataset):
    made, folder = dataset
    few = Samples.read(folder / "dataset.nc", design(made), OUTPUTS)
    few = Samples(few.x, few.y, few.number, np.zeros(len(few.x)), few.units, few.failed)
    with pytest.raises(SlipfieldError, match="crossval.folds: given 4, but the dataset has 1"):
        cross_validate(made, KIND, "quadratic", few, folder / "x.json")


def test_results_of_another_study_are_found_in_themselves(dataset):
    made, folder = dataset
    write_design(design(made), folder / "samples.csv")
    (folder / "shards").mkdir()
    for name in ("0.nc", "20.nc"):
        (folder / name).rename(folder / "shards" / name)
    samples = Samples.read(folder / "dataset.nc", design(made), OUTPUTS)
    cross_validate(made, KIND, "quadratic", samples, folder / "crossval" / "quadratic.json")

    def found(**sections):
        content = made.model_dump(mode="json")
        for section, values in sections.items():
            content[section] |= values
        other = check_any_study(content, "other")[0]
        return {path.name for path in stale(other, folder)}

    assert found() == set()
    assert found(beam={"strength_MPa": 120.0}) == {"0.nc", "20.nc", "dataset.nc", "quadratic.json"}
    assert "samples.csv" in found(sampling={"samples": 41})
    assert found(crossval={"repeats": 3}) == {"quadratic.json"}
    assert (
        found(execution={"samples_per_job": 7}) == found(crossval={"models": ["forest"]}) == set()
    )
    content = made.model_dump(mode="json")
    content["crossval"]["repeats"] = 3
    with pytest.raises(SlipfieldError, match="quadratic.json: made with crossval.repeats = 2, but"):
        write_report(check_any_study(content, "other")[0], KIND, folder, folder / "report.html")


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"sampling": {"samples": 4}}, "crossval.folds: given 5, but the design has 4 samples"),
        ({"crossval": {"models": ["oak"]}}, "crossval.models: given oak; expected of quadratic"),
    ],
)
def test_a_study_that_could_not_end_is_refused_before_it_begins(sections, message, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps({"name": "a", "kind": "beam", **sections}))
    result = run_verb("check", "--config", path)
    assert result.code == 2 and message in result.error
