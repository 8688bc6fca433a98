"""Images with the outlines of their masks: which are chosen, how they are drawn, and what is skipped and named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.drawing import bomb, box, write_png
from support.figure_dataset import figures, metadata_row, pair_row
from support.run import run_here, succeed

from multiannotator_analysis.visualization_scripts import plot_overlaid_segmentations as overlaid
from utils.agreement.aggregate import metrics_per_image
from utils.data import load_image
from utils.errors import PipelineError
from utils.figures.outline_lines import lines_of
from utils.masks.outlines import border_pixels
from utils.naming import human_pairs_only
from utils.settings import OverlaySelection

SCRIPT = "plot_overlaid_segmentations"
SELECTABLE = pd.DataFrame(
    [
        pair_row("b", "A00", "A01", 0.0, hd95=3),
        pair_row("b", "A00", "A02", 1.0, hd95=5),
        pair_row("a", "A00", "A01", 0.5, hd95=np.nan),
        pair_row("c", "A00", "A01", 0.75, hd95=7),
        pair_row("d", "A00", "A01", 0.0, hd95=1),
    ]
)


@pytest.mark.parametrize(
    ("selection", "metric", "count", "expected"),
    [
        ("lowest", "dice_score", None, ["d", "a", "b", "c"]),
        ("highest", "dice_score", None, ["c", "a", "b", "d"]),
        ("lowest", "dice_score", 2, ["d", "a"]),
        ("highest", "hd95_score", None, ["c", "b", "d"]),
        ("zero_overlap", "hd95_score", None, ["b", "d"]),
        ("zero_overlap", "dice_score", 1, ["b"]),
    ],
)
def test_images_are_chosen_by_the_mean_of_their_pairs(selection, metric, count, expected):
    assert overlaid.select_images(SELECTABLE, OverlaySelection(selection), metric, count) == expected


def test_outlines_are_the_border_pixels_of_parts_and_holes():
    mask = box(2, 3, 12, 15) & ~box(5, 6, 8, 10) | box(20, 20, 21, 21)
    found = {tuple(sorted(map(tuple, points.tolist()))) for points in border_pixels(mask, 0.0)}
    outer = ((3, 2), (3, 2), (3, 11), (14, 2), (14, 11))
    assert outer in found
    assert ((20, 20), (20, 20)) in found
    assert len(found) == 3


def test_outlines_are_closed_and_as_near_to_the_border_as_asked():
    from scipy.ndimage import distance_transform_edt

    rows, columns = np.ogrid[:200, :200]
    mask = (rows - 100) ** 2 + (columns - 100) ** 2 <= 80**2
    (points,) = border_pixels(mask, 1.0)
    assert (points[0] == points[-1]).all()
    assert 8 < len(points) < 80
    border = mask & (distance_transform_edt(mask) <= 1)
    steps = np.linspace(0, 1, 50)[:, None, None]
    line = (points[:-1] * (1 - steps) + points[1:] * steps).reshape(-1, 2)
    rounded = line.round().astype(int)
    assert distance_transform_edt(~border)[rounded[:, 1], rounded[:, 0]].max() <= 1.0 + np.sqrt(0.5)


def test_an_empty_mask_has_no_outline():
    assert border_pixels(box(0, 0, 0, 0), 1.0) == []


PEOPLE = ("A00", "A01", "A02")


def overlay_of(figure_folder, masks: int, **changes) -> overlaid.Overlay:
    names = (*PEOPLE, "ST", "MV")[-masks:]
    paths = tuple(figure_folder / "seg_masks" / f"ISIC_2_{name}.png" for name in names)
    labels = ("A00, T1, S1", "A01, T1, S1", "A02, T1, S1", "STAPLE consensus", "Majority vote")[-masks:]
    given = {"mask_paths": paths, "labels": labels, "lines": tuple(lines_of(names, PEOPLE)), **changes}
    return overlaid.Overlay("Title", figure_folder / "images" / "ISIC_2.JPG", target=figure_folder / "x", **given)


def picture(figure):
    return figure.axes[0]


def test_annotators_have_colours_of_their_own_and_only_consensus_outlines_are_dashed(figure_folder):
    axes = picture(overlaid.draw(overlay_of(figure_folder, 5)))
    colours = {tuple(lines.get_colors()[0]) for lines in axes.collections}
    dashed = [lines.get_linestyles()[0][1] is not None for lines in axes.collections]
    assert len(colours) == 5
    assert dashed == [False, False, False, True, True]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["A00, T1, S1", "A01, T1, S1", "A02, T1, S1", "STAPLE consensus", "Majority vote"]


def test_what_the_codes_in_the_legend_mean_is_written_below(figure_folder):
    figure = overlaid.draw(overlay_of(figure_folder, 5))
    assert [text.get_text() for text in figure.texts] == ["T1 manual pointlist, S1 expert"]
    plain = overlaid.draw(overlay_of(figure_folder, 2, labels=("A00", "A01")))
    assert not plain.texts


def test_names_in_the_legend_tell_masks_apart():
    rows = [metadata_row("I", *who) for who in (("A00", "T1"), ("A00", "T3"), ("A00", "T1"), ("ST",))]
    assert overlaid.mask_labels(rows, ("tool", "skill_level")) == [
        "A00, T1, S1",
        "A00, T3, S1",
        "A00, T1, S1 (2)",
        "STAPLE consensus",
    ]
    assert overlaid.mask_labels(rows, ()) == ["A00", "A00 (2)", "A00 (3)", "STAPLE consensus"]


@pytest.mark.parametrize(
    ("dice", "told"),
    [
        ([("A00", "A01", 0.5), ("A01", "A00", 0.7)], "\nMean Dice 0.60 between annotators"),
        ([("A00", "A00", 0.9)], "\nMean Dice 0.90 of one annotator twice"),
        (
            [("A00", "A01", 0.5), ("A00", "A00", 0.9)],
            "\nMean Dice 0.50 between annotators, 0.90 of one annotator twice",
        ),
        ([], ""),
    ],
)
def test_the_title_tells_two_annotators_from_one_twice(dice, told):
    pairs = pd.DataFrame(dice, columns=["annotator1", "annotator2", "dice_score"])
    assert overlaid.title_of("I1", ["A00", "A00", "A01"], pairs) == f"I1 · 3 masks by 2 annotators{told}"


@pytest.mark.parametrize("data", [b"", b"no picture", bomb(60_000)], ids=["empty", "text", "60,000 x 60,000"])
def test_a_photo_that_cannot_be_decoded_is_refused(tmp_path, data):
    (tmp_path / "photo.png").write_bytes(data)
    with pytest.raises(PipelineError):
        load_image(tmp_path / "photo.png")


def test_an_empty_mask_is_named_in_the_legend(figure_folder):
    write_png(figure_folder / "seg_masks" / "ISIC_2_MV.png", box(0, 0, 0, 0))
    axes = picture(overlaid.draw(overlay_of(figure_folder, 2)))
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["STAPLE consensus", "Majority vote: empty"]


def test_masks_of_another_size_than_the_image_are_refused(figure_folder):
    write_png(figure_folder / "seg_masks" / "ISIC_2_MV.png", box(0, 0, 2, 2, shape=(12, 16)))
    with pytest.raises(PipelineError, match=r"(?s)differ in size from their image.*32 x 24.*16 x 12"):
        overlaid.draw(overlay_of(figure_folder, 1))


def test_a_turned_photo_is_drawn_as_stored_like_its_masks(figure_folder):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    Image.new("RGB", (32, 24), "tan").save(figure_folder / "images" / "ISIC_2.JPG", "JPEG", exif=exif)
    axes = picture(overlaid.draw(overlay_of(figure_folder, 1)))
    # Columns 8 to 20 and rows 4 to 14 with a margin of a fifth of 12.
    assert axes.images[0].get_array().shape == (14, 16, 3)
    assert axes.images[0].get_extent() == [5.5, 21.5, 15.5, 1.5]


def test_a_large_image_is_shrunk_and_its_outlines_keep_their_place(figure_folder):
    from PIL import Image

    shape = (1500, 3000)
    Image.new("RGB", shape[::-1], "tan").save(figure_folder / "images" / "ISIC_2.JPG", "JPEG")
    write_png(figure_folder / "seg_masks" / "ISIC_2_MV.png", box(300, 600, 900, 1800, shape))
    axes = picture(overlaid.draw(overlay_of(figure_folder, 1)))
    assert axes.images[0].get_array().shape == (771, 1200, 3)
    assert axes.images[0].get_extent() == [359.5, 2039.5, 1139.5, 59.5]
    (path,) = axes.collections[0].get_paths()
    assert path.get_extents().extents.tolist() == [600, 300, 1799, 899]


def test_images_that_are_missing_or_damaged_are_named_and_the_rest_is_drawn(figure_folder):
    (figure_folder / "images" / "ISIC_1.JPG").write_bytes(b"no image")
    keys = ("overlay_selection=ids", "overlay_ids=[ISIC_1,ISIC_9,ISIC_2]")
    text = succeed(SCRIPT, figure_folder, *keys)
    assert "ISIC_1 skipped" in text
    assert "ISIC_9 skipped" in text
    assert figures(figure_folder) == {f"overlaid_segs/ISIC_2{suffix}" for suffix in (".png", ".svg", ".pdf")}


def test_a_missing_mask_is_named(figure_folder):
    (figure_folder / "seg_masks" / "ISIC_1_A01.png").unlink()
    assert "ISIC_1_A01.png" in succeed(SCRIPT, figure_folder, "overlay_selection=zero_overlap")
    assert figures(figure_folder) == set()


def test_without_a_folder_of_images_there_are_no_overlays(figure_folder):
    text = succeed(SCRIPT, figure_folder, f"new_dataset_images_dir={figure_folder / 'none'}")
    assert "overlaid_segs skipped" in text


def test_a_metric_that_is_none_is_a_fault_of_the_configuration(figure_folder):
    code, text = run_here(SCRIPT, figure_folder, "overlay_metric=dice")
    assert (code, "dice_score" in text) == (2, True)


def test_the_released_pairs_give_the_images_of_the_image_level_table(released_table):
    pairs = human_pairs_only(released_table("IMAplusplus_multiannotator_subset_IAA_metrics"))
    lowest = overlaid.select_images(pairs, OverlaySelection.lowest, "dice_score", 50)
    means = metrics_per_image(pairs).sort_values(["dice_score_mean", "img_id"], kind="stable")
    assert lowest == means["img_id"].head(50).tolist()
    assert len(overlaid.select_images(pairs, OverlaySelection.zero_overlap)) == 26
