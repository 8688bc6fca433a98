"""Keys that take one of a few words."""

from __future__ import annotations

import enum


class Transfer(enum.Enum):
    """How move_dataset brings a file to its place."""

    copy = "copy"
    hardlink = "hardlink"
    symlink = "symlink"


class Executor(enum.Enum):
    """Where a stage does its work."""

    serial = "serial"
    processes = "processes"
    dask = "dask"


class EmptyMasks(enum.Enum):
    """What mask_qa does with masks without foreground."""

    quarantine = "quarantine"
    keep = "keep"


class PredictionKind(enum.Enum):
    """What the files of predictions hold."""

    mask = "mask"
    probability = "probability"


class OverlaySelection(enum.Enum):
    """Which images plot_overlaid_segmentations draws."""

    lowest = "lowest"
    highest = "highest"
    zero_overlap = "zero_overlap"
    ids = "ids"
