"""The etched surface of a rendered micrograph: tones, grooves, twins, particles, damage."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.stats import norm

from slipfield.kinds.micrograph.presets import Draw
from slipfield.kinds.micrograph.scene import Scene, lifted, smooth_noise

SMALLEST_PARTICLE_PX = 12
"""Pixels of the smallest particle: blurred, nothing tells a smaller one from an etch pit."""


def groove_strength(scene: Scene, draw: Draw) -> np.ndarray:
    """Depth of the groove of the nearest boundary (height, width), as a share of the full depth.

    Every pair of grains has its own; it fades along the boundary, and a share of pairs is weak.
    """
    low = np.minimum(scene.labels, scene.neighbour).astype(np.int64)
    high = np.maximum(scene.labels, scene.neighbour).astype(np.int64)
    pair = low * 65536 + high
    random = draw.random
    salt = int(random.integers(1 << 62))
    first, second = _hashed(pair, salt), _hashed(pair, salt + 1)
    strength = np.where(first < draw.weak, 0.45 * second, 0.6 + 0.4 * second)
    strength = strength * (1.0 + draw.fade * smooth_noise(pair.shape, 0.5 * draw.grain, random))
    return np.clip(strength, 0.0, 1.2).astype(np.float32)


def _hashed(keys: np.ndarray, salt: int) -> np.ndarray:
    """Uniform numbers in [0, 1) of whole numbers, the same for the same key (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = keys.astype(np.uint64) + np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def twins(scene: Scene, draw: Draw) -> np.ndarray:
    """Twin lamellae (height, width), bool: parallel bands across some grains."""
    count = int(scene.labels.max()) + 1
    random = draw.random
    twinned = random.random(count) < draw.twins
    found = np.zeros(scene.labels.shape, bool)
    if not twinned.any():
        return found
    angle = random.uniform(0, np.pi, count)
    period = draw.grain * random.uniform(0.25, 0.9, count)
    share = random.uniform(0.1, 0.5, count)
    phase = random.random(count)
    rows, columns = np.nonzero(twinned[scene.labels])
    grain = scene.labels[rows, columns]
    across = columns * np.cos(angle[grain]) + rows * np.sin(angle[grain])
    turn = across / period[grain] + phase[grain]
    lamella = np.floor(turn).astype(np.int64)
    there = _hashed(lamella + grain.astype(np.int64) * 4096, 7) < 0.6
    found[rows, columns] = there & (turn - lamella < share[grain])
    return found


def particles(scene: Scene, draw: Draw) -> np.ndarray:
    """Second phase (height, width), bool: blobs in the grains, strings and rows on boundaries.

    The fraction that is drawn is that of many images, before particles of fewer than
    :data:`SMALLEST_PARTICLE_PX` pixels are left out; one image has more or less by chance.
    """
    random, shape = draw.random, scene.labels.shape
    found = np.zeros(shape, bool)
    if draw.particles > 0.002:
        clustering = smooth_noise(shape, 1.5 * draw.grain, random)
        bent = (1.0 - draw.round) * draw.particles
        if bent > 0.002:
            field = smooth_noise(shape, 1.6 * draw.particle, random) + 0.6 * clustering
            found |= field > np.hypot(1.0, 0.6) * norm.isf(bent)
        covered = draw.round * draw.particles
        number = -np.log1p(-covered) * clustering.size / (np.pi * draw.particle**2)
        found |= _round(_places(np.exp(clustering), int(number), random), shape, draw)
    if draw.strings > 0.0:
        along = smooth_noise(shape, 1.4 * draw.particle, random)
        reach = draw.particle * (0.35 + 0.5 * along)
        found |= _somewhere(draw.strings, shape, draw) & (scene.distance < reach)
    if draw.chains > 0.0:
        line = _somewhere(draw.chains, shape, draw) & (scene.distance < 0.5)
        number = np.count_nonzero(line) / (2.4 * draw.particle)
        found |= _round(_places(line.astype(float), int(number), random), shape, draw)
    particle = ndimage.label(found, np.ones((3, 3)))[0]
    return found & (np.bincount(particle.ravel())[particle] >= SMALLEST_PARTICLE_PX)


def _somewhere(share: float, shape: tuple[int, int], draw: Draw) -> np.ndarray:
    """Patches (height, width), bool, of about a grain that cover a share of a large image."""
    return smooth_noise(shape, 1.2 * draw.grain, draw.random) > norm.isf(share)


def _places(density: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Points (number, 2), column and row, drawn in proportion to a density (height, width)."""
    summed = np.cumsum(density.ravel())
    if number == 0 or summed[-1] <= 0:
        return np.empty((0, 2))
    drawn = np.searchsorted(summed, random.random(number) * summed[-1])
    rows, columns = np.divmod(np.minimum(drawn, density.size - 1), density.shape[1])
    return np.column_stack((columns, rows)) + random.uniform(-0.5, 0.5, (number, 2))


def _round(centres: np.ndarray, shape: tuple[int, int], draw: Draw) -> np.ndarray:
    """Dented discs (height, width), bool, around centres (n, 2), of log-normal radii."""
    if len(centres) == 0:
        return np.zeros(shape, bool)
    radii = 0.9 * draw.particle * np.exp(0.35 * draw.random.standard_normal(len(centres)))
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    for grid in (rows, columns):
        grid += 0.3 * draw.particle * smooth_noise(shape, 2.0 * draw.particle, draw.random)
    points = np.column_stack((columns.ravel(), rows.ravel(), np.zeros(rows.size, np.float32)))
    power = cKDTree(lifted(centres, radii**2)).query(points)[0]
    return (power < radii.max()).reshape(shape)


def reflectance(
    scene: Scene, strength: np.ndarray, twin: np.ndarray, phase: np.ndarray, draw: Draw
) -> np.ndarray:
    """Grey value (height, width), or (height, width, 3) in colour, before the camera; float32."""
    random, shape, labels = draw.random, scene.labels.shape, scene.labels
    count = int(labels.max()) + 1
    tone = (draw.tone * random.standard_normal(count)).astype(np.float32)
    value = draw.matrix + tone[labels] + draw.texture * smooth_noise(shape, 3.0, random)
    if twin.any():
        value[twin] += draw.twin_tone
        edge = twin ^ ndimage.binary_erosion(twin)
        value[edge] -= 0.35 * abs(draw.groove)
    _grooves(value, scene, strength, draw, tone)
    _pits(value, draw)
    _second_phase(value, phase, draw)
    _scratches(value, draw)
    _stains(value, draw)
    return _coloured(value, labels, twin, draw) if draw.colours else value


def _grooves(
    value: np.ndarray, scene: Scene, strength: np.ndarray, draw: Draw, tone: np.ndarray
) -> None:
    """Darken (or brighten) the boundaries, some with a bright or dark side."""
    width = draw.groove_width * (0.7 + 0.6 * np.clip(strength, 0.0, 1.0))
    profile = np.exp(-0.5 * (scene.distance / width) ** 2)
    value -= draw.groove * strength * profile
    if draw.step > 0.05:
        side = np.sign(tone[scene.labels] - tone[scene.neighbour])
        reach = np.exp(-scene.distance / (2.5 * width))
        value += 0.3 * draw.step * abs(draw.groove) * strength * side * reach


def _pits(value: np.ndarray, draw: Draw) -> None:
    """Etch pits: small dark dots, some with a bright side."""
    random = draw.random
    number = int(draw.pits * value.size / 1000)
    rows, columns = (random.integers(0, size, number) for size in value.shape)
    dots = np.zeros(value.shape, np.float32)
    dots[rows, columns] = random.uniform(0.5, 3.0, number)
    for size in (0.7, 1.3):
        half = dots * (random.random(dots.shape) < 0.5)
        value -= 0.9 * ndimage.gaussian_filter(half, size) * size


def _second_phase(value: np.ndarray, phase: np.ndarray, draw: Draw) -> None:
    """Particles with their own tone, a rim around them and a core."""
    if not phase.any():
        return
    random = draw.random
    cover = ndimage.gaussian_filter(phase.astype(np.float32), 0.6)
    inner = ndimage.gaussian_filter(phase.astype(np.float32), 0.5 * draw.particle)
    own = draw.matrix + draw.particle_tone + draw.core * (2 * inner - 1)
    own = own + 1.5 * draw.texture * smooth_noise(value.shape, 2.0, random)
    value += draw.rim * np.clip(2 * inner, 0.0, 1.0) * (1 - cover)
    value += cover * (own - value)


def _scratches(value: np.ndarray, draw: Draw) -> None:
    """Straight scratches, dark or bright, that mostly run one way."""
    random = draw.random
    height, width = value.shape
    main = random.uniform(0, np.pi)
    for _ in range(int(round(draw.scratches))):
        angle = main + 0.2 * random.standard_normal()
        length = random.uniform(0.2, 1.2) * max(height, width)
        steps = np.arange(0, length, 0.5)
        row = random.uniform(0, height) + steps * np.sin(angle)
        column = random.uniform(0, width) + steps * np.cos(angle)
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        row, column = row[inside].astype(int), column[inside].astype(int)
        depth = random.uniform(-0.18, 0.1) * np.clip(
            random.uniform(0.3, 1.0) + 0.4 * np.sin(steps[inside] / random.uniform(20, 90)), 0, 1
        )
        value[row, column] += depth
        if random.random() < 0.4:
            value[np.minimum(row + 1, height - 1), column] += 0.6 * depth


def _stains(value: np.ndarray, draw: Draw) -> None:
    """Stains: broad spots that are darker, with a faint edge."""
    random = draw.random
    number = int(round(draw.stains))
    if number == 0:
        return
    field = smooth_noise(value.shape, random.uniform(0.1, 0.4) * max(value.shape), random)
    level = 1.6 - 0.2 * number
    value -= random.uniform(0.03, 0.12) / (1 + np.exp(-6 * (field - level)))


def _coloured(value: np.ndarray, labels: np.ndarray, twin: np.ndarray, draw: Draw) -> np.ndarray:
    """Every grain and its twins in colours of the palette, scaled by the grey value."""
    random = draw.random
    palette = np.array(draw.colours, np.float32)
    palette = palette * random.uniform(0.85, 1.1, 3).astype(np.float32)
    count = int(labels.max()) + 1
    mix = random.dirichlet(np.full(len(palette), 0.35), 2 * count).astype(np.float32)
    colour = mix @ palette
    index = labels.astype(np.int64) + count * twin
    return colour[index] * (value / draw.matrix)[..., None]
