"""Pictures that viewers turn by their EXIF Orientation: the stages take their rows as stored, of TIFF too."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.drawing import encoded
from support.mask_files import MASK, painted, tiff

from utils.data import decode_mask, load_image
from utils.pictures.header_size import picture_size, turned_note
from utils.pictures.orientation import orientation_of, without_turn
from utils.report.thumbnails import encode_thumbnail

TURNS = range(2, 9)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def turned_tiff(pixels: np.ndarray, orientation: int, **more) -> bytes:
    return tiff(pixels, extratags=[(274, 3, 1, orientation, True)], **more)


MAKERS = {
    "one bit": lambda turn: encoded(Image.fromarray(MASK), "TIFF", tiffinfo={274: turn}),
    "one bit, Group 4": lambda turn: encoded(Image.fromarray(MASK), "TIFF", tiffinfo={274: turn}, compression="group4"),
    "grey": lambda turn: turned_tiff(painted(255), turn),
    "grey, LZW": lambda turn: turned_tiff(painted(255), turn, compression="lzw"),
    "grey, big-endian": lambda turn: turned_tiff(painted(255), turn, byteorder=">"),
    "grey, BigTIFF": lambda turn: turned_tiff(painted(255), turn, bigtiff=True),
    "grey, 16 bits": lambda turn: turned_tiff(painted(1, dtype=np.uint16), turn),
    "RGB": lambda turn: turned_tiff(painted((0, 9, 0), (0, 0, 0)), turn, photometric="rgb"),
    "RGB, 16 bits": lambda turn: turned_tiff(painted((0, 0, 1), (0, 0, 0), np.uint16), turn, photometric="rgb"),
    "floats": lambda turn: turned_tiff(painted(0.5, dtype=np.float32), turn),
    "palette": lambda turn: turned_tiff(
        MASK.astype(np.uint8), turn, photometric="palette", colormap=np.eye(1, 256, 1, np.uint16).repeat(3, 0) * 65535
    ),
    "PNG": lambda turn: encoded(Image.fromarray(painted(255)), exif=exif(turn)),
}


def exif(turn: int) -> Image.Exif:
    made = Image.Exif()
    made[274] = turn
    return made


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_mask_is_read_as_stored(kind, orientation):
    np.testing.assert_array_equal(decode_mask(MAKERS[kind](orientation), kind), MASK)


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("kind", MAKERS)
def test_the_orientation_of_any_kind_is_found(kind, orientation):
    assert orientation_of(MAKERS[kind](orientation)) == orientation


def test_an_orientation_in_xmp_turns_no_mask():
    data = tiff(painted(255), extratags=[(700, 1, len(XMP), XMP, True)])
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.size == MASK.shape  # what Pillow alone makes of it
    np.testing.assert_array_equal(decode_mask(data, "a"), MASK)


@pytest.mark.parametrize("kind", MAKERS)
def test_of_a_turned_file_nothing_else_is_changed(kind):
    data = MAKERS[kind](6)
    upright = without_turn(data)
    assert sum(one != other for one, other in zip(data, upright, strict=True)) == (kind != "PNG")
    assert without_turn(upright) is upright
    if kind != "PNG":
        with tifffile.TiffFile(io.BytesIO(upright)) as file:
            assert file.pages[0].tags[274].value == 1


@pytest.mark.parametrize("data", [b"", b"text", b"II*\0", encoded(Image.fromarray(MASK))])
def test_what_says_nothing_is_upright(data):
    assert orientation_of(data) == 1


PHOTO = np.full((30, 40, 3), 30, np.uint8)
PHOTO[:20, :10] = 220


@pytest.mark.parametrize("compression", [None, "lzw"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_shown_as_stored(tmp_path, orientation, compression):
    path = tmp_path / "photo.tif"
    path.write_bytes(turned_tiff(PHOTO, orientation, photometric="rgb", compression=compression))
    assert picture_size(path) == (40, 30)
    np.testing.assert_array_equal(load_image(path), PHOTO)
    small = Image.open(io.BytesIO(encode_thumbnail(path.read_bytes(), (40, 30), 40)))
    assert np.abs(np.asarray(small).astype(int) - PHOTO).mean() < 5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_drawn_on_the_turned_photo_is_explained(tmp_path, orientation):
    path = tmp_path / "photo.tif"
    path.write_bytes(turned_tiff(PHOTO, orientation, photometric="rgb"))
    shape = picture_size(path)[::-1]
    assert (f"EXIF Orientation ({orientation})" in turned_note(path, shape, (40, 30))) == (orientation >= 5)
    assert turned_note(path, shape, (30, 40)) == ""
