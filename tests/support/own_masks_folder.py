"""Folders of masks of one's own, as users have them, and the stage that reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from support.drawing import box, write_png
from support.files import table_rows
from support.run import run_here
from support.small_set import SMALL_CREATORS

NORA, OLA, PIA, _ = SMALL_CREATORS
SHAPE = (24, 32)
# Image, annotator, mask. The ids hold what the patterns separate by.
DRAWN = {
    ("scan_1", NORA): box(4, 4, 14, 20),
    ("scan_1", OLA): box(6, 4, 16, 20),
    ("scan_1", PIA): box(4, 6, 14, 24),
    ("Bild 2 ü", OLA): box(2, 2, 8, 8),
    ("Bild 2 ü", NORA): box(12, 16, 20, 30),
    ("001", PIA): box(1, 1, 3, 3),
}
IMAGES = ("001", "Bild 2 ü", "scan_1")


class OwnData:
    """A folder with images/, masks/ and, when made, raw/; the stage runs in the process of the test."""

    def __init__(self, base: Path):
        self.base, self.masks, self.images = base, base / "masks", base / "images"
        self.raw, self.output = base / "raw", base / "output"
        self.masks.mkdir()
        self.images.mkdir()

    def draw_images(self, ids=IMAGES, size=SHAPE[::-1]):
        """Write one image for each id."""
        for image in ids:
            Image.new("RGB", size, (200, 150, 120)).save(self.images / f"{image}.png")

    def draw_masks(self, pattern="{image}_{annotator}.png", drawn=None, **fields):
        """Write the masks under the names that a pattern makes."""
        for (image, annotator), mask in (DRAWN if drawn is None else drawn).items():
            write_png(self.masks / pattern.format(image=image, annotator=annotator, **fields), mask)

    def keys(self) -> list[str]:
        """Return the command-line keys that name the folders."""
        return [f"own_masks_dir={self.masks}", f"own_images_dir={self.images}", f"own_raw_dir={self.raw}"]

    def run(self, *arguments) -> tuple[int, str]:
        """Run make_raw_tables: (exit code, console text); a later argument overrides an earlier one."""
        return run_here("make_raw_tables", self.output, *self.keys(), *arguments)

    def succeed(self, *arguments) -> str:
        """Run make_raw_tables, which must succeed; return its console text."""
        code, text = self.run(*arguments)
        assert code == 0, text
        return text

    def refused(self, *arguments) -> list[str]:
        """Run make_raw_tables, which must find fault with the data; return the offenders it lists."""
        code, text = self.run(*arguments)
        assert code == 1, text
        assert not (self.raw / "raw_ISIC_segmasks_metadata.csv").exists()
        return [line.removeprefix("  - ") for line in text.splitlines() if line.startswith("  - ")]

    def rows(self) -> list[dict[str, str]]:
        """Return the raw segmentation table."""
        return table_rows(self.raw / "raw_ISIC_segmasks_metadata.csv")

    def image_ids(self) -> list[str]:
        """Return the raw image table."""
        return (self.raw / "raw_ISIC_images_metadata.csv").read_text("utf-8").splitlines()[1:]

    def made(self) -> dict[tuple[str, str], np.ndarray]:
        """Return the masks made, by image and annotator."""
        found = {}
        for row in self.rows():
            with Image.open(self.raw / "segs" / row["filename"]) as image:
                assert (image.mode, image.format) == ("L", "PNG")
                found[row["ISIC_id"], row["creator"]] = np.asarray(image)
        return found
