"""Compare the agreement on malignant and on benign images: as it stands, and within sets of annotators.

Reads:  image metadata (diagnosis_1 or benign_malignant), IAA pairs and metadata of the subset; where it is there,
        IMAplusplus_multiannotator_subset_image_agreement.csv for the size of lesions.
Writes: dataset_statistics/iaa_cdfs.png, .svg, .pdf and .csv in visualizations_dir, the values of the curves
        (iaa_cdfs_curves.csv), the differences by what they are adjusted for (iaa_cdfs_differences.csv), and those of
        each set of annotators (iaa_cdfs_sets.csv).
Rules:  One value an image, its mean Dice over pairs by two annotators. Who outlined an image goes with its diagnosis,
        so the primary comparison is within sets of annotators: least squares on values less their mean in the set,
        with errors robust to clusters; van Elteren's test. As it stands: intervals by drawing clusters of images. None
        below 10 images or clusters of a diagnosis; within sets, of sets with both. Other diagnoses are counted, not
        drawn. Without a diagnosis column, or without images of both kinds, nothing is drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.diagnosis import draw_diagnosis
from utils.figures.plotting import save_figure
from utils.lazy import logger, pd
from utils.naming import DIAGNOSIS_COLUMNS, diagnosis_column
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import CERTAIN_DIGITS, write_table

if TYPE_CHECKING:
    from pandas import DataFrame, Series

KEYS = (
    "all_pairwise_IAA_metrics_path",
    "multiannotator_subset_metadata_path",
    "output_img_metadata_path",
    "image_agreement_path",
    "visualizations_dir",
    "bootstrap_resamples",
    "bootstrap_seed",
)


class Comparison(NamedTuple):
    """The tables that are written and drawn, and the sentence that sums them up."""

    unadjusted: DataFrame
    curves: DataFrame
    differences: DataFrame
    sets: DataFrame
    sentence: str


def compare(images: DataFrame, log_area: Series | None, resamples: int, seed: int) -> Comparison:
    """Compare malignant with benign images.

    Parameters
    ----------
    images : DataFrame
        As `statistics.diagnosis.images_by_diagnosis` returns them; both diagnoses must occur.
    log_area : Series of float64, optional
        Logarithm of the mean area of each image's masks, by ISIC_id.
    resamples, seed : int
        Of the cluster bootstrap.
    """
    from utils.statistics.diagnosis import cumulative_shares, malignant_and_benign, unadjusted_comparison
    from utils.statistics.diagnosis_tables import adjustment_sentence, differences_by_adjustment, differences_of_sets

    compared = malignant_and_benign(images)
    raw = unadjusted_comparison(compared, resamples, seed)
    differences = differences_by_adjustment(compared, raw, log_area)
    return Comparison(
        unadjusted=pd.DataFrame([{**raw, "n_other": len(images) - len(compared)}]),
        curves=cumulative_shares(compared),
        differences=differences,
        sets=differences_of_sets(compared),
        sentence=adjustment_sentence(differences),
    )


def log_areas_of_images(config: MultiannotatorSettings) -> Series | None:
    """Return the logarithm of the mean area of each image's masks, or None when a release does not have the table."""
    import numpy as np

    from utils.statistics.pair_tables import read_if_there

    table = read_if_there(
        config, "image_agreement_path", ["ISIC_id"], ["area_mean"], "no comparison of lesions of the same size"
    )
    if table is None:
        return None
    areas = table.set_index("ISIC_id")["area_mean"]
    return areas.where(areas > 0).transform(np.log)


def main(config: MultiannotatorSettings) -> Outcome:
    """Read, compare, draw, and write the tables."""
    from utils.statistics.diagnosis import BENIGN, MALIGNANT, images_by_diagnosis
    from utils.statistics.pair_tables import read_pair_tables

    tables = read_pair_tables(config, ["dice_score"])
    column = diagnosis_column(tables.images)
    if column is None:
        wanted = " or ".join(DIAGNOSIS_COLUMNS)
        logger.warning("{} has no column {}; nothing to draw", config.output_img_metadata_path, wanted)
        return Outcome("iaa_cdfs skipped: no diagnosis")
    images = images_by_diagnosis(tables.pairs, tables.subset, tables.images.set_index("isic_id")[column])
    missing = [name for name in (MALIGNANT, BENIGN) if name not in images["diagnosis"].unique()]
    if missing:
        wanted = " or ".join(missing)
        logger.warning("no image that two annotators outlined is {} in {}; nothing to draw", wanted, column)
        return Outcome(f"iaa_cdfs skipped: no {' and no '.join(missing)} images")
    found = compare(images, log_areas_of_images(config), config.bootstrap_resamples, config.bootstrap_seed)
    found.unadjusted.insert(0, "diagnosis_column", column)
    counts = images["diagnosis"].value_counts().sort_index()
    others = {str(name): number for name, number in counts.items() if name not in (MALIGNANT, BENIGN)}
    base = config.visualizations_dir / "dataset_statistics" / "iaa_cdfs"
    files = save_figure(draw_diagnosis(found.curves, found.differences, found.sets, found.sentence, others), base)
    for suffix, table in (
        ("", found.unadjusted),
        ("_curves", found.curves),
        ("_differences", found.differences),
        ("_sets", found.sets),
    ):
        files.append(write_table(table, base.with_name(f"{base.name}{suffix}.csv"), CERTAIN_DIGITS))
    logger.info(found.sentence)
    return Outcome(f"{counts[MALIGNANT]} malignant and {counts[BENIGN]} benign images", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
