"""Draw a benchmark set: raw tables, masks and images of one colour, as create_dataset reads them.

The released tables, where the reference data is there (IMAPP_REFERENCE_DATA), say which ids, sizes, annotators, tools
and skills; elsewhere statistics do. The same options give the same files. Run it as

    python tests/benchmarks/make_benchmark_set.py --folder /data/benchmark [--images N] [--output FOLDER] ...

and the stages with the keys that it prints.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import benchmark_masks
import benchmark_plan
from benchmark_plan import ROOT, Plan
from support.run import raw_arguments

from utils.tables import write_table
from utils.workers.parallel import map_items
from utils.workers.workplace import Workplace

PREDICTIONS = Path("predictions") / "model"
IMAGE_TABLE, MASK_TABLE = "raw_ISIC_images_metadata.csv", "raw_ISIC_segmasks_metadata.csv"


def make_plan(options: argparse.Namespace) -> Plan:
    """Return the raw tables that the options ask for."""
    published = Path(os.environ.get("IMAPP_REFERENCE_DATA", ROOT.parent / "shared")) / "published"
    fixed = options.masks_per_image or options.megapixels
    if published.is_dir() and not fixed and not options.without_reference:
        return benchmark_plan.plan_from_tables(published, options.images, options.seed, options.subset_only)
    number = benchmark_plan.FULL_IMAGES if options.images is None else options.images
    return benchmark_plan.plan_from_statistics(
        number, options.seed, options.subset_only, options.masks_per_image, options.megapixels
    )


def drawings(plan: Plan, options: argparse.Namespace) -> list[benchmark_masks.Drawing]:
    """Return what to draw, one item an image."""
    folder = options.folder
    masks = plan.masks.assign(tool=plan.masks["source"].map(benchmark_plan.SOURCE_TO_TOOL))
    by_image: dict[str, list] = {isic_id: [] for isic_id in plan.images["isic_id"]}
    for isic_id, filename, tool in zip(masks["ISIC_id"], masks["filename"], masks["tool"], strict=True):
        by_image[isic_id].append((folder / "segs" / filename, tool))
    if options.predictions:
        for isic_id, drawn in by_image.items():
            drawn.append((folder / PREDICTIONS / f"{isic_id}.png", "T1"))
    columns = (plan.images[name] for name in ("isic_id", "pixels_x", "pixels_y"))
    images = folder / "images"
    how = (options.seed, options.ragged, 1000 * options.image_kilobytes)
    return [
        benchmark_masks.Drawing(
            isic_id, int(width), int(height), tuple(by_image[isic_id]), images / f"{isic_id}.jpg", *how
        )
        for isic_id, width, height in zip(*columns, strict=True)
    ]


def make_set(options: argparse.Namespace) -> list[str]:
    """Write the set and return the keys that point create_dataset and move_dataset at it."""
    plan = make_plan(options)
    items = drawings(plan, options)
    workplace = Workplace(num_workers=options.workers)
    written = sum(map_items(benchmark_masks.write_drawing, items, workplace, label="drawing"))
    write_table(plan.images, options.folder / IMAGE_TABLE)
    write_table(plan.masks, options.folder / MASK_TABLE)
    pixels = sum(item.width * item.height * len(item.masks) for item in items)
    print(
        f"{len(plan.masks)} masks of {len(plan.images)} images, {pixels / 1e9:.2f} gigapixels of masks, "
        f"{written / 1e6:.0f} MB in {options.folder}"
    )
    return raw_arguments(options.folder)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the raw set goes")
    parser.add_argument("--images", type=int, help="how many; by default all, 14,967")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--subset-only", action="store_true", help="only images with several masks")
    parser.add_argument("--ragged", action="store_true", help="frayed outlines: 150,000 border pixels in large images")
    parser.add_argument("--masks-per-image", type=int, help="this many masks for every image")
    parser.add_argument("--megapixels", type=float, help="this size for every image")
    parser.add_argument("--image-kilobytes", type=int, default=0, help="kB of noise in an image; by default none")
    parser.add_argument("--predictions", action="store_true", help="also draw a mask of each image by a model")
    parser.add_argument("--without-reference", action="store_true", help="draw ids and sizes from statistics")
    parser.add_argument("--workers", type=int, help="processes; by default all cores")
    parser.add_argument("--output", type=Path, help="also run create_dataset and move_dataset (hard links) into here")
    options = parser.parse_args(arguments)
    if any(value is not None and value <= 0 for value in (options.images, options.masks_per_image, options.megapixels)):
        parser.error("--images, --masks-per-image and --megapixels must be above 0")
    options.folder = options.folder.resolve()
    return options


def main() -> int:
    """Draw the set, and make the dataset of it when asked to."""
    from stage_runs import run_stage

    options = parse_options()
    keys = make_set(options)
    print(*keys, sep="\n")
    if options.output:
        run_stage("create_dataset", options.output, *keys)
        run_stage("move_dataset", options.output, *keys, "transfer=hardlink")
        print(f"dataset in {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
