"""Exclusive intersections, what the UpSet plots show, and the same bytes on every run."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest
from support.files import write_file
from support.run import run_here, run_stage, succeed
from support.trees import tree

from dataset_analysis.imaplusplus_annotator_overlap import images_by_annotator
from utils.figures.plotting import HIGHLIGHT, PLAIN, figure_style, save_figure
from utils.figures.upset import count_intersections, upset_figure
from utils.id_lists import read_datasets

SEG_TABLE = "ISIC_id,annotator\nI1,A00\nI1,A00\nI1,A01\nI2,A00\nI3,A02\nI1,ST\nI1,MV\n"
FIGURES = (".png", ".svg", ".pdf")


def draw(sets: dict[str, set[str]], **options):
    options = {"highlight": {"present": "IMA++"}, "legend": ("in", "out"), **options}
    return upset_figure(sets, "Title", "dataset", **options)


def upset_axes(figure) -> tuple:
    bars = next(axes for axes in figure.axes if axes.get_ylabel())
    totals = next(axes for axes in figure.axes if axes.get_xlabel())
    matrix = next(axes for axes in figure.axes if axes.collections)
    return bars, totals, matrix


def colours(axes) -> list[str]:
    from matplotlib.colors import to_hex

    return [to_hex(bar.get_facecolor()).upper() for bar in axes.containers[0]]


def test_intersections_are_exclusive_and_their_counts_add_up_to_the_union():
    sets = {"A": {"1", "2", "3", "4"}, "B": {"3", "4", "5"}, "C": {"4"}}
    assert list(count_intersections(sets).items()) == [
        (("A",), 2),
        (("A", "B"), 1),
        (("A", "B", "C"), 1),
        (("B",), 1),
    ]


def test_sets_without_elements_have_no_intersections():
    assert count_intersections({"A": set(), "B": set()}) == {}


def test_an_annotator_has_an_image_once_and_consensus_masks_have_no_annotator():
    rows = [line.split(",") for line in SEG_TABLE.split()]
    table = pd.DataFrame(rows[1:], columns=rows[0])
    assert images_by_annotator(table) == {"A00": {"I1", "I2"}, "A01": {"I1"}, "A02": {"I3"}}


def test_the_figure_shows_every_count_and_colours_one_set():
    figure = draw({"small": {"1", "2", "9"}, "IMA++": {str(n) for n in range(1, 9)}})
    bars, totals, matrix = upset_axes(figure)
    assert [text.get_text() for text in bars.texts] == ["6", "2", "1"]
    assert colours(bars) == [HIGHLIGHT, HIGHLIGHT, PLAIN]
    from_top = list(reversed(matrix.get_yticklabels()))
    assert [label.get_text() for label in from_top] == ["IMA++", "small"]
    assert [text.get_text() for text in totals.texts] == ["3", "8"]
    assert colours(totals) == [PLAIN, HIGHLIGHT]
    assert bars.get_ylabel() == "Images of exactly\nthese datasets"
    assert totals.get_xlabel() == "Images per dataset"


def test_intersections_of_several_sets_can_be_coloured():
    bars, _, _ = upset_axes(draw({"A": {"1", "2", "3"}, "B": {"3"}}, highlight={"min_degree": 2}))
    assert [text.get_text() for text in bars.texts] == ["2", "1"]
    assert colours(bars) == [PLAIN, HIGHLIGHT]


def test_of_many_intersections_the_largest_are_shown_and_the_caption_says_so():
    sets = {f"D{n}": {f"{n}-{m}" for m in range(1000 * (5 - n))} for n in range(5)}
    bars, totals, _ = upset_axes(draw(sets, highlight={"present": "D0"}, max_intersections=2))
    assert [text.get_text() for text in bars.texts] == ["5,000", "4,000"]
    caption = " ".join(bars.get_legend().get_title().get_text().split())
    assert caption == "Title The 2 largest of 5 intersections; the other 3 hold 6,000 images"
    assert sorted(bar.get_width() for bar in totals.containers[0]) == [1000, 2000, 3000, 4000, 5000]


def _overlapping(texts: list) -> list[tuple[str, str]]:
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    pairs = [(one, two) for n, one in enumerate(boxes) for two in boxes[:n]]
    return [(one[0], two[0]) for one, two in pairs if one[1].overlaps(two[1])]


@pytest.mark.parametrize("name", ["B", "A rather long name of a dataset with $\\no_formula$"])
@pytest.mark.parametrize("size", [1, 123_456])
def test_no_text_overlaps_another(name, size):
    sets = {"IMA++": {str(n) for n in range(size)}, name: {"0", "other"}}
    sets |= {f"A{n:02d}": {"0", f"{n}"} for n in range(16)}
    figure = draw(sets)
    with figure_style():
        figure.draw_without_rendering()  # puts every text at its place
    bars, totals, matrix = upset_axes(figure)
    texts = [*bars.texts, *totals.texts, *matrix.get_yticklabels(), *bars.get_yticklabels()]
    texts += [
        bars.yaxis.label,
        totals.xaxis.label,
        bars.get_legend().get_title(),
        *bars.get_legend().get_texts(),
    ]
    assert _overlapping(texts) == []
    bar_tops = totals.containers[0][-1].get_window_extent()
    assert not any(bar_tops.overlaps(label.get_window_extent()) for label in matrix.get_yticklabels())


def test_a_saved_page_holds_an_axis_label_longer_than_its_axis(tmp_path):
    from matplotlib.figure import Figure
    from PIL import Image

    widths = []
    for label in ("x", "a label that is much longer than the axis it belongs to"):
        figure = Figure(figsize=(1, 1))
        figure.add_subplot().set_xlabel(label)
        with Image.open(save_figure(figure, tmp_path / "a.b")[0]) as image:
            widths.append(image.width)
            assert round(image.info["dpi"][0]) == 300
    assert widths[1] > 2 * widths[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.b.pdf", "a.b.png", "a.b.svg"]


def _inputs(tmp_path: Path) -> list[str]:
    table = write_file(tmp_path / "seg.csv", SEG_TABLE)
    write_file(tmp_path / "others" / "D1" / "ids.txt", "I1\nX\n")
    write_file(tmp_path / "others" / "D2" / "ids.txt", "I1\nI2\nX\nY\n")
    write_file(tmp_path / "others" / "Empty" / "ids.txt", "\n")
    return [f"output_seg_masks_metadata_path={table}", f"other_datasets_dir={tmp_path / 'others'}"]


@pytest.mark.parametrize(
    ("script", "closing"),
    [
        ("other_datasets_overlap", "2 of 3 images of this dataset are in at least one of 2 other datasets"),
        ("imaplusplus_annotator_overlap", "3 annotators, 3 images"),
    ],
)
def test_two_runs_write_the_same_bytes(tmp_path, script, closing):
    inputs, written, moment = _inputs(tmp_path), [], 0
    for seed in ("1", "2"):
        while int(time.time()) == moment:
            time.sleep(0.02)  # dates in files are whole seconds
        environment = {"PYTHONHASHSEED": seed, "MPLBACKEND": "svg"}
        result = run_stage(script, tmp_path / "out", *inputs, python=("-W", "error"), env=environment)
        moment = int(time.time())
        assert result.returncode == 0, result.stderr
        assert closing in result.stderr
        assert ("left out" in result.stderr and "Empty" in result.stderr) == (script == "other_datasets_overlap")
        written.append(tree(tmp_path / "out" / "visualizations" / "upset_plots"))
    assert set(written[0]) == {script + suffix for suffix in FIGURES}
    assert written[0] == written[1]


def test_without_other_datasets_nothing_is_drawn_and_that_is_no_error(tmp_path):
    table = write_file(tmp_path / "seg.csv", SEG_TABLE)
    (tmp_path / "others").mkdir()
    inputs = [f"output_seg_masks_metadata_path={table}", f"other_datasets_dir={tmp_path / 'others'}"]
    text = succeed("other_datasets_overlap", tmp_path / "out", *inputs)
    assert "WARNING" in text and "0 other datasets" in text
    assert not (tmp_path / "out" / "visualizations").exists()


def test_a_missing_folder_of_other_datasets_is_warned_of_by_its_key(tmp_path, monkeypatch):
    table = write_file(tmp_path / "seg.csv", SEG_TABLE)
    monkeypatch.chdir(tmp_path)
    inputs = [f"output_seg_masks_metadata_path={table}", "other_datasets_dir=nowhere"]
    text = succeed("other_datasets_overlap", tmp_path / "out", *inputs)
    assert not (tmp_path / "out" / "visualizations").exists()
    assert "other_datasets_dir" in text and str(tmp_path / "nowhere") in text


def test_a_folder_that_claims_to_be_this_dataset_is_an_error(tmp_path):
    inputs = _inputs(tmp_path)
    write_file(tmp_path / "seg.csv", "ISIC_id,annotator\nISIC_0000001,A00\n")
    write_file(tmp_path / "others" / "IMA++" / "ids.txt", "ISIC_0000001\n")
    code, text = run_here("other_datasets_overlap", tmp_path / "out", *inputs)
    assert (code, "has the name of this one, IMA++" in text) == (1, True)


def test_one_annotator_shares_nothing_and_that_is_no_error(tmp_path):
    table = write_file(tmp_path / "seg.csv", "ISIC_id,annotator\nI1,A00\nI1,ST\n")
    text = succeed("imaplusplus_annotator_overlap", tmp_path / "out", f"output_seg_masks_metadata_path={table}")
    assert "WARNING" in text and "nothing to draw" in text


def test_the_released_lists_overlap_as_counted_by_set_arithmetic(reference):
    published = reference / "published"
    table = pd.read_csv(published / "IMAplusplus_seg_metadata.csv.gz", dtype=str, keep_default_na=False)
    others, without_ids = read_datasets(published / "other_dataset_ids")
    ours = set(table["ISIC_id"])
    assert (len(ours), len(others), without_ids) == (14967, 8, [])
    counts = count_intersections({"IMA++": ours, **others})
    assert counts["IMA++",] == len(ours - set().union(*others.values()))
    assert sum(counts.values()) == len(ours.union(*others.values()))
    annotators = images_by_annotator(table)
    several = sum(n for names, n in count_intersections(annotators).items() if len(names) > 1)
    pairs = table[table["annotator"].str.startswith("A")].drop_duplicates(["ISIC_id", "annotator"])
    assert several == (pairs["ISIC_id"].value_counts() > 1).sum()
    assert len(annotators) == 16
