"""A release made from the output of the pipeline, in the form of the published one, and ways to spoil it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from support.drawing import encoded
from support.files import table_rows
from support.run import run_here

PREFIX = "IMAplusplus_"
SUBSET = f"{PREFIX}multiannotator_subset_"
TABLES = {
    "release_seg_metadata_path": f"{PREFIX}seg_metadata.csv",
    "release_img_metadata_path": f"{PREFIX}img_metadata.csv",
    "release_subset_metadata_path": f"{SUBSET}seg_metadata.csv",
    "release_pairwise_metrics_path": f"{SUBSET}IAA_metrics.csv",
    "release_metrics_summary_path": f"{SUBSET}IAA_metrics_summary.csv",
    "release_image_level_metrics_path": f"{SUBSET}image_level_metrics.csv",
}


class Release:
    """Files of a release in a folder of its own: `archive`, and the packed tables by config key."""

    def __init__(self, folder: Path, masks: dict[str, bytes], tables: dict[str, bytes], inside: str = "segs/"):
        self.archive = folder / "segs.zip"
        self.masks, self.inside = dict(masks), inside
        self.paths = {key: folder / f"{TABLES[key]}.gz" for key in tables}
        folder.mkdir(parents=True, exist_ok=True)
        for key, data in tables.items():
            self.paths[key].write_bytes(gzip.compress(data))
        self.write_archive()

    def write_archive(self) -> None:
        with zipfile.ZipFile(self.archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in self.masks.items():
                packed.writestr(f"{self.inside}{name}", data)

    def arguments(self, *keys: str) -> list[str]:
        """Return the command-line keys of the archive and of all tables, or of the named ones."""
        return [f"release_segs_zip={self.archive}", *(f"{key}={self.paths[key]}" for key in keys or self.paths)]

    def rows(self, key: str) -> list[dict[str, str]]:
        text = gzip.decompress(self.paths[key].read_bytes()).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def write_rows(self, key: str, rows: list[dict[str, str]]) -> None:
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.paths[key].write_bytes(gzip.compress(stream.getvalue().encode()))

    def edit(self, key: str, change: Callable[[list[dict[str, str]]], object]) -> None:
        """Let `change` edit the rows of a table in place."""
        rows = self.rows(key)
        change(rows)
        self.write_rows(key, rows)

    def replace(self, name: str, data: bytes | None, update_md5: bool = False) -> None:
        """Put other bytes in the place of a mask, or take it out; `update_md5`: in the tables too."""
        if data is None:
            del self.masks[name]
        else:
            self.masks[name] = data
        self.write_archive()
        if update_md5:
            md5 = hashlib.md5(data).hexdigest()
            for key in {"release_seg_metadata_path", "release_subset_metadata_path"} & set(self.paths):
                self.edit(key, lambda rows: [row.update(mask_md5=md5) for row in rows if row["seg_filename"] == name])

    def flip_pixel(self, name: str, row: int, column: int, update_md5: bool = False) -> None:
        """Turn one pixel of a mask around and encode it again."""
        pixels = np.array(Image.open(io.BytesIO(self.masks[name])))
        pixels[row, column] = 255 - pixels[row, column]
        self.replace(name, encoded(Image.fromarray(pixels)), update_md5)


def release_of(output: Path, folder: Path, inside: str = "segs/") -> Release:
    """Make a release of what the chain has put into an output folder."""
    tables = {key: (output / "metadata" / name).read_bytes() for key, name in TABLES.items()}
    names = [row["seg_filename"] for row in table_rows(output / "metadata" / TABLES["release_seg_metadata_path"])]
    return Release(folder, {name: (output / "seg_masks" / name).read_bytes() for name in names}, tables, inside)


def import_release(release: Release, output: Path, *arguments) -> tuple[int, str]:
    tables = ("release_seg_metadata_path", "release_img_metadata_path")
    return run_here("import_release", output, *release.arguments(*tables), *arguments)


def verify_release(release: Release, output: Path, *arguments) -> tuple[int, str]:
    return run_here("verify_release", output, *release.arguments(), *arguments)


def differences(output: Path, what: str) -> list[dict[str, str]]:
    """Return the rows of the table of differences; `what` is import or verify."""
    return table_rows(output / "metadata" / f"release_{what}_differences.csv")


def cells(rows: list[dict[str, str]], *columns: str) -> list[tuple[str, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def release_of_golden(golden: Path, folder: Path) -> Release:
    """Make a release of a golden set: its raw masks under their released names, its consensus masks and tables."""
    expected = golden / "expected"
    tables = {key: (expected / name).read_bytes() for key, name in TABLES.items()}
    rows = table_rows(golden / "raw" / "raw_ISIC_segmasks_metadata.csv")
    raw = {row["mskObjectID"]: golden / "raw" / "segs" / row["filename"] for row in rows}
    masks = {}
    for row in table_rows(expected / TABLES["release_seg_metadata_path"]):
        name = row["seg_filename"]
        masks[name] = raw.get(row["mskObjectID"], expected / "consensus" / name).read_bytes()
    return Release(folder, masks, tables)
