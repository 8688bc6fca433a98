"""What the embedded demo is drawn with: scenes, styles, polygons and noise; the same pixels on every machine."""

import hashlib
import itertools

import numpy as np
import pytest
from scipy import ndimage
from support.embedded_demo import dice

from utils.demo.mask_styles import STYLES, draw_mask
from utils.demo.scenes import LOOKS, draw_scene
from utils.demo.shapes import fill_polygon, smooth_noise


def true_mask(lesion):
    return lesion.full_size(lesion.distance) < 0


@pytest.fixture(scope="session")
def styled():
    """Masks of every style for one lesion of each diagnosis."""
    drawn = []
    for number, kind in enumerate(LOOKS):
        _, [lesion] = draw_scene(np.random.default_rng(number), (240, 320), kind)
        masks = {style: draw_mask(np.random.default_rng(number), lesion, style) for style in STYLES}
        drawn.append((true_mask(lesion), masks))
    return drawn


def test_styles_differ_and_all_resemble_the_outline(styled):
    for truth, masks in styled:
        assert all(dice(truth, mask) > 0.6 for mask in masks.values())
        assert all(dice(a, b) < 0.99 for a, b in itertools.combinations(masks.values(), 2))
    scores = [dice(a, b) for _, masks in styled for a, b in itertools.combinations(masks.values(), 2)]
    assert 0.75 < np.mean(scores) < 0.9


def test_tight_lies_within_the_outline_and_generous_is_larger(styled):
    for truth, masks in styled:
        assert not (masks["tight"] & ~truth).any()
        assert masks["generous"].sum() > truth.sum()


def test_flood_fill_has_the_longest_border_for_its_area_and_no_holes(styled):
    def raggedness(mask):
        return (mask & ~ndimage.binary_erosion(mask)).sum() / np.sqrt(mask.sum())

    for _, masks in styled:
        assert max(masks, key=lambda style: raggedness(masks[style])) == "flood fill"
        assert (ndimage.binary_fill_holes(masks["flood fill"]) == masks["flood fill"]).all()
        assert ndimage.label(masks["flood fill"])[1] == 1


def test_lesion_is_darker_than_the_skin_around_it():
    image, [lesion] = draw_scene(np.random.default_rng(1), (240, 320), "melanoma")
    inside = true_mask(lesion)
    around = ndimage.binary_dilation(inside, iterations=30) & ~ndimage.binary_dilation(inside, iterations=12)
    assert image[inside].mean() < 0.7 * image[around].mean()


def test_large_images_are_interpolated_to_the_asked_size_and_the_outline_stays_on_the_lesion():
    image, [lesion] = draw_scene(np.random.default_rng(1), (901, 1203), "melanoma", [(0.4, 0.6, 0.2)])
    assert (image.shape, image.dtype, lesion.scale) == ((901, 1203, 3), np.uint8, 2)
    rows, columns = np.nonzero(true_mask(lesion))
    assert abs(rows.mean() - 0.4 * 901) < 60
    assert abs(columns.mean() - 0.6 * 1203) < 60
    grey = image.mean(axis=2)
    inside = true_mask(lesion)
    assert grey[inside].mean() < 0.7 * grey[~inside].mean()


def test_polygon_holds_exactly_the_pixels_between_its_corners():
    square = fill_polygon(np.array([(1, 2), (1, 5), (4, 5), (4, 2)]), (6, 7))
    expected = np.zeros((6, 7), bool)
    expected[1:4, 2:5] = True
    assert (square == expected).all()


def test_polygon_beyond_the_image_is_cut_and_a_line_is_empty():
    assert fill_polygon(np.array([(-5, -5), (-5, 9), (9, 9), (9, -5)]), (4, 3)).all()
    assert not fill_polygon(np.array([(0, 0), (3, 3)]), (4, 4)).any()


def test_smooth_noise_is_bounded_smooth_and_centred():
    noise = smooth_noise(np.random.default_rng(5), (200, 300), 20)
    assert (noise.shape, noise.dtype) == ((200, 300), np.float32)
    assert np.abs(noise).max() <= 1.2
    assert abs(noise.mean()) < 0.1
    assert np.abs(np.diff(noise, axis=0)).max() < 0.12
    assert noise.std() > 0.2


@pytest.mark.parametrize(("shape", "digest"), [((120, 160), "a8f98c1e507bf80c"), ((900, 1210), "a907adf31c5475ac")])
def test_drawn_pixels_are_the_same_on_every_machine(shape, digest):
    image, lesions = draw_scene(np.random.default_rng(7), shape, "carcinoma")
    pixels = hashlib.sha256(image.tobytes())
    for style in STYLES:
        pixels.update(draw_mask(np.random.default_rng(8), lesions[0], style).tobytes())
    assert pixels.hexdigest()[:16] == digest
