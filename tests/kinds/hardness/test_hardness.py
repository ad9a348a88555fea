"""Hardness: tables, leaving out, nested choice, Shapley values, and the stages of a study."""

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study
from slipfield.kinds.hardness import stages
from slipfield.kinds.hardness.models import MODELS, Line, make
from slipfield.kinds.hardness.report import write_report
from slipfield.kinds.hardness.shapley import shapley_values
from slipfield.kinds.hardness.stale import stale
from slipfield.kinds.hardness.table import (
    FEATURES,
    HARDNESS,
    LawSettings,
    alloys_of,
    read_table,
    rendered_table,
)
from slipfield.kinds.hardness.validation import draws_of, left_out, nested_choice, r2_interval

QUICK = ["line", "ridge"]


def study_of(**validation):
    content = {"models": QUICK, "choice": QUICK, "draws": 200, **validation}
    return check_any_study({"name": "h", "kind": "hardness", "validation": content}, "h")[0]


@pytest.fixture(scope="module")
def alloys():
    return alloys_of(rendered_table(LawSettings(), 3.0, 0))


def test_rendered_table_without_scatter_is_the_law():
    table = rendered_table(LawSettings(constant_HV=30, grain_HV_sqrtum=50), 0.0, 3)
    by_hand = (
        30
        + 22 * table["solute_at_percent"]
        + 50 / np.sqrt(table["grain_size_um"])
        + 150 * table["second_phase_fraction"]
        - 1.2 * table["second_phase_ecd_um"]
    )
    assert np.allclose(table[HARDNESS], by_hand)
    assert (table["solute_at_percent"] == 2.1).sum() == 9 and len(table) == 21


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("second_phase_fraction", 3, "row 2, second_phase_fraction"),
        ("grain_size_um", "big", "row 2, grain_size_um"),
        (HARDNESS, -1, "row 2, hardness_HV"),
    ],
)
def test_wrong_value_of_a_table_is_named(tmp_path, column, value, says):
    table = rendered_table(LawSettings(), 3.0, 0).astype(object)
    table.loc[1, column] = value
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(SlipfieldError, match=says):
        read_table(tmp_path / "t.csv")


def test_missing_column_few_rows_and_no_file_are_one_line(tmp_path):
    table = rendered_table(LawSettings(), 3.0, 0)
    table.drop(columns=HARDNESS).to_csv(tmp_path / "a.csv", index=False)
    table.head(3).to_csv(tmp_path / "b.csv", index=False)
    lines = (tmp_path / "b.csv").read_text().splitlines()
    (tmp_path / "d.csv").write_text("\n".join([*lines, *3 * lines[1:]]))
    cases = {
        "a.csv": "no column hardness_HV",
        "b.csv": "3 rows",
        "c": "cannot be read",
        "d.csv": "12 rows of 3 different alloys",
    }
    for name, says in cases.items():
        with pytest.raises(SlipfieldError, match=says):
            read_table(tmp_path / name)


def test_a_spreadsheets_table_is_read_column_by_column(tmp_path):
    """Semicolons and decimal commas, remarks, a number sign in a text, a comma at the end."""
    table = rendered_table(LawSettings(), 3.0, 0).round(4)
    table["composition"] = [f"Mg-{gd:g}Gd # {k}" for k, gd in enumerate(table.iloc[:, 0])]
    plain = table.to_csv(index=False)
    path = tmp_path / "t.csv"
    rows = plain.splitlines()
    for text in (
        plain,
        table.to_csv(index=False, sep=";", decimal=","),
        "\n".join(["# rolled", rows[0], "# at 300 K", *rows[1:]]),
        "\n".join(row + "," for row in rows),
        plain.replace(",", ", "),
    ):
        path.write_text(text)
        assert np.array_equal(read_table(path).to_numpy(), table.to_numpy()), text[:200]
    path.write_text("\n".join([rows[0], *(f"{row},71" for row in rows[1:])]))
    with pytest.raises(SlipfieldError, match="row 1 has 7 entries for 6 columns"):
        read_table(path)  # else each value is that of the next column
    path.write_text("\n".join([f"{rows[0]},{HARDNESS}", *(f"{row},71" for row in rows[1:])]))
    with pytest.raises(SlipfieldError, match="'hardness_HV' is there twice"):
        read_table(path)


def test_a_composition_is_left_out_whole_however_it_is_spelt(tmp_path):
    table = rendered_table(LawSettings(), 3.0, 0).head(12)
    table["composition"] = ["Mg-2Gd", "Mg-2Gd ", "mg-2gd", "Mg - 2Gd"] * 2 + ["Mg-1Gd"] * 4
    table.to_csv(tmp_path / "t.csv", index=False)
    assert alloys_of(read_table(tmp_path / "t.csv")).groups.tolist() == [0] * 8 + [1] * 4
    table["composition"] = ["2.1", "2.10", "2,1", " 2.1"] * 2 + ["1", "1.0"] * 2
    table.to_csv(tmp_path / "t.csv", index=False)
    assert alloys_of(read_table(tmp_path / "t.csv")).groups.tolist() == [0] * 8 + [1] * 4
    table.loc[2, "composition"] = ""
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(SlipfieldError, match="row 3, composition: given nothing; fill it in"):
        read_table(tmp_path / "t.csv")


def test_measurements_of_one_alloy_are_left_out_together():
    """Hardness that is chance alone, three times measured: the copies would foretell it."""
    random = np.random.default_rng(0)
    table = rendered_table(LawSettings(), 3.0, 0)
    table[HARDNESS] = 60 + 10 * random.standard_normal(len(table))
    thrice = pd.concat([table] * 3, ignore_index=True)
    alloys = alloys_of(thrice)
    assert np.array_equal(alloys.alloys, np.tile(np.arange(len(table)), 3))
    found = left_out(lambda: make("tree"), alloys.x, alloys.y, alloys.alloys)
    assert np.corrcoef(found, alloys.y)[0, 1] < 0.5
    makers = {name: (lambda name=name: make(name)) for name in ("line", "tree")}
    left = {
        name: left_out(each, alloys.x, alloys.y, alloys.alloys) for name, each in makers.items()
    }
    chosen = nested_choice(makers, alloys.x, alloys.y, alloys.alloys, left)[1]
    assert chosen == chosen[: len(table)] * 3
    one = alloys_of(table)
    alone = {name: left_out(each, one.x, one.y, one.alloys) for name, each in makers.items()}
    assert nested_choice(makers, one.x, one.y, one.alloys, alone)[1] == chosen[: len(table)]


@pytest.mark.parametrize("count", [2, 4])
def test_every_model_learns_from_few_rows(count, alloys):
    """Six alloys less two of the nested choice are four, and a large composition leaves fewer."""
    for name in MODELS:
        model = make(name)
        if hasattr(model, "epochs"):
            model.epochs = 2
        found = model.fit(alloys.x[:count], alloys.y[:count]).predict(alloys.x)
        assert np.isfinite(found).all(), name


def test_left_out_is_that_of_scikit_learn(alloys):
    found = left_out(Line, alloys.x, alloys.y, alloys.groups)
    other = cross_val_predict(
        LinearRegression(), alloys.x[:, :1], alloys.y, groups=alloys.groups, cv=LeaveOneGroupOut()
    )
    assert np.allclose(found, other)


def test_nested_choice_is_the_one_written_out(alloys):
    x, y = alloys.x[::2], alloys.y[::2]
    makers = {name: (lambda name=name: make(name)) for name in QUICK}
    left = {name: left_out(maker, x, y, np.arange(len(y))) for name, maker in makers.items()}
    found, chosen = nested_choice(makers, x, y, np.arange(len(y)), left)
    for row in (0, 4):
        rest = np.arange(len(y)) != row
        each = np.arange(rest.sum())
        errors = {
            name: np.square(left_out(maker, x[rest], y[rest], each) - y[rest]).sum()
            for name, maker in makers.items()
        }
        best = min(errors, key=errors.get)
        assert chosen[row] == best
        assert found[row] == pytest.approx(makers[best]().fit(x[rest], y[rest]).predict(x)[row])


def test_shapley_values_are_means_over_orders():
    generator = np.random.default_rng(0)
    x, background = generator.random((3, 4)), generator.random((5, 4))

    def predict(rows):
        return rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2]) - rows[:, 3] ** 2 * rows[:, 0]

    values, base = shapley_values(predict, x, background)
    orders = list(permutations(range(4)))
    expected = np.zeros(4)
    for order in orders:
        rows, before = background.copy(), predict(background).mean()
        for feature in order:
            rows[:, feature] = x[0, feature]
            expected[feature] += (predict(rows).mean() - before) / len(orders)
            before = predict(rows).mean()
    assert values[0] == pytest.approx(expected, abs=1e-12)
    assert values.sum(axis=1) + base == pytest.approx(predict(x), abs=1e-12)


LONG = {"convlstm", "resnet18", "vgg19", "transformer", "mlp"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in MODELS]
)
def test_every_model_beats_the_mean_on_its_own_rows(name, alloys):
    model = make(name)
    if hasattr(model, "epochs"):
        model.epochs = 100
    found = model.fit(alloys.x, alloys.y).predict(alloys.x)
    assert found.shape == alloys.y.shape
    assert np.square(found - alloys.y).mean() < 0.8 * alloys.y.var()


def test_interval_of_a_perfect_model_is_one_and_draws_keep_groups(alloys):
    draws = draws_of(alloys.groups, 50, 0)
    nine = np.flatnonzero(alloys.groups == alloys.groups[0])
    assert all((np.isin(draw, nine).sum()) % 9 == 0 for draw in draws)
    found = r2_interval(alloys.y, alloys.y, draws)
    assert (found.value, found.low, found.high) == (1, 1, 1)


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """A study, the folder of its files with the page, and what explains its answers."""
    study, folder = study_of(), tmp_path_factory.mktemp("hardness")
    table = folder / "table.csv"
    table.write_text(stages.table_text(study))
    for name in QUICK:
        stages.validate(study, table, name, folder / "scores" / f"{name}.json")
    found = stages.explain(study, table, folder / "scores", folder / "explained.json")
    write_report(study, folder, folder / "report.html")
    return study, folder, found


@pytest.mark.slow
def test_the_report_can_be_read_in_a_browser(explained, readable):
    readable(explained[1] / "report.html")


@pytest.mark.slow
def test_study_ranks_the_planted_law_and_is_as_good_as_the_line(explained):
    study, tmp_path, found = explained
    line = json.loads((tmp_path / "scores" / "line.json").read_text())["scores"]["alloy"]["r2"]
    assert found["nested"]["scores"]["r2"]["value"] >= line["value"] - 0.01
    assert found["residual_HV"] < 1e-6
    ranks = [sorted(FEATURES, key=found[key].get) for key in ("importance_HV", "law_importance_HV")]
    assert ranks[0] == ranks[1]
    assert "Shapley" in (tmp_path / "report.html").read_text()
    assert len(pd.read_csv(tmp_path / "explained.csv")) == 21
    assert stale(study, tmp_path) == {}
    other = study.model_copy(update={"table": study.table.model_copy(update={"seed": 1})})
    assert len(stale(other, tmp_path)) == 4
    with pytest.raises(SlipfieldError, match="run the study again"):
        write_report(other, tmp_path, tmp_path / "report.html")


def test_unknown_model_is_named():
    with pytest.raises(SlipfieldError, match=r"validation\.models.*oracle"):
        study_of(models=["oracle"])
