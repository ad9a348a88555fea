"""Stress fields of a solved cell, for pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.files import write_netcdf
from slipfield.kinds.composite.cell import Cell
from slipfield.kinds.composite.effective import phase_moduli
from slipfield.kinds.composite.parameters import PARAMETERS
from slipfield.kinds.composite.study import CompositeStudy

SAMPLES = 13
"""Points along each side of a block at which fields are kept."""


def sample_fields(cell: Cell, parameters: Sequence[float]) -> dict[str, np.ndarray]:
    """Stresses at SAMPLES x SAMPLES points of every block, for unit strains.

    Returns
    -------
    x, y : (blocks, points) in units of the fibre spacing.  phase : (blocks,).
    s22 : (blocks, points) normal stress along 2 under a unit strain 22, GPa.
    s23 : shear stress under a unit strain 2 e23.  s12 : under 2 e12.
    """
    fields, mesh = cell.solve(parameters), cell.mesh
    line = np.linspace(0, 1, SAMPLES)
    at = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    element = mesh.space.element.basix_element
    table = element.tabulate(1, at)[..., 0]  # (value and 2 derivatives, points, nodes)
    dofs = mesh.space.dofmap.list
    points = mesh.points[dofs]  # (blocks, nodes, 2)
    jacobian = np.einsum("dqn,eni->eqid", table[1:], points)
    gradients = np.einsum("dqn,eqdi->eqni", table[1:], np.linalg.inv(jacobian))
    phase = mesh.nodes.phase[mesh.mesh.topology.original_cell_index]
    moduli = phase_moduli(parameters, len(mesh.phases))[0][phase - 1]
    lam, mu = moduli[:, :1], moduli[:, 1:]

    def slope(field: np.ndarray) -> np.ndarray:
        return np.einsum("eqni,en->eqi", gradients, field[dofs])

    (ux, uy), (sx, sy) = fields.normal[1], fields.shear[0]
    spread = slope(ux)[..., 0] + slope(uy)[..., 1]
    place = np.einsum("qn,eni->eqi", table[0], points)
    return {
        "x": place[..., 0],
        "y": place[..., 1],
        "phase": phase,
        "s22": lam * spread + 2 * mu * slope(ux)[..., 0],
        "s23": mu * (slope(sx)[..., 1] + slope(sy)[..., 0]),
        "s12": mu * slope(fields.axial[0])[..., 0],
    }


def write_fields(study: CompositeStudy, output: Path) -> None:
    """Write the fields of the cell at the centre of the bounds (NetCDF)."""
    cell = Cell.of(study.cell)
    point = study.box().mean(axis=0)
    found = sample_fields(cell, point)
    outline = cell.mesh.outline
    variables = {
        name: (("block", "point")[: values.ndim], values) for name, values in found.items()
    }
    data = xr.Dataset(
        {**variables, "parameters": (("parameter",), point)},
        coords={"parameter": list(PARAMETERS)},
        attrs={"width": outline.width, "height": outline.height, "samples": SAMPLES},
    )
    write_netcdf(data, output, study)
