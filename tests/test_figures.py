"""Figures of the dataset, of the metrics and of outlines: what they count, choose and show; the same bytes twice."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, box, run_script, tree, write_png
from drawing import bomb

from multiannotator_analysis.visualization_scripts import plot_dataset_distribution as distribution
from multiannotator_analysis.visualization_scripts import plot_individual_metrics as individual
from multiannotator_analysis.visualization_scripts import plot_overlaid_segmentations as overlaid
from utils.aggregate import metrics_per_image
from utils.data import load_image
from utils.errors import PipelineError
from utils.naming import METRIC_COLUMNS, PAIR_COLUMNS, SEG_COLUMNS, human_pairs_only, humans_only
from utils.outlines import border_pixels
from utils.settings import OverlaySelection

SCRIPTS = "multiannotator_analysis/visualization_scripts"
CONFIG = ("--config", ROOT / "multiannotator_analysis" / "config.yaml")
DRAWN = ("distribution", "individual_metrics", "ISIC_1", "ISIC_2")


def run(script: str, output, *overrides):
    return run_script(f"{SCRIPTS}/{script}.py", *CONFIG, *overrides, f"output_dir={output}", "num_workers=1")


def figures(output) -> set[str]:
    return set(tree(output / "visualizations")) if (output / "visualizations").exists() else set()


def metadata_row(isic_id: str, annotator: str, tool="T1", skill="S1") -> dict:
    name = f"{isic_id}_{annotator}.png"
    values = (isic_id, f"{isic_id}.JPG", name, annotator, tool, skill, annotator, "")
    return dict(zip(SEG_COLUMNS, values, strict=True))


def pair_row(img_id: str, annotator1: str, annotator2: str, dice: float, hd95: float = 0.5) -> dict:
    row = dict.fromkeys(PAIR_COLUMNS, "T1") | dict.fromkeys(METRIC_COLUMNS, 0.25)
    ids = {"img_id": img_id, "annotator1": annotator1, "annotator2": annotator2}
    return row | ids | {"dice_score": dice, "hd95_score": hd95}


@pytest.fixture
def dataset(tmp_path):
    """Two images of 24 x 32 pixels with masks of two and three people and both consensus masks."""
    from PIL import Image

    rows = []
    for isic_id, annotators in (("ISIC_1", ("A00", "A01", "ST", "MV")), ("ISIC_2", ("A00", "A01", "A02", "ST", "MV"))):
        for place, annotator in enumerate(annotators):
            rows.append(metadata_row(isic_id, annotator))
            write_png(tmp_path / "seg_masks" / rows[-1]["seg_filename"], box(4, 4 + place, 14, 20))
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.new("RGB", (32, 24), "tan").save(tmp_path / "images" / f"{isic_id}.JPG", "JPEG")
    pairs = [pair_row("ISIC_1.JPG", "A00", "A01", 0.0), pair_row("ISIC_1.JPG", "A00", "ST", 0.9)]
    pairs += [pair_row("ISIC_2.JPG", *names, 0.5) for names in (("A00", "A01"), ("A00", "A02"), ("A01", "A02"))]
    prefix = tmp_path / "metadata" / "IMAplusplus_multiannotator_subset"
    prefix.parent.mkdir()
    pd.DataFrame(rows).to_csv(prefix.with_name("IMAplusplus_seg_metadata.csv"), index=False)
    pd.DataFrame(rows).to_csv(f"{prefix}_seg_metadata.csv", index=False)
    pd.DataFrame(pairs).to_csv(f"{prefix}_IAA_metrics.csv", index=False)
    return tmp_path


@pytest.fixture(scope="module")
def released(reference):
    """Return a function that reads a released table."""

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(reference / "published" / f"{name}.csv.gz")

    return read


def test_images_are_counted_by_their_number_of_masks_without_gaps():
    table = pd.DataFrame({"ISIC_id": ["a", "b", "b", "b", "b", "c"]})
    assert distribution.images_by_number_of_masks(table).to_dict() == {1: 2, 2: 0, 3: 0, 4: 1}
    assert distribution.images_by_number_of_masks(table[:0]).empty


def test_masks_are_counted_by_level_in_the_order_of_names():
    table = pd.DataFrame({"tool": ["T2", "T1", "T2", "T10"]})
    assert list(distribution.masks_by(table, "tool").items()) == [("T1", 1), ("T10", 1), ("T2", 2)]


def test_every_bar_of_the_distribution_has_its_count():
    rows = [metadata_row("I1", "A00"), metadata_row("I1", "A01", "T2"), metadata_row("I2", "A00", "T1", "S2")]
    figure = distribution.draw(pd.DataFrame(rows))
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts == [["1", "1"], ["2", "1"], ["2\n67%", "1\n33%"], ["2\n67%", "1\n33%"]]
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear", "linear", "linear"]


def test_a_spread_has_the_percentiles_of_the_numbers_without_nan():
    values = np.array([np.nan, *range(101)])
    assert individual.spread(values) == individual.Spread(101, 5, 25, 50, 75, 95)


def test_the_spread_of_no_numbers_is_nan():
    empty = individual.spread(np.array([np.nan]))
    assert empty.n == 0
    assert np.isnan(empty.median)


def test_histograms_hold_every_pair_and_say_how_many_have_no_distance():
    pairs = pd.DataFrame([pair_row("I1", "A00", "A01", dice) for dice in (0.0, 0.5, 1.0)])
    pairs.loc[0, "assd_score_normalized"] = np.nan
    panels = individual.draw(pairs).axes[:5]
    held = [int(axes.patches[0].get_data()[0].sum()) for axes in panels]
    assert held == [3, 3, 3, 3, 2]
    assert [("n = 2" in axes.texts[0].get_text()) for axes in panels] == [False] * 4 + [True]
    assert "median 0.500" in panels[0].texts[0].get_text()


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_metrics_that_are_all_zero_or_all_missing_are_drawn(value):
    pairs = pd.DataFrame([pair_row("I1", "A00", "A01", value)])
    pairs[list(individual.NAMES)] = value
    assert len(individual.draw(pairs).axes) == 6


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


def overlay_of(dataset, masks: int, **changes) -> overlaid.Overlay:
    paths = tuple(dataset / "seg_masks" / f"ISIC_2_{name}.png" for name in ("A00", "A01", "A02", "ST", "MV"))
    labels = ("A00, T1, S1", "A01, T1, S1", "A02, T1, S1", "STAPLE consensus", "Majority vote")
    given = {"mask_paths": paths[-masks:], "labels": labels[-masks:], "places": tuple(range(masks)), **changes}
    return overlaid.Overlay("Title", dataset / "images" / "ISIC_2.JPG", target=dataset / "x", **given)


def test_annotators_have_colours_of_their_own_and_only_consensus_outlines_are_dashed(dataset):
    (axes,) = overlaid.draw(overlay_of(dataset, 5)).axes
    colours = {tuple(lines.get_colors()[0]) for lines in axes.collections}
    dashed = [lines.get_linestyles()[0][1] is not None for lines in axes.collections]
    assert len(colours) == 5
    assert dashed == [False, False, False, True, True]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["A00, T1, S1", "A01, T1, S1", "A02, T1, S1", "STAPLE consensus", "Majority vote"]


def test_an_annotator_has_the_same_line_in_every_image_and_another_for_a_second_mask():
    everyone = ["A00", "A01", "A02", "ST", "MV"]
    assert overlaid.places_of_lines(["A02", "A00", "ST"], everyone) == (2, 0, 3)
    assert overlaid.places_of_lines(["A01", "A01", "A01"], everyone) == (1, 8, 15)


@pytest.mark.parametrize("data", [b"", b"no picture", bomb(60_000)], ids=["empty", "text", "60,000 x 60,000"])
def test_a_photo_that_cannot_be_decoded_is_refused(tmp_path, data):
    (tmp_path / "photo.png").write_bytes(data)
    with pytest.raises(PipelineError):
        load_image(tmp_path / "photo.png")


def test_up_to_seven_annotators_differ_in_colour_and_more_in_line():
    styles = overlaid._STYLES
    assert len({colour for colour, _ in styles[:7]}) == 7
    assert len(set(styles)) == len(styles) == 21


def test_an_empty_mask_is_named_in_the_legend(dataset):
    write_png(dataset / "seg_masks" / "ISIC_2_MV.png", box(0, 0, 0, 0))
    (axes,) = overlaid.draw(overlay_of(dataset, 2)).axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["STAPLE consensus", "Majority vote: empty"]


def test_masks_of_another_size_than_the_image_are_refused(dataset):
    write_png(dataset / "seg_masks" / "ISIC_2_MV.png", box(0, 0, 2, 2, shape=(12, 16)))
    with pytest.raises(PipelineError, match=r"(?s)differ in size from their image.*32 x 24.*16 x 12"):
        overlaid.draw(overlay_of(dataset, 1))


def test_a_turned_photo_is_drawn_as_stored_like_its_masks(dataset):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    Image.new("RGB", (32, 24), "tan").save(dataset / "images" / "ISIC_2.JPG", "JPEG", exif=exif)
    (axes,) = overlaid.draw(overlay_of(dataset, 1)).axes
    assert axes.images[0].get_array().shape == (24, 32, 3)


def test_a_large_image_is_shrunk_and_its_outlines_keep_their_place(dataset):
    from PIL import Image

    shape = (1500, 3000)
    Image.new("RGB", shape[::-1], "tan").save(dataset / "images" / "ISIC_2.JPG", "JPEG")
    write_png(dataset / "seg_masks" / "ISIC_2_MV.png", box(300, 600, 900, 1800, shape))
    (axes,) = overlaid.draw(overlay_of(dataset, 1)).axes
    assert axes.images[0].get_array().shape == (600, 1200, 3)
    assert axes.images[0].get_extent() == [-0.5, 2999.5, 1499.5, -0.5]
    (path,) = axes.collections[0].get_paths()
    assert path.get_extents().extents.tolist() == [600, 300, 1799, 899]


def test_all_figures_appear_in_three_formats_and_the_same_bytes_twice(dataset):
    scripts = ("plot_dataset_distribution", "plot_individual_metrics", "plot_overlaid_segmentations")
    runs = []
    for _ in range(2):
        for script in scripts:
            done = run(script, dataset)
            assert done.returncode == 0, done.stderr
        runs.append(tree(dataset / "visualizations"))
    assert runs[0] == runs[1]
    folders = ("dataset_statistics", "metrics", "overlaid_segs", "overlaid_segs")
    names = [f"{folder}/{name}" for folder, name in zip(folders, DRAWN, strict=True)]
    assert set(runs[0]) == {name + suffix for name in names for suffix in (".png", ".svg", ".pdf")}


def test_figures_are_as_wide_as_a_column_at_300_dpi(dataset):
    from PIL import Image

    for script in ("plot_dataset_distribution", "plot_individual_metrics", "plot_overlaid_segmentations"):
        assert run(script, dataset).returncode == 0
    for path in (dataset / "visualizations").rglob("*.png"):
        with Image.open(path) as image:
            assert round(image.info["dpi"][0]) == 300
            assert 84 < image.width / 300 * 25.4 < 90, path


@pytest.mark.parametrize(
    ("script", "table", "column", "figure"),
    [
        ("plot_dataset_distribution", "IMAplusplus_seg_metadata", "tool", "distribution"),
        (
            "plot_individual_metrics",
            "IMAplusplus_multiannotator_subset_IAA_metrics",
            "hd95_score_normalized",
            "individual_metrics",
        ),
    ],
)
def test_a_figure_whose_column_is_missing_is_skipped_and_named(dataset, script, table, column, figure):
    path = dataset / "metadata" / f"{table}.csv"
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    done = run(script, dataset)
    assert done.returncode == 0
    assert f"{figure} skipped" in done.stderr
    assert column in done.stderr
    assert figures(dataset) == set()


@pytest.mark.parametrize(
    ("script", "table"),
    [
        ("plot_dataset_distribution", "IMAplusplus_seg_metadata"),
        ("plot_individual_metrics", "IMAplusplus_multiannotator_subset_IAA_metrics"),
    ],
)
def test_a_table_without_rows_gives_no_figure(dataset, script, table):
    path = dataset / "metadata" / f"{table}.csv"
    pd.read_csv(path)[:0].to_csv(path, index=False)
    done = run(script, dataset)
    assert done.returncode == 0
    assert "skipped" in done.stderr
    assert figures(dataset) == set()


def test_images_that_are_missing_or_damaged_are_named_and_the_rest_is_drawn(dataset):
    (dataset / "images" / "ISIC_1.JPG").write_bytes(b"no image")
    keys = ("overlay_selection=ids", "overlay_ids=[ISIC_1,ISIC_9,ISIC_2]")
    done = run("plot_overlaid_segmentations", dataset, *keys)
    assert done.returncode == 0
    assert "ISIC_1 skipped" in done.stderr
    assert "ISIC_9 skipped" in done.stderr
    assert figures(dataset) == {f"overlaid_segs/ISIC_2{suffix}" for suffix in (".png", ".svg", ".pdf")}


def test_a_missing_mask_is_named(dataset):
    (dataset / "seg_masks" / "ISIC_1_A01.png").unlink()
    done = run("plot_overlaid_segmentations", dataset, "overlay_selection=zero_overlap")
    assert done.returncode == 0
    assert "ISIC_1_A01.png" in done.stderr
    assert figures(dataset) == set()


def test_without_a_folder_of_images_there_are_no_overlays(dataset):
    done = run("plot_overlaid_segmentations", dataset, f"new_dataset_images_dir={dataset / 'none'}")
    assert done.returncode == 0
    assert "overlaid_segs skipped" in done.stderr


def test_a_metric_that_is_none_is_a_fault_of_the_configuration(dataset):
    done = run("plot_overlaid_segmentations", dataset, "overlay_metric=dice")
    assert done.returncode == 2
    assert "dice_score" in done.stderr


def test_the_released_metadata_has_the_published_counts(released):
    table = humans_only(released("IMAplusplus_seg_metadata"))
    images = distribution.images_by_number_of_masks(table)
    assert images.sum() == table["ISIC_id"].nunique() == 14967
    assert (images * images.index).sum() == len(table) == 17684
    assert images.loc[2:].sum() == 2394


def test_the_released_pairs_have_the_published_spread(released):
    pairs = human_pairs_only(released("IMAplusplus_multiannotator_subset_IAA_metrics"))
    summary = released("IMAplusplus_multiannotator_subset_IAA_metrics_summary").set_index("Unnamed: 0")
    for column in individual.NAMES:
        spread = individual.spread(pairs[column].to_numpy())
        assert spread.median == pytest.approx(summary.loc["Median", column], rel=1e-12)
        assert spread.q3 - spread.q1 == pytest.approx(summary.loc["IQR", column], rel=1e-9)


def test_the_released_pairs_give_the_images_of_the_image_level_table(released):
    pairs = human_pairs_only(released("IMAplusplus_multiannotator_subset_IAA_metrics"))
    lowest = overlaid.select_images(pairs, OverlaySelection.lowest, "dice_score", 50)
    means = metrics_per_image(pairs).sort_values(["dice_score_mean", "img_id"], kind="stable")
    assert lowest == means["img_id"].head(50).tolist()
    assert len(overlaid.select_images(pairs, OverlaySelection.zero_overlap)) == 26


def test_the_released_tables_are_drawn(reference, tmp_path):
    (tmp_path / "metadata").mkdir()
    for path in (reference / "published").glob("*.csv.gz"):
        (tmp_path / "metadata" / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    for script in ("plot_dataset_distribution", "plot_individual_metrics", "plot_overlaid_segmentations"):
        assert run(script, tmp_path).returncode == 0
    assert len(figures(tmp_path)) == 6
