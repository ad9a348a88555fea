"""What to say where a library is not installed."""

from __future__ import annotations

DOLFINX = ("dolfinx", "petsc4py", "mpi4py", "basix", "ufl", "ffcx")
"""Libraries of the simulations, which no package index of Python has."""

PACKAGES = {
    "onnx": "'slipfield[onnx]'",
    "onnxruntime": "'slipfield[onnx]'",
    "onnxscript": "'slipfield[onnx]'",
    "tensorboard": "'slipfield[tensorboard]'",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""What to give pip, where that is not the name of the module."""


def missing_library(error: ModuleNotFoundError) -> str | None:
    """One line on a library that is not installed and what gets it; None if it is one of ours."""
    name = (error.name or "").partition(".")[0]
    if not name or name == "slipfield":
        return None
    if name in DOLFINX:
        return (
            f"{name}: not installed here; simulations need DOLFINx, of Debian or conda-forge: in a "
            "checkout use `envs/run`, or make the conda environment of envs/simulate.yaml"
        )
    return f"{name}: not installed here; run: pip install {PACKAGES.get(name, name)}"
