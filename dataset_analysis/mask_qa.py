"""Judge every human mask, and take unusable ones out of the dataset.

Reads:  the metadata tables, ISIC_ids.txt and the masks.
Writes: IMAplusplus_seg_metadata_qa_results.csv (image, mask, issue, severity); the metadata tables and
        ISIC_ids.txt without unusable masks and without images that have no mask left; quarantine/.
Rules:  Issues are, in this order: unreadable, empty, full (high); several regions, when the second largest
        exceeds 5% of the largest (medium); touching the image border (low); more than two grey levels (medium);
        another size than the image (high). Unreadable and empty masks move to quarantine/ after the tables are
        written; empty ones stay when empty_masks is keep. Consensus masks pass through untouched. Masks that an
        earlier run judged are taken from the cache. Masks that seem inverted or drawn in transparency alone, and
        images that are not pictures or hold several, are warned of.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.errors import Failure, PipelineError, successes
from utils.files import require_folder
from utils.lazy import logger, pd
from utils.masks.signs import warn_of_signs
from utils.quality.mask_issues import (
    EMPTY,
    OTHER_SIZE,
    UNREADABLE,
    Issue,
    Judgement,
    examine_mask_file,
    judge_mask_file,
)
from utils.quality.quarantine import (
    QUARANTINE_TABLE,
    move_to_quarantine,
    read_quarantine,
    restore_places,
    write_quarantine,
)
from utils.quality.size_mismatch import masks_of_other_size
from utils.settings import AnalysisSettings, EmptyMasks
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_lines, write_table
from utils.workers.workplace import configured_workplace, local_workplace

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.workers.result_cache import ResultCache
    from utils.workers.resume import Resumable

KEYS = (
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "new_dataset_metadata_output_dir",
    "new_dataset_masks_dir",
    "new_dataset_images_dir",
    "output_seg_masks_metadata_qa_results_path",
    "empty_masks",
    "cache_dir",
    "num_workers",
    "executor",
    "dask_scheduler",
    "max_image_pixels",
)

_NAMED = 5  # of the masks when none is usable


def results_table(masks: DataFrame, found: Mapping[str, Sequence[Issue]]) -> DataFrame:
    """Return the QA results of all masks, in order; masks in quarantine bring the issue they went for."""
    columns = ["img_filename", "seg_filename", "issue", "severity"]
    rows = [
        (image, mask, found_issue.issue, found_issue.severity)
        for image, mask, *brought in masks[columns].itertuples(index=False, name=None)
        for found_issue in found.get(mask, [Issue(*brought)])
    ]
    return pd.DataFrame(rows, columns=list(naming.QA_COLUMNS))


def newly_quarantined(masks: DataFrame, found: Mapping[str, Sequence[Issue]]) -> DataFrame:
    """Return the rows of masks that were just found unusable, with the issue they go for."""
    reasons = {mask: item for mask, issues in found.items() for item in issues if item.unusable}
    rows = masks[masks["seg_filename"].isin(list(reasons))]
    return rows.assign(
        issue=[reasons[mask].issue for mask in rows["seg_filename"]],
        severity=[reasons[mask].severity for mask in rows["seg_filename"]],
    )


def resumable_judgement() -> Resumable[Path, Judgement]:
    """Return how the judgement of a mask goes into the cache; what could not be read is judged anew each time."""
    from utils.workers.resume import Resumable

    return Resumable(
        function=examine_mask_file,
        paths=lambda path: (path,),
        settings=lambda _: {},
        is_kept=lambda judgement: UNREADABLE not in judgement.issues,
        to_json=lambda judgement: judgement[:2],
        from_json=lambda kept: Judgement([Issue(*values) for values in kept[0]], tuple(kept[1])),
        is_usable=lambda *_: True,
    )


def require_some_left(judged: Mapping[str, Judgement], config: AnalysisSettings) -> None:
    """Raise a PipelineError when every mask would leave the dataset."""
    if judged and all(judgement.why_unusable() for judgement in judged.values()):
        raise PipelineError(
            "No mask would be left: all are empty or cannot be decoded.",
            where=config.new_dataset_masks_dir,
            expected=f"undamaged masks of at most {config.max_image_pixels} pixels (max_image_pixels)",
            offenders=[f"{mask}: {judgement.why_unusable()}" for mask, judgement in judged.items()][:_NAMED],
        )


def judge_all(humans: DataFrame, cache: ResultCache, config: AnalysisSettings) -> dict[str, Judgement]:
    """Judge each human mask; return what was found by file name.

    Raises
    ------
    PipelineError
        If masks could not be judged, or could not be read by a worker but can be read here.
    """
    from utils.workers.resume import map_resumable

    folder = require_folder(config, "new_dataset_masks_dir", made_by="move_dataset")
    paths = [folder / name for name in humans["seg_filename"]]
    workplace = configured_workplace(config)
    found = map_resumable(resumable_judgement(), paths, cache, workplace, label="mask QA", unit="mask")
    results = dict(zip(humans["seg_filename"], found, strict=True))
    failed = [f"{mask}: {result.reason}" for mask, result in results.items() if isinstance(result, Failure)]
    if failed:
        raise PipelineError("Masks could not be judged.", where=folder, offenders=failed)
    # They leave the dataset, so it is looked at twice: a worker may not see the folder.
    judged = dict(zip(results, successes(results.values()), strict=True))
    unreadable = [mask for mask, judgement in judged.items() if UNREADABLE in judgement.issues]
    unseen = [mask for mask in unreadable if judge_mask_file(folder / mask) != judged[mask].issues]
    if unseen:
        hint = "with executor=dask all machines must see the folder under the same path"
        raise PipelineError("Workers cannot read masks that can be read.", where=folder, hint=hint, offenders=unseen)
    return judged


def write_tables(
    metadata: DataFrame,
    images: DataFrame,
    quarantined: DataFrame,
    results: DataFrame,
    config: AnalysisSettings,
) -> list[Path]:
    """Write every table; in this order a run that was killed half-way is completed by the next."""
    remaining = metadata[~metadata["seg_filename"].isin(quarantined["seg_filename"])]
    with_masks = naming.humans_only(remaining)["ISIC_id"]
    images = images[images["isic_id"].isin(with_masks)]
    return [
        write_quarantine(quarantined, config.output_dir / naming.QUARANTINE_FOLDER),
        write_table(results, config.output_seg_masks_metadata_qa_results_path),
        write_table(remaining[remaining["ISIC_id"].isin(with_masks)], config.output_seg_masks_metadata_path),
        write_table(images, config.output_img_metadata_path),
        write_lines(images["isic_id"], config.new_dataset_metadata_output_dir / naming.ID_LIST),
    ]


def move_files(metadata: DataFrame, quarantined: DataFrame, config: AnalysisSettings) -> list[Path]:
    """Move the files of quarantined masks, and of images that have no human mask left."""
    folder = config.output_dir / naming.QUARANTINE_FOLDER
    humans = naming.humans_only(metadata)
    left = humans[~humans["seg_filename"].isin(quarantined["seg_filename"])]["ISIC_id"]
    gone = quarantined[~quarantined["ISIC_id"].isin(left)]
    orphaned = metadata[metadata["ISIC_id"].isin(gone["ISIC_id"])]["seg_filename"]
    masks = dict.fromkeys([*quarantined["seg_filename"], *orphaned])
    moved = move_to_quarantine(masks, config.new_dataset_masks_dir, folder)
    return moved + move_to_quarantine(gone["img_filename"].unique(), config.new_dataset_images_dir, folder)


def files_in_quarantine(config: AnalysisSettings) -> dict[Path, None]:
    """Return, for the run manifest, the files in quarantine and the places that they have left."""
    folder = config.output_dir / naming.QUARANTINE_FOLDER
    names = [path.name for path in folder.iterdir() if path.name != QUARANTINE_TABLE and not path.is_dir()]
    left = [place / name for name in names for place in folders_of(config)]
    # A mask that was mended lies there anew.
    return dict.fromkeys([*(folder / name for name in names), *(path for path in left if not path.exists())])


def folders_of(config: AnalysisSettings) -> tuple[Path, Path]:
    """Return the folders of the masks and of the images."""
    return config.new_dataset_masks_dir, config.new_dataset_images_dir


def masks_unlike_images(humans: DataFrame, config: AnalysisSettings) -> set[str]:
    """Return the masks whose size is not that of their image; warn of them, and of images that are not one picture."""
    masks_dir, images_dir = folders_of(config)
    masks: dict[str, list[Path]] = {}
    for image, mask in zip(humans["img_filename"], humans["seg_filename"], strict=True):
        masks.setdefault(image, []).append(masks_dir / mask)
    pairs = [(images_dir / image, paths) for image, paths in masks.items()]
    return masks_of_other_size(pairs, local_workplace(config))


def settle_issues(
    judged: Mapping[str, Judgement], other_size: Collection[str], keep_empty: bool
) -> dict[str, Judgement]:
    """Add the issue of masks of another size, and let empty masks stay where they mean that nothing is there."""
    kept = {EMPTY: EMPTY._replace(unusable=False)} if keep_empty else {}
    settled = {mask: it._replace(issues=[kept.get(issue, issue) for issue in it.issues]) for mask, it in judged.items()}
    for mask in other_size:
        if not settled[mask].why_unusable():
            settled[mask].issues.append(OTHER_SIZE)
    return settled


def tell_moved(paths: Sequence[Path], judged: Mapping[str, Judgement]) -> None:
    """Tell which files went to quarantine, and what is wrong with each mask among them that was judged just now."""
    for path in paths:
        why = judged[path.name].why_unusable() if path.name in judged else ""
        logger.warning("moved to quarantine: {}{}", path.name, f" ({why})" if why else "")


def main(config: AnalysisSettings) -> Outcome:
    """Judge all masks, write the tables, move what is unusable."""
    from utils.workers.result_cache import open_cache

    metadata = read_input(config, "output_seg_masks_metadata_path", naming.SEG_COLUMNS, made_by="create_dataset")
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    humans = naming.humans_only(metadata)
    earlier = read_quarantine(config.output_dir / naming.QUARANTINE_FOLDER, metadata)
    masks = restore_places(humans, earlier)
    other_size = masks_unlike_images(humans, config)
    with open_cache(config.cache_dir, "mask_qa") as cache:
        keep_empty = config.empty_masks is EmptyMasks.keep
        judged = settle_issues(judge_all(humans, cache, config), other_size, keep_empty)
        warn_of_signs({mask: judgement.signs for mask, judgement in judged.items()})
        require_some_left(judged, config)
        found = {mask: judgement.issues for mask, judgement in judged.items()}
        results = results_table(masks, found)
        new = newly_quarantined(masks, found)
        quarantined = pd.concat([earlier, new]) if len(earlier) else new
        files = write_tables(metadata, images, quarantined, results, config)
        tell_moved(move_files(metadata, quarantined, config), judged)
        cache.keep_used()
    by_severity = results["severity"].value_counts()
    issues = ", ".join(f"{by_severity.get(name, 0)} {name}" for name in ("high", "medium", "low"))
    counts = f"{len(humans)} masks judged{cache.note(len(humans))}; issues: {issues}"
    return Outcome(f"{counts}; {len(quarantined)} masks in quarantine", files, files_in_quarantine(config))


if __name__ == "__main__":
    run_stage(main, AnalysisSettings, KEYS)
