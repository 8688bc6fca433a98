"""Agreement by factor, by set of annotators and by diagnosis: numbers, pictures, and the released tables."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import run_script
from matplotlib.colors import to_hex
from scipy import stats

from multiannotator_analysis.visualization_scripts import plot_annotator_intersections as intersections
from multiannotator_analysis.visualization_scripts import plot_iaa_by_diagnosis as diagnosis
from multiannotator_analysis.visualization_scripts import plot_inter_intra_factor_agreement as factors

FOLDER = "multiannotator_analysis"
SCRIPTS = ("plot_inter_intra_factor_agreement", "plot_annotator_intersections", "plot_iaa_by_diagnosis")
SUBSET = "IMAplusplus_multiannotator_subset_"
SUFFIXES = (".png", ".svg", ".pdf")
PAIR_NAMES = ["img_id", "annotator1", "annotator2", "tool1", "tool2", "dice_score", "hd95_score_normalized"]
PAIRS = pd.DataFrame(
    [
        ("I1.JPG", "A00", "A01", "T1", "T2", 0.50, 0.10),
        ("I1.JPG", "A00", "ST", "T1", "ST", 0.90, 0.01),
        ("I1.JPG", "MV", "ST", "MV", "ST", 0.80, 0.02),
        ("I2.JPG", "A01", "A00", "T2", "T1", 0.75, 0.30),
        ("I2.JPG", "A01", "A00", "T2", "T1", 0.25, np.nan),
        ("I3.JPG", "A02", "A02", "T1", "T1", 1.00, 0.00),
    ],
    columns=PAIR_NAMES,
).assign(skill_level1="S1", skill_level2="S1")


def run(script: str, folder: Path, *overrides: str):
    """Run a script on the tables in folder/metadata."""
    config = Path(__file__).resolve().parents[1] / FOLDER / "config.yaml"
    path = f"{FOLDER}/visualization_scripts/{script}.py"
    return run_script(path, "--config", config, *overrides, env={"IMAPP_OUTPUT_DIR": str(folder)})


def give(folder: Path, pairs: pd.DataFrame | None = None, images: str | None = None) -> Path:
    """Write the pairs, their means by image, and the image table to where the scripts look."""
    metadata = folder / "metadata"
    metadata.mkdir()
    if pairs is not None:
        pairs.to_csv(metadata / f"{SUBSET}IAA_metrics.csv", index=False)
        means = pairs.groupby("img_id")["dice_score"].mean().rename("dice_score_mean").reset_index()
        means.to_csv(metadata / f"{SUBSET}image_level_metrics.csv", index=False)
    if images is not None:
        (metadata / "IMAplusplus_img_metadata.csv").write_text(images, encoding="utf-8")
    return folder


def drawn(folder: Path) -> dict[str, bytes]:
    """Return all figures and their tables: relative name -> bytes."""
    base = folder / "visualizations"
    return {str(path.relative_to(base)): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def width_mm(png: bytes) -> float:
    return int.from_bytes(png[16:20], "big") / 300 * 25.4


@pytest.fixture(scope="module")
def released(reference, tmp_path_factory) -> Path:
    """Output folder of all three scripts on the released tables."""
    folder = tmp_path_factory.mktemp("released")
    (folder / "metadata").mkdir()
    for packed in (reference / "published").glob("*.csv.gz"):
        (folder / "metadata" / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    for script in SCRIPTS:
        done = run(script, folder)
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stderr
    return folder


# --- Factors ---------------------------------------------------------------------------------------------


def test_pairs_count_in_either_order_and_consensus_comes_last():
    found = factors.agreement_of_levels(PAIRS, "annotator", "dice_score")

    assert found.levels == ["A00", "A01", "A02", "MV", "ST"]
    assert found.counts.tolist() == [
        [0, 3, 0, 0, 1],
        [3, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 1],
        [1, 0, 0, 1, 0],
    ]
    assert found.means[1, 0] == found.means[0, 1] == pytest.approx(0.5)
    assert found.means[2, 2] == 1
    assert found.means[4, 3] == 0.8
    assert np.array_equal(np.isnan(found.means), found.counts == 0)


def test_pairs_without_a_value_are_not_counted():
    found = factors.agreement_of_levels(PAIRS, "tool", "hd95_score_normalized")

    assert found.levels == ["T1", "T2", "MV", "ST"]
    assert found.counts[1, 0] == 2
    assert found.means[1, 0] == pytest.approx(0.2)


def test_no_pairs_give_no_levels():
    found = factors.agreement_of_levels(PAIRS.iloc[:0], "tool", "dice_score")

    assert found.levels == []
    assert found.means.shape == found.counts.shape == (0, 0)


def test_heatmap_shows_the_lower_triangle_with_counts_and_marks_cells_without_pairs():
    figure = factors.draw([factors.agreement_of_levels(PAIRS, "tool", m.column) for m in factors.METRICS])

    dice, distance = (axes for axes in figure.axes if axes.get_title(loc="left"))
    cells = {tuple(text.get_position()): text.get_text() for text in dice.texts}
    assert len(cells) == 10
    assert all(x <= y for x, y in cells)
    assert cells[0.5, 0.5] == "1.00\n1"
    assert cells[0.5, 1.5] == "0.50\n3"
    assert cells[2.5, 3.5] == "0.80\n1"
    assert cells[1.5, 1.5] == "–"
    assert sorted(cells.values()).count("–") == 6
    assert "0.200\n2" in [text.get_text() for text in distance.texts]
    assert [label.get_text() for label in dice.get_xticklabels()] == ["T1", "T2", "MV", "ST"]


def test_good_agreement_is_bright_in_both_panels_and_text_stands_out():
    two = PAIRS.iloc[[0, 5]]
    figure = factors.draw([factors.agreement_of_levels(two, "tool", m.column) for m in factors.METRICS])

    for axes in (axes for axes in figure.axes if axes.get_title(loc="left")):
        colours = {text.get_text().split("\n")[0]: to_hex(text.get_color()) for text in axes.texts}
        good, bad = ("1.00", "0.50") if axes.get_title(loc="left") == "Dice" else ("0.000", "0.100")
        assert (colours[good], colours[bad]) == ("#000000", "#ffffff")


@pytest.mark.parametrize("levels", [1, 2, 5, 18])
def test_text_stays_within_its_cell_and_the_figure_within_a_page(levels):
    means = np.full((levels, levels), 0.888)
    agreement = factors.Agreement(
        [f"A{n:02d}" for n in range(levels)], means, means.astype(int) + 9999 // (levels % 2 + 1)
    )

    figure = factors.draw([agreement, agreement])

    width, height = figure.get_size_inches() * 25.4
    assert width <= 180 and height <= 247
    figure.canvas.draw()
    for axes in (axes for axes in figure.axes if axes.get_title(loc="left")):
        cell = axes.get_window_extent()
        for text in axes.texts:
            assert text.get_fontsize() >= 7
            extent = text.get_window_extent()
            assert extent.width <= cell.width / levels and extent.height <= cell.height / levels


# --- Sets of annotators ----------------------------------------------------------------------------------


def test_images_are_grouped_by_their_exact_annotators():
    groups = intersections.images_by_annotators(PAIRS)

    assert list(groups) == [("A00", "A01"), ("A02",)]
    assert groups["A00", "A01"]["dice_score"].to_dict() == {"I1.JPG": 0.5, "I2.JPG": 0.5}
    assert groups["A00", "A01"]["hd95_score_normalized"].tolist() == pytest.approx([0.1, 0.3])
    assert groups["A02",].index.tolist() == ["I3.JPG"]


def test_equally_frequent_sets_come_by_name_and_larger_sets_are_sets_of_their_own():
    rows = [("I9", "B", "A"), ("I8", "C", "A"), ("I7", "A", "B"), ("I7", "A", "C"), ("I7", "B", "C")]
    pairs = pd.DataFrame(rows, columns=PAIR_NAMES[:3]).assign(dice_score=0.5, hd95_score_normalized=0.1)

    assert list(intersections.images_by_annotators(pairs)) == [("A", "B"), ("A", "B", "C"), ("A", "C")]


def test_consensus_alone_gives_no_sets():
    assert intersections.images_by_annotators(PAIRS.iloc[1:3]) == {}


def test_every_image_is_a_point_and_every_set_a_labelled_row():
    groups = intersections.images_by_annotators(PAIRS)

    dice, distance = intersections.draw(groups, "Title").axes

    assert [len(points.get_offsets()) for points in dice.collections] == [2, 1]
    assert [text.get_text() for text in dice.get_yticklabels()] == [
        "A00 + A01 (n = 2)",
        "A02 more than once (n = 1)",
    ]
    assert "Dice" in dice.get_xlabel() and "HD95" in distance.get_xlabel()


def test_a_set_whose_distances_are_all_missing_keeps_its_row():
    groups = intersections.images_by_annotators(PAIRS.assign(hd95_score_normalized=np.nan))

    _, distance = intersections.draw(groups, "Title").axes

    assert [len(points.get_offsets()) for points in distance.collections] == [0, 0]


# --- Diagnosis -------------------------------------------------------------------------------------------


def test_images_are_matched_by_id_and_other_diagnoses_counted():
    per_image = pd.DataFrame(
        {
            "img_id": ["a.v2.JPG", "b.JPG", "c.png", "d.JPG", "e.JPG"],
            "dice_score_mean": [0.1, 0.2, 0.3, np.nan, 0.5],
        }
    )
    table = pd.Series({"a.v2": " Malignant", "b": "benign", "c": "", "d": "benign"})

    groups = diagnosis.values_by_diagnosis(per_image, table)

    assert {name: values.tolist() for name, values in groups.items()} == {
        "malignant": [0.1],
        "benign": [0.2],
        "without diagnosis": [0.3, 0.5],
    }


def test_caption_names_tests_effect_and_what_is_left_out():
    result = {
        "mann_whitney_p": 0.0004,
        "kolmogorov_smirnov_p": 0.0416,
        "cliffs_delta": -0.154,
        "cliffs_delta_low": -0.2,
        "cliffs_delta_high": 0.1,
    }

    text = diagnosis.caption(result, {"indeterminate": 1500}).replace("\n", " ")

    for part in ("Mann–Whitney p < 0.001", "Kolmogorov–Smirnov p = 0.042", "−0.15 (95 %: −0.20 to 0.10)"):
        assert part in text
    assert text.endswith("indeterminate 1,500")
    assert diagnosis.caption(result, {}).endswith("not drawn: none")


def test_curves_are_the_cumulative_shares():
    groups = {"malignant": pd.Series([0.5, 0.2]), "benign": pd.Series([0.9])}

    axes = diagnosis.draw(groups, "Text").axes[0]

    first, second = axes.get_lines()
    assert first.get_xdata()[1:].tolist() == [0.2, 0.5]
    assert first.get_ydata().tolist() == [0, 0.5, 1]
    assert first.get_linestyle() != second.get_linestyle()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["malignant (n = 2)", "benign (n = 1)"]


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ("isic_id,sex\nI1,female\n", "diagnosis_1 or benign_malignant"),
        ("isic_id,diagnosis_1\nI1,Benign\nI2,Indeterminate\n", "malignant"),
        ("isic_id,diagnosis_1\n", "malignant or benign"),
    ],
)
def test_a_figure_without_diagnoses_is_skipped_and_named(tmp_path, images, told):
    done = run("plot_iaa_by_diagnosis", give(tmp_path, PAIRS, images))

    assert done.returncode == 0, done.stderr
    assert "WARNING" in done.stderr and told in done.stderr and "iaa_cdfs skipped" in done.stderr
    assert drawn(tmp_path) == {}


def test_benign_malignant_serves_where_diagnosis_1_is_not(tmp_path):
    images = "isic_id,benign_malignant\nI1,malignant\nI2,benign\nI3,indeterminate/benign\n"

    done = run("plot_iaa_by_diagnosis", give(tmp_path, PAIRS, images))

    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "visualizations/dataset_statistics/iaa_cdfs.csv")
    row = table.iloc[0]
    assert len(table) == 1
    assert (row["n_malignant"], row["n_benign"], row["n_other"]) == (1, 1, 1)
    assert row["diagnosis_column"] == "benign_malignant"


# --- Scripts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS[:2])
def test_without_pairs_nothing_is_drawn(tmp_path, script):
    done = run(script, give(tmp_path, PAIRS.iloc[:0]))

    assert done.returncode == 0, done.stderr
    assert "WARNING" in done.stderr and "skipped" in done.stderr
    assert drawn(tmp_path) == {}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_missing_table_is_named(tmp_path, script):
    done = run(script, give(tmp_path, images="isic_id,diagnosis_1\nI1,Benign\n"))

    assert done.returncode == 1
    assert SUBSET in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_describes_the_keys(tmp_path, script):
    done = run(script, tmp_path, "--help")

    assert done.returncode == 0
    keys = [line.split(maxsplit=1) for line in done.stdout.partition("\nkeys:\n")[2].splitlines()]
    assert ["visualizations_dir", "folder of the figures"] in keys
    assert all(len(key) == 2 for key in keys)


def test_released_tables_give_every_figure_within_a_column(released):
    bases = {
        **{f"metrics/inter_intra_{name}_agreement": 180 for name in ("tool", "skill", "annotator")},
        "annotator_intersection_agreements/all_annotator_intersections": 180,
        "dataset_statistics/iaa_cdfs": 88,
    }
    files = drawn(released)

    assert set(files) == {base + suffix for base in bases for suffix in SUFFIXES} | {"dataset_statistics/iaa_cdfs.csv"}
    for base, limit in bases.items():
        assert 60 < width_mm(files[f"{base}.png"]) <= limit


def test_released_pairs_are_all_in_the_cells(released):
    pairs = pd.read_csv(released / "metadata" / f"{SUBSET}IAA_metrics.csv")

    for column, levels in (("tool", 5), ("skill_level", 4), ("annotator", 17)):
        found = factors.agreement_of_levels(pairs, column, "dice_score")
        cells = np.tril(found.counts)
        assert len(found.levels) == levels and found.levels[-2:] == ["MV", "ST"]
        assert cells.sum() == len(pairs) == 15719
        assert np.nansum(np.tril(found.means) * cells) == pytest.approx(pairs["dice_score"].sum())
        assert found.counts[-1, -2] == 2394


def test_released_sets_are_those_of_the_segmentation_table(released):
    pairs = pd.read_csv(released / "metadata" / f"{SUBSET}IAA_metrics.csv")
    masks = pd.read_csv(released / "metadata" / f"{SUBSET}seg_metadata.csv", dtype=str)
    people = masks[~masks["annotator"].isin(["ST", "MV"])]
    expected = people.groupby("ISIC_id")["annotator"].agg(lambda names: tuple(sorted(set(names))))

    groups = intersections.images_by_annotators(pairs)

    assert {names: len(table) for names, table in groups.items()} == expected.value_counts().to_dict()
    assert next(iter(groups)) == ("A00", "A03") and len(groups) == 50


def test_released_diagnoses_are_compared_by_image(released):
    row = pd.read_csv(released / "visualizations/dataset_statistics/iaa_cdfs.csv").iloc[0]
    metadata = released / "metadata"
    values = pd.read_csv(metadata / f"{SUBSET}image_level_metrics.csv")
    images = pd.read_csv(metadata / "IMAplusplus_img_metadata.csv", dtype=str).set_index("isic_id")
    of_image = images["diagnosis_1"].reindex(values["img_id"].str.removesuffix(".JPG")).to_numpy()
    malignant, benign = (values["dice_score_mean"][of_image == name] for name in ("Malignant", "Benign"))

    test = stats.mannwhitneyu(malignant, benign)

    assert (row["n_malignant"], row["n_benign"], row["n_other"]) == (505, 1874, 15)
    assert row["mann_whitney_p"] == pytest.approx(test.pvalue)
    assert row["kolmogorov_smirnov_p"] == pytest.approx(stats.ks_2samp(malignant, benign).pvalue)
    assert row["cliffs_delta"] == pytest.approx(2 * test.statistic / 505 / 1874 - 1)
    assert row["cliffs_delta_low"] < row["cliffs_delta"] < row["cliffs_delta_high"] < 0


def test_a_second_run_gives_the_same_bytes(released):
    before = drawn(released)

    for script in SCRIPTS[1:]:
        assert run(script, released).returncode == 0

    assert drawn(released) == before


def test_the_number_of_sets_is_a_key(released, tmp_path):
    done = run(SCRIPTS[1], released, "annotator_sets_shown=3", f"visualizations_dir={tmp_path}")

    assert "3 of 50 sets of annotators, 1,464 of 2,394 images" in done.stderr
    assert len(list(tmp_path.rglob("*.png"))) == 1
