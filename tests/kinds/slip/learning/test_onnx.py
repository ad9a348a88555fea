"""ONNX export: the same parameters as the inverter gives, for any batch size."""

import numpy as np
import onnx
import onnxruntime
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm import onnx_export
from slipfield.kinds.slip.cnn_lstm.network_inverter import NetworkInverter
from slipfield.kinds.slip.cnn_lstm.onnx_export import export_onnx
from slipfield.kinds.slip.dataset.fields import decode
from slipfield.kinds.slip.learning.model_io import save_model
from tests.shards import tiny_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(collection, tmp_path_factory):
    """A trained model's folder, its inverter and its ONNX file."""
    folder = tmp_path_factory.mktemp("onnx")
    study = tiny_study(learning={"epochs": 1, "convolution_blocks": 3, "image_stride": 2})
    rows = np.arange(18)
    inverter = NetworkInverter(study).fit(collection, rows[:12], rows[12:], folder / "work")
    save_model(inverter, "cnn_lstm", study, collection, folder / "model", {})
    difference = export_onnx(folder / "model", folder / "model.onnx")
    assert difference < 1e-5
    return folder, inverter


@pytest.mark.parametrize("rows", [np.arange(1), np.arange(7)])
def test_onnx_runtime_gives_the_inverters_answers(trained, collection, rows):
    folder, inverter = trained
    fields = decode(collection, inverter.study.learning.image_stride)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    inputs = {
        "strain": fields.strain[rows].astype(np.float32),
        "orientation": fields.angles[fields.map_row[rows]],
        "load": fields.load[rows].astype(np.float32),
    }
    parameters, attention = session.run(None, inputs)
    expected = inverter.predict(collection, rows)
    np.testing.assert_allclose(parameters, expected, rtol=1e-4)
    np.testing.assert_allclose(attention, inverter.attention(collection, rows), atol=1e-5)


def test_file_says_what_it_is(trained, collection):
    model = onnx.load(trained[0] / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["data_hash"] == collection.data_hash and "k2: MPa" in facts["units"]
    assert [entry.name for entry in model.graph.input] == ["strain", "orientation", "load"]
    first = model.graph.input[0].type.tensor_type.shape.dim
    assert first[0].dim_param and [dim.dim_value for dim in first[1:]] == [4, 3, 9, 9]


def test_a_file_that_computes_something_else_is_not_written(trained, tmp_path, monkeypatch):
    """A weight is changed between the export and the comparison."""
    model = onnx.load(trained[0] / "model.onnx")
    (weight,) = (w for w in model.graph.initializer if w.name.endswith("head.bias"))
    weight.CopyFrom(
        onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight) + 1e-3, weight.name)
    )
    monkeypatch.setattr(onnx_export, "_onnx_model", lambda *given: model)
    with pytest.raises(SlipfieldError, match="differs from PyTorch's by 0.00"):
        export_onnx(trained[0] / "model", tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_other_inverters_are_refused(trained, collection, tmp_path, mean_inverter):
    rows = np.arange(4)
    inverter = mean_inverter(tiny_study()).fit(collection, rows, rows, tmp_path)
    save_model(inverter, "mean", tiny_study(), collection, tmp_path / "mean", {})
    with pytest.raises(SlipfieldError, match="only networks become ONNX"):
        export_onnx(tmp_path / "mean", tmp_path / "model.onnx")
