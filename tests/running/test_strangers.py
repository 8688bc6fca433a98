"""Files of others that lie where outputs go outside the output folder: moved aside, named, and never lost."""

from __future__ import annotations

import shutil

import pytest
from support.checkout import check_run
from support.run import raw_arguments, succeed

MINE = b"this is mine"
LAY_OUT = ("create_dataset", "move_dataset")
TOLD = "file that no stage has made lay where outputs go, and moved to"


@pytest.mark.parametrize(
    ("stage", "key", "name"),
    [
        ("make_report", "report_dir", "index.html"),
        ("make_report", "report_dir", "data/images.js"),
        ("imaplusplus_annotator_overlap", "upset_plots_dir", "imaplusplus_annotator_overlap.svg"),
        ("plot_overlaid_segmentations", "visualizations_dir", "overlaid_segs/IMG_01.pdf"),
    ],
)
def test_a_file_of_others_moves_aside_once(rerun, tmp_path, stage, key, name):
    path = tmp_path / "web" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(MINE)
    place = f"{key}={tmp_path / 'web'}"
    text = succeed(stage, rerun, place)
    aside = rerun / "quarantine" / "replaced" / path.name
    assert aside.read_bytes() == MINE and f"1 {TOLD}" in text and str(path) in text
    assert path.read_bytes() != MINE
    made = path.read_bytes()
    assert TOLD not in succeed(stage, rerun, place)
    assert aside.read_bytes() == MINE and path.read_bytes() == made


def test_a_recorded_output_that_somebody_has_changed_since_moves_aside(rerun, tmp_path):
    figure, place = "imaplusplus_annotator_overlap", f"upset_plots_dir={tmp_path / 'plots'}"
    succeed(figure, rerun, place)
    (tmp_path / "plots" / f"{figure}.svg").write_bytes(MINE)
    assert f"1 {TOLD}" in succeed(figure, rerun, place)
    assert (rerun / "quarantine" / "replaced" / f"{figure}.svg").read_bytes() == MINE


def test_a_table_of_failures_of_others_is_not_taken_in(rerun, tmp_path):
    table = tmp_path / "tables" / "failures.csv"
    table.parent.mkdir()
    for text in ("stage,img_id,reason\nscore_predictions,old.JPG,broken\n", "other,columns\n1,2\n"):
        table.write_text(text)
        said = succeed("compute_IAA_metrics", rerun, f"failures_path={table}")
        assert "old.JPG" not in table.read_text() and f"1 {TOLD}" in said
    kept = {path.read_text() for path in (rerun / "quarantine" / "replaced").iterdir()}
    assert len(kept) == 2 and any("old.JPG" in text for text in kept)


@pytest.mark.parametrize("name", ["IMAplusplus_img_metadata.csv", "IMAplusplus_seg_metadata.csv"])
@pytest.mark.parametrize("text", ["isic_id,age\nother_1,3\n", "a,b\n1,2\n"])
def test_metadata_of_others_are_no_earlier_run(small_raw, tmp_path, name, text):
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / name).write_text(text)
    said = succeed("create_dataset", tmp_path / "output", f"new_dataset_metadata_output_dir={tables}", raw=small_raw)
    assert f"1 {TOLD}" in said
    assert (tmp_path / "output" / "quarantine" / "replaced" / name).read_text() == text


def test_the_report_of_another_dataset_in_the_same_folder_is_lost_in_no_part(rerun, tmp_path):
    of_others = tmp_path / "web" / "details" / "1234567890abcdef.js"
    of_others.parent.mkdir(parents=True)
    of_others.write_bytes(MINE)
    succeed("make_report", rerun, f"report_dir={tmp_path / 'web'}")
    assert of_others.read_bytes() == MINE


def test_images_masks_and_tables_of_others_are_kept_and_the_check_says_nothing_of_them(
    small_raw, tmp_path, project_copy
):
    output, data = tmp_path / "output", tmp_path / "data"
    (data / "images").mkdir(parents=True)
    (data / "tables").mkdir()
    (data / "images" / "IMG_01.JPG").write_bytes(MINE)
    (data / "tables" / "ISIC_ids.txt").write_bytes(MINE)
    places = (f"target_data_dir={data}", f"new_dataset_metadata_output_dir={data / 'tables'}")
    said = [succeed(stage, output, *places, raw=small_raw) for stage in LAY_OUT]
    assert all(f"1 {TOLD}" in text for text in said)
    aside = output / "quarantine" / "replaced"
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == {"IMG_01.JPG": MINE, "ISIC_ids.txt": MINE}
    assert (data / "images" / "IMG_01.JPG").read_bytes() != MINE
    folders = (f"new_dataset_dir={data}", f"new_dataset_metadata_output_dir={data / 'tables'}")
    code, text = check_run(project_copy, output, "--any-stage", *raw_arguments(small_raw), *places, *folders)
    assert (code, "replaced" in text) == (0, False)


def test_what_is_the_same_stays_where_it_is(small_raw, tmp_path):
    output, place = tmp_path / "output", f"target_data_dir={tmp_path / 'data'}"
    for stage in LAY_OUT:
        succeed(stage, output, place, raw=small_raw)
    # As after a run that was killed before it could record what it made.
    shutil.rmtree(output)
    said = [succeed(stage, output, place, raw=small_raw) for stage in LAY_OUT]
    assert not any(TOLD in text for text in said) and "already there" in said[-1]
    assert not (output / "quarantine" / "replaced").exists()


def test_below_the_output_folder_what_has_the_name_of_an_output_is_one(rerun):
    figure = "imaplusplus_annotator_overlap"
    (rerun / "visualizations" / "upset_plots").mkdir(parents=True, exist_ok=True)
    (rerun / "visualizations" / "upset_plots" / f"{figure}.svg").write_bytes(MINE)
    assert TOLD not in succeed(figure, rerun)
