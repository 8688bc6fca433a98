"""Perceptual hashes: copies are near, other pictures far, and what the hash misses."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.drawing import encoded
from support.files import write_file

from utils.errors import PipelineError
from utils.partitions.fingerprints import BITS, fingerprint, near_pairs, perceptual_hash

NEAR = 24  # as config.yaml has it
HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=6)


def lesion(seed: int, size: tuple[int, int] = (300, 400)) -> Image.Image:
    """Draw skin with a lesion that has a colour of its own, soft spots and grain."""
    rng = np.random.default_rng(seed)
    spots = Image.fromarray(rng.integers(0, 60, (6, 8), dtype=np.uint8)).resize(size[::-1], Image.Resampling.BICUBIC)
    rows, columns = np.ogrid[: size[0], : size[1]]
    middle = rng.uniform(0.35, 0.65, 2) * size
    inside = ((rows - middle[0]) / rng.uniform(50, 110)) ** 2 + ((columns - middle[1]) / rng.uniform(60, 130)) ** 2 < 1
    grey = 190.0 - 90 * inside + np.asarray(spots) - 30 + rng.normal(0, 3, size)
    return Image.merge(
        "RGB", [Image.fromarray(np.clip(grey * tint, 0, 255).astype(np.uint8)) for tint in (1, 0.8, 0.7)]
    )


def distance(one: bytes | None, other: bytes | None) -> int:
    return int.from_bytes(one, "big").__xor__(int.from_bytes(other, "big")).bit_count()


def of(image: Image.Image, path, image_format="PNG", **options) -> bytes | None:
    return fingerprint(write_file(path, encoded(image, image_format, **options))).hash


ALTERED = {
    "compressed": lambda image: Image.open(io.BytesIO(encoded(image, "JPEG", quality=40))),
    "smaller": lambda image: image.resize((200, 150), Image.Resampling.BILINEAR),
    "larger": lambda image: image.resize((2400, 1800), Image.Resampling.BICUBIC),
    "brighter": lambda image: image.point(lambda value: min(255, value + 12)),
    "grey": lambda image: image.convert("L"),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_copies_are_near(tmp_path, alter):
    for seed in range(4):
        original, copy = lesion(seed), alter(lesion(seed))
        assert distance(of(original, tmp_path / "a.png"), of(copy, tmp_path / "b.png")) <= NEAR


def test_other_pictures_are_far(tmp_path):
    hashes = [of(lesion(seed), tmp_path / "a.png") for seed in range(12)]
    distances = [distance(one, other) for place, one in enumerate(hashes) for other in hashes[:place]]
    assert min(distances) > 2 * NEAR
    assert np.mean(distances) > BITS / 3


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.FLIP_LEFT_RIGHT])
def test_turned_and_mirrored_copies_are_missed(tmp_path, turn):
    original = lesion(1)
    assert distance(of(original, tmp_path / "a.png"), of(original.transpose(turn), tmp_path / "b.png")) > NEAR


def test_files_are_told_by_their_bytes_and_pictures_as_stored(tmp_path):
    plain, commented = encoded(lesion(1), "JPEG"), encoded(lesion(1), "JPEG", comment=b"hello")
    exif = Image.Exif()
    exif[274] = 6
    turned = encoded(lesion(1), "JPEG", exif=exif)
    found = [fingerprint(write_file(tmp_path / f"{name}.jpg", data)) for name, data in
             (("a", plain), ("b", commented), ("c", turned))]  # fmt: skip
    assert len({mark.md5 for mark in found}) == 3
    assert len({mark.hash for mark in found}) == 1


def test_a_tiff_that_viewers_turn_is_hashed_as_stored(tmp_path):
    found = [encoded(lesion(1), "TIFF", tiffinfo={274: turn}) for turn in (1, 3, 6)]
    hashes = {fingerprint(write_file(tmp_path / f"{place}.tif", data)).hash for place, data in enumerate(found)}
    assert len(hashes) == 1 and len(set(found)) == 3


def test_a_picture_without_contrast_has_no_hash():
    assert perceptual_hash(np.full((50, 70), 128, np.uint8)) is None
    assert perceptual_hash(np.uint8(np.arange(3500).reshape(50, 70) % 2)) is None


@pytest.mark.parametrize("content", [b"", b"no image", encoded(lesion(1), "JPEG")[:40]])
def test_a_file_that_is_no_image_is_named(tmp_path, content):
    with pytest.raises(PipelineError, match="bad.jpg"):
        fingerprint(write_file(tmp_path / "bad.jpg", content))


@given(HASHES, HASHES, st.integers(0, 128))
def test_near_pairs_are_those_of_a_plain_loop(first, second, most):
    expected = [
        (i, j, distance(one, other))
        for i, one in enumerate(first)
        for j, other in enumerate(second)
        if distance(one, other) <= most
    ]
    assert list(near_pairs(first, second, most)) == expected
