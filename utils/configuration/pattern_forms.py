"""Which fields the patterns of file names may have, by the key that holds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PatternForm:
    """What the patterns of a configuration key may hold.

    Attributes
    ----------
    key, folder_key : str
        The key of the pattern, and that of the folder whose files it is about.
    fields, required : tuple of str
        The fields it may have, and those among them that it must have.
    example : str
        Shown where a required field is missing.
    """

    key: str
    folder_key: str
    fields: tuple[str, ...]
    required: tuple[str, ...]
    example: str


OWN_MASKS = PatternForm(
    "own_name_pattern",
    "own_masks_dir",
    ("image", "annotator", "tool", "skill", "n", "part"),
    ("image", "annotator"),
    "for example {image}_{annotator}.png or {annotator}/{image}.*",
)
PREDICTIONS = PatternForm(
    "prediction_pattern",
    "predictions_dir",
    ("model", "image", "n"),
    ("image",),
    "for example {image}.png, {image}_{n}.npy or {model}/{image}.*",
)
