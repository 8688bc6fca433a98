"""Files of predictions: of which model, image and sample each is, by its name."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..configuration.name_patterns import Pattern, Reading, parse_pattern, readings
from ..configuration.pattern_forms import PREDICTIONS
from ..errors import PipelineError
from ..naming import loose_id
from ..own_masks.mask_folder import OwnFile, list_files

SUFFIXES = (".png", ".tif", ".tiff", ".npy")
ONLY_SAMPLE = "1"  # where names do not number samples
_SHOWN = 5


@dataclass
class ModelFiles:
    """The files of one model: by ISIC_id and sample; and what cannot be scored, as (file, reason)."""

    samples: dict[str, dict[str, Path]] = field(default_factory=dict)
    unknown: list[tuple[str, str]] = field(default_factory=list)


def find_predictions(folder: Path, pattern: str, known: Collection[str], name: str) -> dict[str, ModelFiles]:
    """List the predictions below a folder.

    Parameters
    ----------
    folder : Path
        Where they are.
    pattern : str
        What their names say: ``{image}``, for several samples ``{n}``, for several models ``{model}``.
    known : collection of str
        The ISIC_ids of the dataset.
    name : str
        Of the model, where the pattern has no ``{model}``.

    Returns
    -------
    dict of str to ModelFiles
        By model, in sorted order.

    Raises
    ------
    ConfigError
        If the pattern cannot be used.
    PipelineError
        If no file follows the pattern, or two are the same sample of an image.
    """
    parsed, known = parse_pattern(pattern, PREDICTIONS), set(known)
    id_by_nfc = {unicodedata.normalize("NFC", isic_id): isic_id for isic_id in known}
    near = {loose_id(isic_id): isic_id for isic_id in known}
    models: dict[str, ModelFiles] = {}
    unread: list[OwnFile] = []
    for file in list_files(folder, cite_names=True):
        ways = _readings(parsed, file.name)
        found = [{**way, "image": id_by_nfc.get(way["image"], way["image"])} for way in ways]
        if not found:
            unread.append(file)
            continue
        reading, reason = _chosen(found, known, near)
        model = models.setdefault(reading.get("model", name), ModelFiles())
        if reason:
            model.unknown.append((file.name, reason))
        else:
            _add(model.samples.setdefault(reading["image"], {}), reading.get("n", ONLY_SAMPLE), file)
    if not models:
        raise PipelineError(
            "No prediction was found.",
            where=folder,
            expected=f"files named {pattern} (prediction_pattern), ending in {', '.join(SUFFIXES)}",
            found=", ".join(file.name for file in unread[:_SHOWN]) or "an empty folder",
        )
    for model in models.values():
        model.unknown += [(file.name, _why_unread(file.name)) for file in unread]
    return dict(sorted(models.items()))


def _readings(pattern: Pattern, name: str) -> Sequence[Reading]:
    return readings(pattern, name) if name.lower().endswith(SUFFIXES) else []


def _why_unread(name: str) -> str:
    if not name.lower().endswith(SUFFIXES):
        return f"not in a format of predictions: {', '.join(SUFFIXES)}"
    return "its name does not follow prediction_pattern"


def _chosen(found: Sequence[Reading], known: Collection[str], near: dict[str, str]) -> tuple[Reading, str]:
    """Return the reading that names an image of the dataset, and why there is none, or no single one."""
    fitting = [reading for reading in found if reading["image"] in known]
    if len(fitting) == 1:
        return fitting[0], ""
    if fitting:
        images = " and of ".join(reading["image"] for reading in fitting)
        return fitting[0], f"its name can be read in several ways: as of {images}"
    image = found[0]["image"]
    likely = near.get(loose_id(image))
    return found[0], f"the dataset has no such image: {image}" + (f"; it has {likely}" if likely else "")


def _add(samples: dict[str, Path], number: str, file: OwnFile) -> None:
    if number in samples:
        raise PipelineError(
            "Two files are the same prediction.",
            where=file.path.parent,
            expected="one file for each image and sample",
            offenders=[samples[number].name, file.path.name],
        )
    samples[number] = file.path
