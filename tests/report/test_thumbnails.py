"""Thumbnails and vote maps: the photo as stored, whatever its metadata say, and votes as colours."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from support.drawing import box, encoded

from utils.errors import PipelineError
from utils.report.thumbnails import encode_thumbnail, encode_votes, thumbnail_size, view_of_mask, vote_colours

ORIENTATION = 0x0112


def photo(width: int, height: int, mode: str = "RGB", kind: str = "JPEG", **options) -> bytes:
    """Image file whose left half is dark."""
    image = Image.new("L", (width, height), 220)
    image.paste(30, (0, 0, width // 2, height))
    return encoded(image.convert(mode), kind, **options)


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("width", "height", "pixels", "expected"),
    [
        (3000, 2000, 640, (640, 427)),
        (2000, 3000, 640, (427, 640)),
        (96, 72, 640, (96, 72)),
        (640, 480, 640, (640, 480)),
        (9000, 1, 640, (640, 1)),
    ],
)
def test_thumbnails_have_the_longest_side_asked_for_and_are_never_enlarged(width, height, pixels, expected):
    assert thumbnail_size(width, height, pixels) == expected


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_not_turned_by_its_orientation(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    small = decoded(encode_thumbnail(photo(400, 300, exif=exif), (400, 300), 100))
    assert small.size == (100, 75)
    grey = np.asarray(small.convert("L"), dtype=int)
    assert grey[:, :45].max() < 60 < 190 < grey[:, 55:].min()
    assert len(small.getexif()) == 0


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("LA", "PNG")]
)
def test_photos_of_any_kind_become_thumbnails(mode, kind):
    small = decoded(encode_thumbnail(photo(400, 300, mode, kind), (400, 300), 100))
    assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (100, 75))
    grey = np.asarray(small.convert("L"), dtype=int)
    assert grey[:, :45].mean() + 60 < grey[:, 55:].mean()


def test_text_in_a_photo_does_not_reach_its_thumbnail():
    data = photo(400, 300, comment=b"Nora Zeta")
    assert b"Nora Zeta" in data
    assert b"Nora Zeta" not in encode_thumbnail(data, (400, 300), 100)


def test_a_downscaled_photo_takes_the_size_of_its_masks_thumbnail():
    assert decoded(encode_thumbnail(photo(400, 300), (4000, 3000), 640)).size == (640, 480)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no image", "cannot be decoded"),
        (photo(400, 300)[:2000], "cannot be decoded"),
        (photo(300, 400), "another aspect ratio"),
        (photo(400, 306), "another aspect ratio"),
    ],
    ids=["text", "cut off", "turned", "cut"],
)
def test_photos_that_cannot_lie_below_the_outlines_are_refused(data, reason):
    with pytest.raises(PipelineError, match=reason):
        encode_thumbnail(data, (400, 300), 100)


def test_votes_are_counted_and_nobodys_pixels_transparent():
    masks = [box(0, 0, 4, 4, (6, 8)), box(2, 2, 6, 8, (6, 8)), box(0, 0, 6, 3, (6, 8))]
    colours = vote_colours(3)
    image = decoded(encode_votes(masks, colours))
    assert (image.mode, image.size) == ("P", (8, 6))
    assert (np.asarray(image) == np.sum(masks, axis=0)).all()
    shown = np.asarray(image.convert("RGBA"))
    assert (shown[0, 7, 3], shown[0, 0, 3]) == (0, 255)
    assert ["#" + bytes(shown[place][:3]).hex() for place in ((5, 7), (0, 0), (2, 2))] == colours


@pytest.mark.parametrize("masks", [[], [box(0, 0, 0, 0)]])
def test_without_votes_there_is_no_vote_map(masks):
    assert encode_votes(masks, vote_colours(len(masks))) is None


def test_colours_of_votes_differ_and_brighten():
    for most in (1, 2, 5, 17):
        colours = vote_colours(most)
        light = [np.dot([int(c[i : i + 2], 16) for i in (1, 3, 5)], (0.2126, 0.7152, 0.0722)) for c in colours]
        assert len(set(colours)) == most
        assert light == sorted(light)
    assert vote_colours(0) == []


def test_a_mask_is_seen_at_the_size_of_its_thumbnail():
    view = view_of_mask(box(0, 300, 400, 600, (400, 600)), 60)
    assert (view.size, view.area, view.path) == ((600, 400), 120_000, "M300 0l300 0 0 400-300 0z")
    assert view.small.shape == (40, 60)
    assert (view.small == box(0, 30, 40, 60, (40, 60))).all()
