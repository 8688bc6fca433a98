"""Recompute consensus masks and metrics of a released dataset, and compare them with what was released.

Reads:  the release's tables (csv or csv.gz), and its masks: out of segs.zip, or those that import_release laid
        out when release_verify_imported is true.
Writes: the table of differences.
Rules:  Every mask must have its mask_md5. Consensus masks must be equal byte for byte, text exactly, numbers up
        to the rounding of text that was read and written again (1e-12 of the value); rows are found by key, in
        whatever order. A pair, row or mask that one side lacks is a difference, and any difference an error.
        Tables without a key are not compared, nor are columns that the release lacks (nsd_score and bf1_score of
        releases made before there were any).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.errors import Failure
from utils.files import TEMPORARY_PREFIX, require_folder
from utils.lazy import logger
from utils.raw.raw_files import target_folders
from utils.release.archive import open_configured_zip
from utils.release.differences import Difference, require_none, write_differences
from utils.release.metadata import read_release, require_keys
from utils.release.unpack import unpack_masks
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.workers.parallel import map_items
from utils.workers.workplace import local_workplace

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.release.verify_image import ImageClaim, ImageVerdict

KEYS = (
    "release_segs_zip",
    "release_seg_metadata_path",
    "release_img_metadata_path",
    "release_subset_metadata_path",
    "release_pairwise_metrics_path",
    "release_metrics_summary_path",
    "release_image_level_metrics_path",
    "release_verify_imported",
    "nsd_tolerance",
    "release_zip_max_bytes",
    "release_zip_max_ratio",
    "release_verify_differences_path",
    "target_data_dir",
    "separate_images_and_masks",
    "num_workers",
    "executor",
    "max_image_pixels",
)

_TABLES = ("release_seg_metadata_path", "release_img_metadata_path")


def image_claims(segmentations: DataFrame, folder: Path, nsd_tolerance: float) -> list[ImageClaim]:
    """Return what the release says of each image, in order of first appearance."""
    from utils.release.verify_image import ImageClaim

    rows: dict[str, tuple[list, list]] = {}
    for row in segmentations.to_dict("records"):
        humans, consensus = rows.setdefault(row["ISIC_id"], ([], []))
        (consensus if row["annotator"] in naming.CONSENSUS else humans).append(row)
    return [
        ImageClaim(
            isic_id, (humans + consensus)[0]["img_filename"], tuple(humans), tuple(consensus), folder, nsd_tolerance
        )
        for isic_id, (humans, consensus) in rows.items()
    ]


@contextmanager
def folder_of_masks(segmentations: DataFrame, config: CreationSettings) -> Iterator[tuple[Path, list[Difference]]]:
    """Give the folder of imported masks, or one that the archive was unpacked into and that is removed again.

    With it comes which masks are damaged in the archive.
    """
    if config.release_verify_imported:
        require_folder(config, "target_data_dir", made_by="import_release")
        yield target_folders(config)[1], []
        return
    with (
        open_configured_zip(config) as zipped,
        tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=config.output_dir) as folder,
    ):
        yield Path(folder), unpack_masks(segmentations, zipped, Path(folder), local_workplace(config))


def verify_images(claims: list[ImageClaim], config: CreationSettings) -> list[ImageVerdict]:
    """Recompute every image; one that fails is a difference."""
    from utils.release.verify_image import NOT_RECOMPUTED, ImageVerdict, verify_image

    verdicts = []
    results = map_items(verify_image, claims, local_workplace(config), label="verify")
    for claim, result in zip(claims, results, strict=True):
        if isinstance(result, Failure):
            reason = " ".join(result.reason.split())
            difference = Difference(NOT_RECOMPUTED, image=claim.img_filename, expected="masks", found=reason)
            result = ImageVerdict([difference], None, None)
        verdicts.append(result)
    return verdicts


def main(config: CreationSettings) -> Outcome:
    """Check the tables, recompute all images, compare files and tables."""
    from utils.release.recomputed import Recomputed

    require_keys(config, _TABLES if config.release_verify_imported else ("release_segs_zip", *_TABLES))
    segmentations, _ = read_release(config)
    with folder_of_masks(segmentations, config) as (folder, differences):
        claims = image_claims(segmentations, folder, config.nsd_tolerance)
        verdicts = verify_images(claims, config)
    recomputed = Recomputed(claims, verdicts)
    of_tables, not_compared = recomputed.differences_of_tables(segmentations, config)
    differences = [*differences, *(found for verdict in verdicts for found in verdict.differences), *of_tables]
    if not_compared:
        logger.warning("not compared, since these keys have no value: {}", ", ".join(not_compared))
    if recomputed.lacking:
        logger.warning("not compared, since the release lacks them: {}", ", ".join(recomputed.lacking))
    table = write_differences(differences, config.release_verify_differences_path)
    require_none(differences, "The release differs from what its masks give.", table)
    counts = f"{len(segmentations)} masks of {len(claims)} images have their md5; {len(recomputed.rows)} consensus "
    counts += f"masks and {len(recomputed.pairs)} pairs recomputed; no difference"
    return Outcome(counts, [table])


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
