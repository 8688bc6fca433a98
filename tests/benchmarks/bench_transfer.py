"""Time create_dataset's hashing and move_dataset's transfers against a plain read-hash-copy of the same files.

    python tests/benchmarks/bench_transfer.py [--folder FOLDER] [--images N] [--image-kilobytes K] [--rounds R]

The files are drawn: masks of the released dataset's mean size, images that do not compress. Both ways run in
turn, each into an empty folder, with two workers; the least time of all rounds counts, by the clock and of the
processor, which says more on a busy machine. Start-up and tables are left out: they are no part of the plain way.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PIL import Image

from utils.md5 import md5_of_bytes
from utils.parallel import map_items
from utils.shipped_bytes import read_shipped
from utils.transfer import Move, transfer_file

WORKERS = 2
MASK_BYTES = 17_000  # mean of 973 released masks
MASKS_PER_IMAGE = 1.18


def draw(folder: Path, images: int, image_bytes: int) -> tuple[list[Path], list[Path]]:
    """Write the files; return the paths of the images and of the masks."""
    rng = np.random.default_rng(0)
    image_data = _noise(rng, "JPEG", image_bytes)
    mask_data = _noise(rng, "PNG", MASK_BYTES)
    image_paths = [folder / f"i{number}.jpg" for number in range(images)]
    mask_paths = [folder / f"m{number}.png" for number in range(round(images * MASKS_PER_IMAGE))]
    for path in image_paths:
        path.write_bytes(image_data)
    for path in mask_paths:
        path.write_bytes(mask_data)
    return image_paths, mask_paths


def plain(paths: Sequence[Path], target: Path) -> None:
    """Read, hash and copy every file, and do nothing else."""
    with ThreadPoolExecutor(WORKERS) as executor:
        list(executor.map(partial(_read_hash_copy, target=target), paths))


def ours(images: Sequence[Path], masks: Sequence[Path], target: Path) -> None:
    """Hash the masks as create_dataset does, then transfer all files as move_dataset does."""
    threads = {"num_workers": WORKERS, "threads": True, "label": "", "unit": ""}
    hashes = list(map_items(_md5_as_shipped, masks, **threads))
    moves = [Move(path, target / path.name) for path in images]
    moves += [Move(path, target / path.name, md5) for path, md5 in zip(masks, hashes, strict=True)]
    delivered = list(map_items(partial(transfer_file, how="copy"), moves, **threads))
    assert all(delivery.is_new for delivery in delivered)


def least_seconds(work: dict[str, Callable[[Path], None]], folder: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Run each way `rounds` times in turn; return its least time by the clock and of the processor."""
    least = dict.fromkeys(work, (float("inf"), float("inf")))
    for _ in range(rounds):
        for name, run in work.items():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            started = time.perf_counter(), time.process_time()
            run(folder)
            took = time.perf_counter() - started[0], time.process_time() - started[1]
            least[name] = min(least[name][0], took[0]), min(least[name][1], took[1])
    return least


def main() -> None:
    """Draw, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to work; default: the folder of temporary files")
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--image-kilobytes", type=int, default=900)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        raw = Path(name) / "raw"
        raw.mkdir()
        images, masks = draw(raw, options.images, options.image_kilobytes * 1000)
        megabytes = sum(path.stat().st_size for path in images + masks) / 1e6
        work = {"plain": partial(plain, images + masks), "ours": partial(ours, images, masks)}
        least = least_seconds(work, Path(name) / "made", options.rounds)
    print(f"{len(images)} images, {len(masks)} masks, {megabytes:.0f} MB, {WORKERS} threads, {options.rounds} rounds")
    for name, label in (("plain", "plain read-hash-copy"), ("ours", "create_dataset and move_dataset")):
        clock, processor = least[name]
        print(f"{label:<33}{clock:.3f} s, {megabytes / clock:.0f} MB/s; processor {processor:.3f} s")
    ratios = [mine / plainly for mine, plainly in zip(least["ours"], least["plain"], strict=True)]
    print(f"{'ratio':<33}{ratios[0]:.2f}; processor {ratios[1]:.2f}")


def _noise(rng: np.random.Generator, image_format: str, size: int) -> bytes:
    side = round((size if image_format == "PNG" else 2 * size) ** 0.5)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(256, size=(side, side), dtype=np.uint8)).save(buffer, image_format)
    return buffer.getvalue()


def _read_hash_copy(path: Path, target: Path) -> str:
    with open(path, "rb") as stream:
        data = stream.read()
    with open(target / path.name, "wb") as stream:
        stream.write(data)
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _md5_as_shipped(path: Path) -> str:
    return md5_of_bytes(read_shipped(path)[0])


if __name__ == "__main__":
    main()
