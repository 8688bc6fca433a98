"""Compare the agreement on malignant and on benign images by their cumulative distributions.

Reads:  image metadata (diagnosis_1 or benign_malignant) and
        IMAplusplus_multiannotator_subset_image_level_metrics.csv.
Writes: dataset_statistics/iaa_cdfs.png, .svg, .pdf and .csv in visualizations_dir.
Rules:  One value an image, its mean Dice over pairs of human masks; Mann-Whitney and Kolmogorov-Smirnov tests,
        Cliff's delta (malignant over benign) with a 95 % bootstrap interval, unless a group is one image. Other
        diagnoses are counted, not drawn. Without a diagnosis column, or without images of both kinds, nothing is
        drawn.
"""

from __future__ import annotations

import math
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.agreement.two_samples import cliffs_delta, cliffs_delta_interval, kolmogorov_smirnov, mann_whitney
from utils.figures.plotting import PALETTE, figure_style, save_figure
from utils.lazy import logger, pd
from utils.naming import DIAGNOSIS_COLUMNS, diagnosis_column
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

KEYS = (
    "image_level_metrics_path",
    "output_img_metadata_path",
    "visualizations_dir",
    "bootstrap_resamples",
    "bootstrap_seed",
)

GROUPS = ("malignant", "benign")
VALUE = "dice_score_mean"
UNKNOWN = "without diagnosis"

_LINES: dict[str, dict[str, Any]] = {
    "malignant": {"color": PALETTE["vermillion"], "linestyle": "-"},
    "benign": {"color": PALETTE["blue"], "linestyle": "--"},
}
_SIZE_INCHES = (84 / 25.4, 62 / 25.4)  # with its margin within a column of 88 mm
_CAPTION_CHARACTERS = 60


def values_by_diagnosis(per_image: DataFrame, diagnoses: Series) -> dict[str, Series]:
    """Group the images' mean Dice by diagnosis.

    Parameters
    ----------
    per_image : DataFrame
        Columns img_id (file name of the image) and dice_score_mean (float64); NaN is left out.
    diagnoses : Series
        Diagnosis by ISIC id; case and outer blanks do not count.

    Returns
    -------
    dict of str to Series
        Diagnosis in lower case -> values; images without one stand under "without diagnosis".
    """
    known = diagnoses.str.strip().str.lower().to_dict()
    names = [known.get(Path(name).stem) or UNKNOWN for name in per_image["img_id"]]
    values = per_image[VALUE]
    found = pd.Series(names, index=values.index, dtype=object)
    return dict(iter(values.dropna().groupby(found, sort=True)))


def compare(malignant: Series, benign: Series, resamples: int, seed: int) -> dict[str, float]:
    """Return size and median of both groups, both tests, and Cliff's delta with its interval, by column."""
    first, second = malignant.to_numpy(), benign.to_numpy()
    rank_test, distribution_test = mann_whitney(first, second), kolmogorov_smirnov(first, second)
    low, high = cliffs_delta_interval(first, second, resamples, seed)
    return {
        "n_malignant": len(first),
        "n_benign": len(second),
        "median_malignant": malignant.median(),
        "median_benign": benign.median(),
        "mann_whitney_u": rank_test.statistic,
        "mann_whitney_p": rank_test.p_value,
        "kolmogorov_smirnov_d": distribution_test.statistic,
        "kolmogorov_smirnov_p": distribution_test.p_value,
        "cliffs_delta": cliffs_delta(first, second),
        "cliffs_delta_low": low,
        "cliffs_delta_high": high,
        "bootstrap_resamples": resamples,
        "bootstrap_seed": seed,
    }


def caption(result: Mapping[str, float], others: Mapping[str, int]) -> str:
    """Return the lines below the figure: tests, effect size, and what is not drawn."""
    rank_p, distribution_p = _p(result["mann_whitney_p"]), _p(result["kolmogorov_smirnov_p"])
    tests = f"Mann–Whitney {rank_p}; Kolmogorov–Smirnov {distribution_p}"
    delta, low, high = (
        f"{result[name]:.2f}".replace("-", "−") for name in ("cliffs_delta", "cliffs_delta_low", "cliffs_delta_high")
    )
    has_interval = not math.isnan(result["cliffs_delta_low"])
    interval = f"95 %: {low} to {high}" if has_interval else "no interval: a group of one image"
    effect = f"Cliff’s δ, malignant to benign: {delta} ({interval})"
    counted = ", ".join(f"{name} {count:,}" for name, count in others.items()) or "none"
    lines = [tests, effect, f"Images with other diagnoses, not drawn: {counted}"]
    return "\n".join(textwrap.fill(line, _CAPTION_CHARACTERS) for line in lines)


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def draw(groups: Mapping[str, Series], text: str) -> Figure:
    """Draw both cumulative distributions with `text` below them."""
    with figure_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
        axes = figure.subplots()
        for name in GROUPS:
            label = f"{name} (n = {len(groups[name]):,})"
            axes.ecdf(groups[name], label=label, linewidth=1.5, **_LINES[name])
        axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="Cumulative share of images")
        axes.set_xlabel("Mean Dice of an image over its pairs of annotators")
        axes.grid(color="0.9", linewidth=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper left", frameon=False)
        figure.supxlabel(text, x=0.01, ha="left", fontsize=7)
    return figure


def main(config: MultiannotatorSettings) -> Outcome:
    """Group, compare, draw, and write the table."""
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    column = diagnosis_column(images)
    if column is None:
        wanted = " or ".join(DIAGNOSIS_COLUMNS)
        logger.warning("{} has no column {}; nothing to draw", config.output_img_metadata_path, wanted)
        return Outcome("iaa_cdfs skipped: no diagnosis")
    key = "image_level_metrics_path"
    per_image = read_input(config, key, ["img_id"], [VALUE], made_by="compute_image_level_metrics")
    groups = values_by_diagnosis(per_image, images.set_index("isic_id")[column])
    missing = [name for name in GROUPS if name not in groups]
    if missing:
        logger.warning("no image with agreement is {}; nothing to draw", " or ".join(missing))
        return Outcome(f"iaa_cdfs skipped: no {' and no '.join(missing)} images")
    malignant, benign = (groups[name] for name in GROUPS)
    result = compare(malignant, benign, config.bootstrap_resamples, config.bootstrap_seed)
    others = {name: len(values) for name, values in groups.items() if name not in GROUPS}
    base = config.visualizations_dir / "dataset_statistics" / "iaa_cdfs"
    row = {"diagnosis_column": column, **result, "n_other": sum(others.values())}
    table = write_table(pd.DataFrame([row]), base.with_suffix(".csv"))
    figures = save_figure(draw(groups, caption(result, others)), base)
    return Outcome(f"{result['n_malignant']} malignant and {result['n_benign']} benign images", [*figures, table])


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
