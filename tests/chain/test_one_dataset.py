"""The output folder belongs to one dataset: what leaves it is withdrawn, another one is refused, the demo gives way."""

from __future__ import annotations

import json

import pytest
from support.checkout import check_run
from support.drawing import box, write_png
from support.files import table_rows
from support.run import raw_arguments, run_here, succeed
from support.small_set import other_raw

from utils.running.leftovers import withdrawn_files
from utils.running.run_manifest import manifest_file, read_manifest

LAY_OUT = ("create_dataset", "move_dataset")
TABLE = "raw_ISIC_segmasks_metadata.csv"
DEMO = ("demo_dir={raw}", "orig_segs_dir={raw}/segs")


@pytest.fixture
def output(small_raw, tmp_path):
    """Output folder of a dataset that was just laid out."""
    for stage in LAY_OUT:
        succeed(stage, tmp_path / "output", raw=small_raw)
    return tmp_path / "output"


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def metadata_names(output) -> set[str]:
    return {row["seg_filename"] for row in table_rows(output / "metadata" / "IMAplusplus_seg_metadata.csv")}


def test_what_left_the_metadata_is_withdrawn_and_never_deleted(small_raw, output):
    before = names(output / "seg_masks")
    for stage in LAY_OUT:
        text = succeed(stage, output, "exclude_mskObjectIDs=[f1,f2,f3,d1]", raw=small_raw)
    assert names(output / "seg_masks") == metadata_names(output)
    withdrawn = output / "quarantine" / "withdrawn"
    assert names(withdrawn) >= {"IMG_03.JPG", "IMG_05.JPG"} and "left the metadata" in text
    assert len(names(withdrawn)) == 2 + len(before - metadata_names(output))
    recorded = json.loads(manifest_file(output).read_text("utf-8"))["stages"]["move_dataset"]["outputs"]
    assert {name for name in recorded if "withdrawn" in name} == {
        f"quarantine/withdrawn/{name}" for name in names(withdrawn)
    }


def test_what_has_a_new_place_did_not_leave_the_metadata(small_raw, output, tmp_path):
    before = names(output / "seg_masks")
    text = succeed("move_dataset", output, f"target_data_dir={tmp_path / 'data'}", raw=small_raw)
    assert "got a new name or place; what was there before moved to" in text and "left the metadata" not in text
    assert names(tmp_path / "data" / "seg_masks") == before <= names(output / "quarantine" / "withdrawn")


def test_a_mask_that_left_is_told_though_another_has_the_same_content(small_raw, output):
    # As all empty masks of one size have.
    for name in ("raw_d1.png", "raw_f1.png"):
        write_png(small_raw / "segs" / name, box(2, 2, 9, 9))
    for stage in LAY_OUT:
        succeed(stage, output, raw=small_raw)
    for stage in LAY_OUT:
        text = succeed(stage, output, "exclude_mskObjectIDs=[f1]", raw=small_raw)
    (line,) = [line for line in text.splitlines() if "1 file left the metadata" in line]
    assert line.endswith("_f1.png")
    assert [name.endswith("_f1.png") for name in withdrawn_files(read_manifest(output))] == [True]


def test_a_withdrawn_mask_that_was_edited_is_left_alone_and_named(small_raw, output):
    mask = next((output / "seg_masks").glob("*_d1.png"))
    write_png(mask, box(0, 0, 2, 2))
    for stage in LAY_OUT:
        text = succeed(stage, output, "exclude_mskObjectIDs=[d1]", raw=small_raw)
    assert mask.is_file() and "left alone 1 file of an earlier run that changed since: seg_masks/" in text


def test_files_that_nobody_recorded_are_named_and_stay(small_raw, output):
    write_png(output / "seg_masks" / "mine.png", box(1, 1, 3, 3))
    text = succeed("move_dataset", output, raw=small_raw)
    assert "1 file that no stage has recorded" in text and "seg_masks/mine.png" in text
    assert (output / "seg_masks" / "mine.png").is_file()


def test_another_dataset_is_refused_with_the_ways_out(small_raw, output, tmp_path):
    before = metadata_names(output)
    code, text = run_here("create_dataset", output, raw=other_raw(small_raw, tmp_path))
    assert code == 1
    for part in ("holds another dataset", "another output_dir", "replace_output=true"):
        assert part in text
    assert metadata_names(output) == before


def test_another_dataset_may_replace_it_and_its_masks_are_kept(small_raw, output, tmp_path):
    masks = names(output / "seg_masks")
    succeed("mask_qa", output)
    quarantined = names(output / "quarantine") - {"quarantined_masks.csv"}
    assert quarantined
    other = other_raw(small_raw, tmp_path)
    for stage in LAY_OUT:
        succeed(stage, output, "replace_output=true", raw=other)
    assert names(output / "seg_masks") == metadata_names(output)
    assert masks | quarantined <= names(output / "quarantine" / "withdrawn")
    assert names(output / "quarantine") == {"withdrawn"}


def test_the_demo_gives_way_by_itself_in_one_line(small_raw, tmp_path):
    output, other = tmp_path / "output", other_raw(small_raw, tmp_path)
    demo = [key.format(raw=small_raw) for key in DEMO]
    for stage in LAY_OUT:
        succeed(stage, output, *demo, raw=small_raw)
    text = succeed("create_dataset", output, raw=other)
    assert text.count("the outputs of the embedded demo gave way to this dataset") == 1
    succeed("move_dataset", output, raw=other)
    assert names(output / "seg_masks") == metadata_names(output)
    assert not (output / "quarantine" / "withdrawn").exists()


@pytest.mark.parametrize("is_demo", [True, False])
def test_the_lists_of_the_demo_are_not_compared_with_other_data(small_raw, tmp_path, is_demo):
    lists = small_raw / "other_datasets"
    (lists / "HAM").mkdir(parents=True)
    (lists / "HAM" / "ids.txt").write_text("IMG_01\n")
    (small_raw / "demo_complete.json").write_text("{}")
    keys = [key.format(raw=small_raw) for key in DEMO] if is_demo else []
    for stage in LAY_OUT:
        succeed(stage, tmp_path / "output", *keys, raw=small_raw)
    text = succeed("other_datasets_overlap", tmp_path / "output", f"other_datasets_dir={lists}")
    assert ("not compared with the invented datasets" in text, "nothing to draw" in text) == (not is_demo, not is_demo)


def test_a_stage_removes_what_it_made_before_and_does_not_make_now(rerun):
    figure = "imaplusplus_annotator_overlap"
    succeed(figure, rerun)
    folder = rerun / "visualizations" / "upset_plots"
    assert names(folder) == {f"{figure}{suffix}" for suffix in (".png", ".svg", ".pdf")}
    mine = folder / f"{figure}.svg"
    mine.write_text("edited by hand")
    table = rerun / "metadata" / "IMAplusplus_seg_metadata.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join([lines[0], *(line for line in lines[1:] if ",A00," in line)]), encoding="utf-8")
    text = succeed(figure, rerun)
    assert "nothing to draw" in text
    assert names(folder) == {mine.name} and "left alone 1 file of an earlier run that changed since" in text


def test_the_check_fails_on_leftovers_and_on_raw_files_that_changed(small_raw, tmp_path, project_copy):
    output, raw = tmp_path / "output", raw_arguments(small_raw)
    for stage in LAY_OUT:
        succeed(stage, output, raw=small_raw)
    check = ("--any-stage", *raw)
    assert check_run(project_copy, output, *check)[0] == 0
    write_png(small_raw / "segs" / "raw_d1.png", box(3, 3, 9, 9))
    (output / "seg_masks" / "mine.png").touch()
    with open(small_raw / TABLE, "a", encoding="utf-8") as stream:
        stream.write("IMG_01,somebody,new,raw_d1.png,,expert,\n")
    code, text = check_run(project_copy, output, *check)
    assert code == 1
    for line in (
        "mask of row 8 (mskObjectID 'd1'): its raw file changed since move_dataset ran",
        "seg_masks/mine.png: no stage has recorded it",
        "the file that raw_seg_masks_metadata_path names in the config is not the one that create_dataset has read",
    ):
        assert line in text
