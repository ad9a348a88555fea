"""Shards and reference files as the workflow makes them."""

import numpy as np
import pytest
import xarray as xr
import yaml
from typer.testing import CliRunner

from slipfield.cli import app
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf
from slipfield.kinds.slip.dataset.contract import violations
from slipfield.kinds.slip.fem import batch, finished
from slipfield.kinds.slip.fem.batch import simulate_batch, simulate_reference
from slipfield.kinds.slip.fem.versions import solver_versions
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.verification.equilibrium import relative_difference
from slipfield.kinds.slip.verification.specimens import make_study

SOFT, HARD = (50.0, 10.0, 5.0), (250.0, 60.0, 30.0)


@pytest.fixture
def inputs(tmp_path):
    """Maker of a study and its folder: a grain map, a design of three samples, the study file."""

    def make(**sections):
        study = make_study(
            12,
            20,
            loading={"outputs": 4},
            sampling={"samples": 3},
            crossval={"folds": 2},
            **sections,
        )
        write_netcdf(make_microstructure(study, 0), tmp_path / "0.nc", study)
        rows = [f"{i},0,{k[0]},{k[1]},{k[2]}" for i, k in enumerate((SOFT, HARD, SOFT))]
        (tmp_path / "samples.csv").write_text(
            "sample,microstructure,k1,k2,k3\n" + "\n".join(rows) + "\n"
        )
        content = study.model_dump(mode="json")
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
        return study, tmp_path

    return make


# the soft sample then needs smaller steps than the smallest allowed
FAILING = {"solver": {"min_step_s": 0.2}, "material": {"rate_exponent": 50.0}}


def test_shard_follows_the_contract_and_a_failed_sample_is_data(inputs):
    study, folder = inputs(**FAILING)
    shard = folder / "m00000_r000000-000001.nc"
    simulate_batch(study, folder / "0.nc", folder / "samples.csv", (0, 2), shard)
    assert violations(shard) == []
    with xr.open_dataset(shard, decode_times=False) as data:
        assert data.status.values.tolist() == [1, 0]
        assert data.reason.values[0].startswith("minimum step reached (solver.min_step_s = 0.2 s)")
        assert data.reason.values[1] == ""
        assert np.isnan(data.strain[0]).all() and np.isnan(data["load"][0]).all()
        assert np.isnan(data.mean_lattice_rotation[0]).all()
        assert np.isfinite(data.strain[1]).all()
        # 5 % elongation turns lattices by degrees, the more the longer
        assert (np.diff(data.mean_lattice_rotation[1]) > 0).all()
        assert 1 < np.degrees(data.mean_lattice_rotation[1, -1]) < 5
        assert data.strain.shape == (2, 4, 3, 13, 13)
        np.testing.assert_allclose(data.displacement, [0.025, 0.05, 0.075, 0.1])
        # mean strain along y of a 2 mm sheet pulled by 0.1 mm: about 5 % (Green-Lagrange)
        assert float(data.strain[1, -1, 1].mean()) == pytest.approx(0.05 + 0.5 * 0.05**2, rel=0.05)
        assert (data.steps.values > 0).all() and (data.cpu_seconds.values > 0).all()
    assert not list(folder.glob(".*"))


def test_a_killed_batch_goes_on_with_the_next_sample(inputs, monkeypatch):
    study, folder = inputs()
    whole, resumed = folder / "whole.nc", folder / "resumed.nc"
    arguments = (study, folder / "0.nc", folder / "samples.csv", (0, 3))
    simulate_batch(*arguments, whole)
    simulate, calls = batch.simulate_sample, []

    def killed_after_one(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return simulate(*args)

    monkeypatch.setattr(batch, "simulate_sample", killed_after_one)
    with pytest.raises(KeyboardInterrupt):
        simulate_batch(*arguments, resumed)
    assert not resumed.exists()
    simulate_batch(*arguments, resumed)
    assert len(calls) == 4  # the first sample was not run again
    assert_same_samples(whole, resumed)


def assert_same_samples(whole, resumed):
    with xr.open_dataset(whole) as a, xr.open_dataset(resumed) as b:
        for name in ("strain", "load", "mean_lattice_rotation", "steps", "sample", "k1"):
            np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.parametrize("change", ["solver", "damage"])
def test_finished_samples_of_another_solver_and_damaged_ones_are_run_again(
    inputs, monkeypatch, change
):
    study, folder = inputs()
    whole, resumed = folder / "whole.nc", folder / "resumed.nc"
    arguments = (study, folder / "0.nc", folder / "samples.csv", (0, 3))
    simulate_batch(*arguments, whole)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(batch, "_write_shard", killed)
        with pytest.raises(KeyboardInterrupt):
            simulate_batch(*arguments, resumed)
    kept = folder / ".resumed.nc.samples"
    assert len(list(kept.glob("*.npz"))) == 3
    if change == "damage":
        content = (kept / "1.npz").read_bytes()
        (kept / "1.npz").write_bytes(content[: len(content) // 2])
    else:
        versions = {**solver_versions(), "petsc_version": "2.0.0"}
        monkeypatch.setattr(finished, "solver_versions", lambda: versions)
    simulate, calls = batch.simulate_sample, []
    monkeypatch.setattr(batch, "simulate_sample", lambda *args: calls.append(1) or simulate(*args))
    simulate_batch(*arguments, resumed)
    assert len(calls) == (1 if change == "damage" else 3)
    assert_same_samples(whole, resumed)


def test_bcc_crystals_start_like_fcc_ones_and_turn_differently(inputs):
    """Direction and normal exchanged: the same symmetric Schmid tensors, the opposite spin."""
    loads, strains = {}, {}
    for family in ("fcc", "bcc"):
        study, folder = inputs(material={"slip_family": family})
        shard = folder / f"{family}.nc"
        simulate_batch(study, folder / "0.nc", folder / "samples.csv", (0, 1), shard)
        assert violations(shard) == []
        with xr.open_dataset(shard) as data:
            assert data.attrs["physics_hash"] == study.physics_hash()
            loads[family], strains[family] = data["load"].values[0], data.strain.values[0]
    apart = np.abs(loads["bcc"] / loads["fcc"] - 1) / [0.0125, 0.025, 0.0375, 0.05]
    np.testing.assert_allclose(apart, apart.mean(), rtol=0.1)  # in proportion to the elongation
    change = [relative_difference(*pair) for pair in zip(*strains.values(), strict=True)]
    assert (np.diff(change) > 0).all() and change[-1] > 0.02


def test_files_say_what_computed_them(inputs):
    study, folder = inputs()
    shard = folder / "shard.nc"
    simulate_batch(study, folder / "0.nc", folder / "samples.csv", (0, 1), shard)
    with xr.open_dataset(shard) as data:
        assert data.attrs["dolfinx_version"].count(".") >= 2
        assert data.attrs["petsc_version"].count(".") == 2
        assert len(data.attrs["solver_code"]) == 16


def test_verbs_write_shard_fields_and_reference(inputs):
    _, folder = inputs()
    common = ["--config", str(folder / "study.yaml"), "--microstructure", str(folder / "0.nc")]
    shard, fields = folder / "shard.nc", folder / "fields"
    run = ["simulate", *common, "--samples", str(folder / "samples.csv"), "--rows", "1:2"]
    result = CliRunner().invoke(app, [*run, "--output", str(shard), "--fields", str(fields)])
    assert result.exit_code == 0, result.output
    assert violations(shard) == []
    assert (fields / "000001" / "fields.xdmf").exists()
    reference = folder / "reference.nc"
    command = ["reference", *common, "--output", str(reference), "--also", "n", "--also"]
    result = CliRunner().invoke(app, [*command, "h1"])
    known = "constants of linear hardening are h0, n, q, g0, elastic, each once"
    assert str(result.exception) == f"also: given n, h1; {known}"
    assert not reference.exists()
    result = CliRunner().invoke(app, [*command, "h0"])
    assert result.exit_code == 0, result.output
    assert violations(reference) == []
    with xr.open_dataset(reference) as data:
        assert data["parameter"].values.tolist() == ["ln_k1", "ln_k2", "ln_k3", "ln_n", "ln_h0"]
        assert data.sizes["parameter"] == len(data["dload_dlnk"])
    assert len(Reference.read(reference).load_rates) == 3


def test_inputs_that_do_not_fit_are_refused(inputs):
    study, folder = inputs()
    grain_map, samples, shard = folder / "0.nc", folder / "samples.csv", folder / "shard.nc"
    with pytest.raises(SlipfieldError, match="has 3 rows"):
        simulate_batch(study, grain_map, samples, (2, 9), shard)
    other = make_study(10, 20)
    with pytest.raises(SlipfieldError, match="make the grain map with this config"):
        simulate_batch(other, grain_map, samples, (0, 1), shard)
    samples.write_text("sample,microstructure,k1,k2,k3\n0,1,50,10,5\n")
    with pytest.raises(SlipfieldError, match="belongs to microstructure 1"):
        simulate_batch(study, grain_map, samples, (0, 1), shard)
    assert not shard.exists()


def test_failed_reference_is_an_error(inputs):
    study, folder = inputs(**FAILING)
    around_soft = {
        "k1_MPa_sqrtmm": (49.0, 51.0),
        "k2_MPa": (9.9, 10.1),
        "k3_MPa_sqrtmm": (4.9, 5.1),
    }
    soft = study.model_copy(update={"sampling": study.sampling.model_copy(update=around_soft)})
    with pytest.raises(SlipfieldError, match="reference run .* failed: minimum step"):
        simulate_reference(soft, folder / "0.nc", folder / "reference.nc")
    assert not (folder / "reference.nc").exists()


def test_a_reference_run_says_how_far_it_is(inputs, capsys):
    study, folder = inputs()
    simulate_reference(study, folder / "0.nc", folder / "reference.nc")
    outputs = study.loading.outputs
    assert capsys.readouterr().err.splitlines()[-1] == f"reference: {outputs}/{outputs}"
