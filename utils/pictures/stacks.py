"""Stacks of pictures that lie behind one another in the one page of a TIFF, as ImageJ and tifffile write them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .tiff_tags import BITS_PER_SAMPLE, COMPRESSION, DESCRIPTION, HEIGHT, SAMPLES_PER_PIXEL, STRIP_OFFSETS, WIDTH

_UNCOMPRESSED = 1  # as Compression
_IMAGES_OF_IMAGEJ = re.compile(r"ImageJ=.*?^images=(\d{1,9})\s*$", re.DOTALL | re.MULTILINE)


def pictures_in_page(tags: Mapping[int, Any], file_size: int) -> int:
    """Count the pictures in a page of a TIFF: those that its description tells of, if the file is as long.

    A program that saves one picture of a stack may keep the description of all.
    """
    if tags.get(COMPRESSION, _UNCOMPRESSED) != _UNCOMPRESSED or STRIP_OFFSETS not in tags:
        return 1
    width, height, samples = tags[WIDTH], tags[HEIGHT], tags.get(SAMPLES_PER_PIXEL, 1)
    number = _pictures_told(tags.get(DESCRIPTION), width * height * samples)
    bits = int(np.max(tags.get(BITS_PER_SAMPLE, 1)))
    octets = -(-width * samples * bits // 8) * height
    end = int(np.min(tags[STRIP_OFFSETS])) + number * octets
    return number if end <= file_size else 1


def _pictures_told(description: object, values: int) -> int:
    """Return how many pictures a description tells of, each of a number of values; 1 where it tells nothing."""
    if not isinstance(description, str):
        return 1
    if found := _IMAGES_OF_IMAGEJ.match(description):
        return max(1, int(found[1]))
    try:
        shape = json.loads(description)["shape"]
        return max(1, math.prod(map(int, shape)) // values)
    except (ArithmeticError, KeyError, RecursionError, TypeError, ValueError):  # the description is free text
        return 1
