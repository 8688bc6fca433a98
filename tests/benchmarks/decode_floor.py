"""The least a stage can take: read and decode files, encode masks, or read, hash and copy.

Run it as

    python tests/benchmarks/decode_floor.py WORK --list FILE [--workers N] [--into FOLDER]

with decode, libpng, report, report-libpng, encode or copy as WORK, and a file that lists one path a line. The files of
a line, which tabs part, are one task, as the masks of an image are. For the report's, the photo is the first of them.
"""

from __future__ import annotations

import argparse
import functools
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils.data import encode_mask, load_mask
from utils.lazy import imagecodecs
from utils.md5 import md5_of_bytes
from utils.workers.parallel import map_items
from utils.workers.workplace import Workplace

THUMBNAIL_PIXELS = 640  # report_thumbnail_pixels, as it is set when nobody changes it


def decode(line: str) -> None:
    """Read and decode the masks of one task."""
    for path in line.split("\t"):
        load_mask(Path(path))


def libpng(line: str) -> None:
    """Read and decode the masks of one task with libpng, the decoder of most libraries."""
    for path in line.split("\t"):
        imagecodecs.png_decode(Path(path).read_bytes())


def decode_photo(line: str) -> None:
    """Read the photo of one task, and decode it at the reduced size that is nearest to a thumbnail's."""
    from PIL import Image

    with Image.open(line.partition("\t")[0]) as photo:
        shrink = max(1.0, max(photo.size) / THUMBNAIL_PIXELS)
        photo.draft("RGB", (round(photo.width / shrink), round(photo.height / shrink)))
        photo.load()


def report(line: str) -> None:
    """Read and decode the photo and the masks of one task."""
    decode_photo(line)
    decode(line.partition("\t")[2])


def report_libpng(line: str) -> None:
    """Read and decode the photo and the masks of one task, the masks with libpng."""
    decode_photo(line)
    libpng(line.partition("\t")[2])


def encode(line: str) -> None:
    """Decode the masks of one task, and encode them again."""
    for path in line.split("\t"):
        encode_mask(load_mask(Path(path)))


def copy(into: Path, line: str) -> None:
    """Read, hash and write the files of one task."""
    for path in map(Path, line.split("\t")):
        data = path.read_bytes()
        md5_of_bytes(data)
        (into / path.name).write_bytes(data)


WORK = {"decode": decode, "libpng": libpng, "report": report, "report-libpng": report_libpng, "encode": encode}


def main() -> int:
    """Go through the list once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=[*WORK, "copy"])
    parser.add_argument("--list", type=Path, required=True, help="file with the paths")
    parser.add_argument("--workers", type=int, default=2, help="processes; threads for copy")
    parser.add_argument("--into", type=Path, help="folder that receives copies")
    options = parser.parse_args()
    lines = options.list.read_text(encoding="utf-8").splitlines()
    if options.into:
        options.into.mkdir(parents=True, exist_ok=True)
    if options.work == "copy":
        # As a short script of one's own would do it: threads, a file each.
        with ThreadPoolExecutor(options.workers) as executor:
            list(executor.map(functools.partial(copy, options.into), lines))
        return 0
    results = map_items(WORK[options.work], lines, Workplace(num_workers=options.workers), label=options.work)
    failures = [result for result in results if result is not None]
    print(*failures, sep="\n", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    # Workers import this module by name; what is defined in __main__ they could not find.
    import decode_floor

    sys.exit(decode_floor.main())
