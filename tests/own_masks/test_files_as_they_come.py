"""Masks as tools and people leave them: parts, copies, pages, inverted, palettes, spellings, turned photos."""

from __future__ import annotations

import shutil
import unicodedata
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from support.drawing import box, png_file, write_png
from support.own_masks_folder import NORA, OLA, PIA, SHAPE, OwnData
from support.run import run_stage

MASK = box(4, 4, 14, 20)


@pytest.fixture
def own(tmp_path) -> OwnData:
    own = OwnData(tmp_path)
    own.draw_images(["a1"])
    return own


def masks_made(own) -> list[np.ndarray]:
    """Return every mask that was made, as bool."""
    return [np.asarray(Image.open(path)) > 0 for path in sorted((own.raw / "segs").glob("*.png"))]


def few_bits_png(levels: np.ndarray, bits: int) -> bytes:
    """Write a grey PNG of 2 or 4 bits by the book; the width must fill its bytes."""
    packed = np.zeros((levels.shape[0], levels.shape[1] * bits // 8), np.uint8)
    for place in range(8 // bits):
        packed |= (levels[:, place :: 8 // bits] << (8 - bits * (place + 1))).astype(np.uint8)
    lines = b"".join(b"\0" + line.tobytes() for line in packed)
    return png_file(levels.shape, bits, 0, zlib.compress(lines))


@pytest.mark.parametrize("values", [MASK, MASK.astype(np.uint8) * 255, MASK.astype(np.uint16) * 500], ids=str)
def test_a_white_is_zero_tiff_is_the_same_mask_as_its_png(own, values):
    write_png(own.masks / f"a1_{NORA}.png", MASK)
    tifffile.imwrite(own.masks / f"a1_{OLA}.tif", values, photometric="miniswhite")
    text = own.succeed("own_name_pattern={image}_{annotator}.*")
    assert all((made == MASK).all() for made in masks_made(own)) and len(masks_made(own)) == 2
    assert "four corners" not in text


def test_masks_that_fill_the_corners_are_warned_of(own):
    write_png(own.masks / f"a1_{NORA}.png", ~MASK)
    write_png(own.masks / f"a1_{OLA}.png", MASK)
    text = own.succeed()
    assert "1 masks are foreground in all four corners" in text and "own_foreground: zero" in text


@pytest.mark.parametrize("bits", [2, 4])
def test_levels_of_few_bits_are_those_of_the_file(own, bits):
    labels = (MASK * 1 + box(2, 2, 6, 6) * 1).astype(np.uint8)
    (own.masks / f"a1_{NORA}.png").write_bytes(few_bits_png(labels, bits))
    Image.fromarray(labels).save(own.masks / f"a1_{OLA}.png")
    own.succeed("own_foreground=>1")
    assert all((made == (labels > 1)).all() for made in masks_made(own)) and (labels > 1).any()


def test_parts_are_united_into_one_mask(own):
    parts = [box(2, 2, 8, 8), box(12, 12, 20, 20)]
    for who in (NORA, OLA):
        for number, part in enumerate(parts):
            write_png(own.masks / f"a1_{who}_{number}.png", part)
    text = own.succeed("own_name_pattern={image}_{annotator}_{part}.png")
    assert "2 masks of 1 images by 2 annotators" in text and "several masks by one annotator" not in text
    assert all((made == (parts[0] | parts[1])).all() for made in masks_made(own)) and len(masks_made(own)) == 2


def test_several_masks_of_one_annotator_are_warned_of_with_the_way_out(own):
    for number in range(2):
        write_png(own.masks / f"a1_{NORA}_{number}.png", box(2 + number, 2, 8, 8))
    text = own.succeed("own_name_pattern={image}_{annotator}_{n}.png")
    assert "1 images have several masks by one annotator" in text and "{part}" in text


def test_parts_of_two_sizes_are_refused(own):
    write_png(own.masks / f"a1_{NORA}_0.png", MASK)
    write_png(own.masks / f"a1_{NORA}_1.png", MASK[:-1])
    code, text = own.run("own_name_pattern={image}_{annotator}_{part}.png")
    assert (code, "its parts differ in size: 32 x 24 pixels, 32 x 23 pixels" in text) == (1, True)


@pytest.mark.parametrize(("kind", "word"), [("tif", "2 pages"), ("gif", "2 frames")])
def test_files_of_several_pages_are_refused_with_what_to_do(own, kind, word):
    pages = [Image.fromarray(mask.astype(np.uint8) * 255) for mask in (MASK, box(1, 1, 3, 3))]
    pages[0].save(own.masks / f"a1_{NORA}.{kind}", save_all=True, append_images=pages[1:])
    code, text = own.run("own_name_pattern={image}_{annotator}.*")
    assert (code, f"it has {word}" in text, "as a file of its own" in text) == (1, True, True)


def test_a_smaller_copy_in_a_tiff_is_no_page(own):
    with tifffile.TiffWriter(own.masks / f"a1_{NORA}.tif") as writer:
        writer.write(MASK.astype(np.uint8) * 255)
        writer.write(MASK[::2, ::2].astype(np.uint8) * 255, subfiletype=1)
    own.succeed("own_name_pattern={image}_{annotator}.*")
    assert (masks_made(own)[0] == MASK).all()


def test_one_name_in_two_unicode_forms_is_one_annotator(own):
    own.draw_images(["a2"])
    for image, form in (("a1", "NFC"), ("a2", "NFD")):
        write_png(own.masks / f"{image}_{unicodedata.normalize(form, 'Jürgen')}.png", MASK)
    assert "by 1 annotators" in own.succeed()


def test_copies_are_warned_of(own):
    write_png(own.masks / f"a1_{NORA}.png", MASK)
    shutil.copy(own.masks / f"a1_{NORA}.png", own.masks / f"a1_{NORA} (1).png")
    text = own.succeed()
    assert "1 masks occur more than once, with the same bytes: file 1 = file 2" in text


def test_images_and_masks_in_folders_below_and_suffixes_in_capitals(own):
    (own.images / "part").mkdir()
    (own.images / "a1.png").rename(own.images / "part" / "a1.PNG")
    write_png(own.masks / f"a1_{NORA}.png", MASK)
    (own.masks / f"a1_{NORA}.png").rename(own.masks / f"a1_{NORA}.PNG")
    text = own.succeed()
    assert f'PNG: ["{own.images}"]' in text
    assert len(masks_made(own)) == 1


def test_masks_below_the_images_are_no_images(tmp_path):
    own = OwnData(tmp_path)
    own.draw_images(["a1"])
    masks = own.images / "masks"
    masks.mkdir()
    write_png(masks / f"a1_{NORA}.png", MASK)
    write_png(masks / "preview.png", MASK)
    text = own.succeed(f"own_masks_dir={masks}")
    assert "1 masks of 1 images" in text and "images have no mask" not in text


def test_a_turned_photo_is_told_with_the_way_out(own):
    photo = Image.new("RGB", SHAPE[::-1])
    exif = photo.getexif()
    exif[274] = 6
    photo.save(own.images / "turned.jpg", exif=exif)
    write_png(own.masks / f"turned_{NORA}.png", MASK.T)
    code, text = own.run()
    assert (code, "EXIF Orientation (6)" in text, "save the image upright" in text) == (1, True, True)


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_a_turned_mask_is_read_as_stored_and_warned_of(own, kind):
    exif = Image.Exif()
    exif[274] = 3
    Image.fromarray(MASK).save(own.masks / f"a1_{NORA}.{kind}", exif=exif)
    text = own.succeed(f"own_name_pattern={{image}}_{{annotator}}.{kind}")
    told = "1 masks have an EXIF Orientation other than 1: viewers turn them, the stages do not"
    assert told in text
    assert (masks_made(own)[0] == MASK).all() and (MASK[::-1, ::-1] != MASK).any()


@pytest.mark.parametrize("palette", [True, False])
def test_a_colour_can_be_the_foreground(own, palette):
    image = Image.fromarray(MASK.astype(np.uint8))
    image.putpalette([0, 0, 0, 255, 128, 0])
    (image if palette else image.convert("RGB")).save(own.masks / f"a1_{NORA}.png")
    own.succeed("own_foreground==#FF8000")
    assert (masks_made(own)[0] == MASK).all()


def test_a_rule_that_finds_nothing_lists_the_values(own):
    Image.fromarray((MASK * 7).astype(np.uint8)).save(own.masks / f"a1_{NORA}.png")
    code, text = own.run("own_foreground==255")
    assert (code, "the values 0, 7" in text) == (1, True)
    assert not (own.raw / "raw_ISIC_segmasks_metadata.csv").exists()


DEEP_COLOUR = np.where(MASK[..., None], np.array((65535, 32896, 300), np.uint16), np.uint16(0))


@pytest.mark.parametrize(
    ("pixels", "listed", "rule"),
    [
        (DEEP_COLOUR, "#000000000000, #FFFF8080012C", "=#FFFF8080012C"),
        (np.stack([MASK * 7] * 3, axis=2).astype(np.uint8), "#000000, #070707", "=#070707"),
        (MASK.astype(np.uint16) * 40000, "0, 40000", "=40000"),
        (MASK.astype(np.uint32) * 16777217, "0, 16777217", "=16777217"),
        (MASK.astype(np.float32) * np.float32(0.1), "0, 0.1", "=0.1"),
        (np.stack([MASK * 0.00001] * 3, axis=2).astype(np.float32), "(0 0 0), (0.00001 0.00001 0.00001)", "=0.00001"),
    ],
    ids=["16-bit colours", "8-bit colours", "16 bits", "32 bits", "floats", "colours of floats"],
)
def test_listed_values_are_those_of_the_file_and_can_be_asked_for(own, pixels, listed, rule):
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(own.masks / f"a1_{NORA}.tif", pixels, photometric=photometric)
    if pixels.dtype.itemsize == 2 or pixels.dtype == np.uint8:
        (own.masks / f"a1_{OLA}.png").write_bytes(imagecodecs.png_encode(pixels))
    code, text = own.run("own_name_pattern={image}_{annotator}.*", "own_foreground==9")
    assert (code, f"the values {listed}\n" in text) == (1, True)
    own.succeed("own_name_pattern={image}_{annotator}.*", f"own_foreground={rule}")
    assert all((made == MASK).all() for made in masks_made(own))


@pytest.mark.parametrize("bits", [2, 4])
def test_listed_values_of_few_bits_are_those_of_the_file(own, bits):
    (own.masks / f"a1_{NORA}.png").write_bytes(few_bits_png(MASK * np.uint8(3), bits))
    code, text = own.run("own_foreground==255")
    assert (code, "the values 0, 3\n" in text) == (1, True)


def test_masks_in_the_alpha_channel_alone_are_told(own):
    write_png(own.masks / f"a1_{NORA}.png", MASK)
    pixels = np.zeros((*SHAPE, 4), np.uint8)
    pixels[..., 3] = MASK * 255
    Image.fromarray(pixels).save(own.masks / f"a1_{OLA}.png")
    assert "differ only in transparency" in own.succeed()
    (own.masks / f"a1_{NORA}.png").unlink()
    code, text = own.run()
    assert (code, "hint:     1 masks have one colour and differ only in transparency" in text) == (1, True)


def test_file_names_are_cited_on_request(own):
    (own.masks / f"a1_{PIA}.png").write_bytes(b"no image")
    code, text = own.run()
    assert code == 1 and PIA not in text and "line N of" in text
    # In a process of its own; in this one a name in a message ends the test.
    done = run_stage("make_raw_tables", own.output, *own.keys(), "cite_file_names=true")
    assert done.returncode == 1 and f"'a1_{PIA}.png' (image 'a1')" in done.stderr and "line N of" not in done.stderr


def test_with_names_cited_an_ambiguous_one_has_the_other_hints(own):
    own.draw_images(["a1_b"])
    write_png(own.masks / "a1_b_c.png", MASK)
    code, text = own.run("cite_file_names=true")
    assert (code, "'a1_b_c.png': its name can be read in 2 ways" in text) == (1, True)
    assert "hint:     a field that is limited" in text and "None" not in text
