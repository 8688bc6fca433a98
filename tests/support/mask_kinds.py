"""Random masks of the kinds that borders and distances have to do with."""

from __future__ import annotations

import numpy as np

from support.drawing import blob, disc, noise, ragged


def single_pixel(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[rng.integers(shape[0]), rng.integers(shape[1])] = True
    return mask


def several_components(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    centres = rng.uniform((0, 0), shape, size=(5, 2))
    return np.any([disc(shape, tuple(centre), rng.uniform(1, 6)) for centre in centres], axis=0)


def on_the_edge(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    return disc(shape, (0, rng.uniform(0, width)), 9) | disc(shape, (rng.uniform(0, height), width), 7)


KINDS = {
    "blob": blob,
    "ragged": ragged,
    "several components": several_components,
    "image edge": on_the_edge,
    "single pixel": single_pixel,
    "noise 2%": lambda rng, shape: noise(rng, shape, 0.02),
    "noise 50%": lambda rng, shape: noise(rng, shape, 0.5),
    "full": lambda rng, shape: np.ones(shape, dtype=bool),
}


def random_mask(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """Mask of that kind with at least one foreground pixel."""
    mask = KINDS[kind](rng, shape)
    return mask if mask.any() else single_pixel(rng, shape)
