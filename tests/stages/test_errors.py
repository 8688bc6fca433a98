"""Every mistake a user can make: exit code, message, all offenders, no traceback, no annotator's name."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.drawing import box, write_png
from support.run import ROOT, STAGES, config_of, run_here, run_script, run_stage
from support.small_set import make_small_raw_set

SEG_TABLE, IMG_TABLE = "raw_ISIC_segmasks_metadata.csv", "raw_ISIC_images_metadata.csv"
MADE_BY = {
    "move_dataset": ("output_seg_masks_metadata_path", "create_dataset"),
    "mask_qa": ("output_seg_masks_metadata_path", "create_dataset"),
    "create_multiannotator_subset": ("output_seg_masks_metadata_path", "create_dataset"),
    "create_consensus_masks": ("output_seg_masks_metadata_path", "create_dataset"),
    "compute_IAA_metrics": ("multiannotator_subset_metadata_path", "create_multiannotator_subset"),
    "compute_image_level_metrics": ("all_pairwise_IAA_metrics_path", "compute_IAA_metrics"),
}


@pytest.fixture
def run(tmp_path):
    """Give a raw set, an output folder, and a function that runs a stage on them."""
    raw, output = make_small_raw_set(tmp_path / "raw"), tmp_path / "output"
    return SimpleNamespace(stage=partial(_run, raw, output), raw=raw, output=output, base=tmp_path)


def _run(raw: Path, output: Path, stage: str, *arguments) -> tuple[int, str]:
    code, text = run_here(stage, output, *arguments, raw=raw)
    assert [name for name in ("Nora", "raw_d1", "raw_b1") if name in text] == []
    return code, text


def change(path: Path, *replacements: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def test_all_faults_of_the_raw_rows_are_listed_together(run):
    change(
        run.raw / SEG_TABLE,
        (
            "IMG_01,Nora Zeta,5841e138,raw_5841e138.png,manual pointlist,expert",
            "IMG_01,Nora Zeta,5841e138,raw_5841e138.png,lasso,guru",
        ),
        ("IMG_01,Ola Psi,001,raw_001.png,autofill,novice", "IMG_01,,001,raw_Nora.png,autofill,"),
        ("IMG_01,Pia Chi,NA,raw_NA.png", "IMG_01,Pia Chi,x/y,raw_NA.png"),
        ("Nora Zeta,b1,raw_b1.png", "Nora Zeta,b2,raw_b1.png"),
        ("IMG_03,Nora Zeta,d1,raw_d1.png", "IMG_03,Nora Zeta,d1,../raw_d1.png"),
    )
    code, text = run.stage("create_dataset")
    assert code == 1
    assert str(run.raw / SEG_TABLE) in text
    for line in (
        "row 2 (mskObjectID '5841e138'): a skill other than 'expert' or 'novice'",
        "row 2 (mskObjectID '5841e138'): a source other than 'manual pointlist' or nothing or 'autofill'",
        "row 3 (mskObjectID '001'): no creator",
        "row 3 (mskObjectID '001'): no skill",
        "row 3 (mskObjectID '001'): no mask file in orig_segs_dir",
        "row 4 (mskObjectID 'x/y'): an id with a path separator",
        "row 5 (mskObjectID 'b2'): an mskObjectID that occurs twice",
        "row 6 (mskObjectID 'b2'): an mskObjectID that occurs twice",
        "row 8 (mskObjectID 'd1'): a file name that leaves orig_segs_dir",
    ):
        assert line in text
    assert text.count("  - row ") == 9
    assert not (run.output / "metadata").exists()


@pytest.mark.parametrize("filename", ["", ".", "..", "/etc/passwd", "Nora Zeta.png", "Nora Zeta" * 60 + ".png", "sub"])
def test_a_mask_file_that_is_none_names_the_row_alone(run, filename):
    (run.raw / "segs" / "sub").mkdir()
    change(run.raw / SEG_TABLE, (",d1,raw_d1.png,", f",d1,{filename},"))
    code, text = run.stage("create_dataset")
    assert code == 1
    assert "row 8 (mskObjectID 'd1')" in text


def test_faults_of_dropped_rows_do_not_matter(run):
    change(run.raw / SEG_TABLE, ("no_metadata,Quin Phi,c1,raw_c1.png,,expert", "no_metadata,,f1,gone.png,lasso,"))
    assert run.stage("create_dataset")[0] == 0
    assert run.stage("move_dataset")[0] == 0
    change(run.raw / SEG_TABLE, ("IMG_04,Ola Psi,e1,raw_e1.png", "IMG_04,,e1,gone.png"))
    assert run.stage("create_dataset", 'exclude_mskObjectIDs=["e1"]')[0] == 0


@pytest.mark.parametrize("table", [SEG_TABLE, IMG_TABLE])
@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda data: b"", "an empty file"),
        (lambda data: data.replace(b"ISIC_id", b"comment", 1).replace(b"isic_id", b"note", 1), "same column twice"),
        (lambda data: data.replace(b"ISIC_id", b"id", 1).replace(b"isic_id", b"id", 1), "lacks columns"),
        (lambda data: data.replace("ü".encode(), b"\xfc"), "CSV in UTF-8"),
        (lambda data: data.replace(b"\nIMG_03,", b"\nIMG_03,x,y,z,", 1), "CSV in UTF-8"),
    ],
    ids=["empty", "column twice", "column missing", "Latin-1", "ragged"],
)
def test_damaged_raw_tables_are_named(run, table, damage, expected):
    (run.raw / table).write_bytes(damage((run.raw / table).read_bytes()))
    code, text = run.stage("create_dataset")
    assert code == 1
    assert str(run.raw / table) in text
    assert expected in text


def test_an_image_listed_twice_is_named(run):
    change(run.raw / IMG_TABLE, ("\nIMG_03,", "\nIMG_05,x,y\nIMG_03,"))
    code, text = run.stage("create_dataset")
    assert (code, "- IMG_05" in text, "occur twice" in text) == (1, True, True)


def test_no_row_left_is_an_error(run):
    (run.raw / IMG_TABLE).write_text("isic_id\nother\n")
    code, text = run.stage("create_dataset")
    assert (code, "No segmentation is left" in text) == (1, True)


@pytest.mark.parametrize("key", ["raw_img_metadata_path", "raw_seg_masks_metadata_path", "orig_segs_dir"])
def test_missing_raw_input_names_key_and_where_it_is_written(run, key):
    code, text = run.stage("create_dataset", f"{key}={run.base / 'nowhere'}")
    assert code == 1
    for part in (f"'{key}'", f"{key} on the command line", str(run.base / "nowhere")):
        assert part in text


@pytest.mark.parametrize("stage", MADE_BY)
def test_a_missing_table_names_key_config_and_stage(run, stage):
    key, made_by = MADE_BY[stage]
    code, text = run.stage(stage)
    assert code == 1
    for part in (f"'{key}'", str(config_of(stage)), f"run {made_by} first"):
        assert part in text


def test_missing_folders_name_the_stage_that_fills_them(run):
    assert run.stage("create_dataset")[0] == 0
    assert run.stage("create_multiannotator_subset")[0] == 0
    for stage in ("mask_qa", "create_consensus_masks", "compute_IAA_metrics"):
        code, text = run.stage(stage)
        assert code == 1
        for part in ("'new_dataset_masks_dir'", str(config_of(stage)), "run move_dataset first"):
            assert part in text


def test_all_missing_files_are_listed_before_any_is_moved(run):
    assert run.stage("create_dataset")[0] == 0
    for name in ("images/IMG_01.jpg", "images/IMG_03.jpg", "segs/raw_d1.png", "segs/raw_NA.png"):
        (run.raw / name).unlink()
    code, text = run.stage("move_dataset")
    assert (code, "4 raw files are missing" in text) == (1, True)
    masks = ("mask of row 8 (mskObjectID 'd1')", "mask of row 4 (mskObjectID 'NA')")
    for line in ("image IMG_01", "image IMG_03", *masks):
        assert f"- {line}\n" in text
    assert not (run.output / "images").exists() and not (run.output / "seg_masks").exists()


def test_a_mask_changed_since_create_dataset_is_named(run):
    assert run.stage("create_dataset")[0] == 0
    write_png(run.raw / "segs" / "raw_d1.png", box(1, 1, 9, 9))
    code, text = run.stage("move_dataset")
    assert code == 1
    assert "IMG_03_A00_T1_S1_d1.png: The raw file changed since create_dataset" in text
    assert not (run.output / "seg_masks" / "IMG_03_A00_T1_S1_d1.png").exists()


@pytest.mark.parametrize(
    ("argument", "parts"),
    [
        ("num_worker=1", ("num_worker: no such key; the nearest is 'num_workers'",)),
        ("limit_images=few", ("'limit_images'", "few")),
        ("transfer=move", ("'transfer'", "copy, hardlink, symlink")),
        ("exclude_mskObjectIDs=[5841e138]", ("exclude_mskObjectIDs", "put it in quotes")),
        ("create", ("key=value", "create")),
        ("--config=nowhere.yaml", ("nowhere.yaml",)),
        ("--fast", ("--fast",)),
    ],
)
def test_a_wrong_command_line_ends_with_2(run, argument, parts):
    code, text = run.stage("create_dataset", argument)
    assert code == 2
    assert [part for part in parts if part not in text] == []


def test_a_missing_value_names_the_file(run):
    # Only the raw input has no default.
    (run.base / "own.yaml").write_text("num_workers: 1\n")
    code, text = run_here("create_dataset", run.output, "--config", str(run.base / "own.yaml"))
    assert code == 2
    assert str(run.base / "own.yaml") in text and "- orig_segs_dir" in text


def test_an_output_folder_that_is_a_file_is_named(run):
    run.output.write_text("")
    code, text = run.stage("create_dataset")
    assert (code, str(run.output) in text, "output_dir" in text) == (1, True, True)


@pytest.mark.parametrize("stage", STAGES)
def test_without_requirements_one_line_says_how_to_get_them(tmp_path, stage):
    # -S leaves site-packages out, -E ignores the environment.
    done = run_stage(stage, tmp_path, python=("-S", "-E"))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "pip install -r requirements.txt" in done.stderr and "pandas" in done.stderr


def run_fake(folder: Path, body: str):
    """Run a stage whose function has a body of its own; return the finished process and its log."""
    fake = folder / "fake_stage.py"
    fake.write_text(
        '"""Fail."""\n'
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from utils.running.interrupts import Interrupted\n"
        "from utils.settings import CommonSettings\nfrom utils.stage import run_stage\n"
        f"def main(config):\n    creator = 'Nora Zeta'\n    {body}\n"
        "if __name__ == '__main__':\n    run_stage(main, CommonSettings, ())\n"
    )
    lines = [f"{key}: x" for key in ("new_dataset_metadata_output_dir", "output_seg_masks_metadata_path")]
    lines += ["output_img_metadata_path: x", "output_dir: out"]
    (folder / "config.yaml").write_text("\n".join(lines))
    done = run_script(str(fake))
    (log,) = (folder / "out" / "logs").glob("fake_stage_*.log")
    return done, log


def test_a_fault_of_the_code_keeps_its_traceback_for_the_log(tmp_path):
    done, log = run_fake(tmp_path, "return {}[len(creator)]")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "fake_stage: a fault of the pipeline: KeyError: 9 (details in " in done.stderr
    assert str(log) in done.stderr
    text = log.read_text()
    assert "Traceback" in text and "line 9, in main" in text
    assert "Nora" not in text  # values of variables stay out of it


def test_a_fault_that_an_interrupt_led_to_is_told_as_the_interrupt(tmp_path):
    done, log = run_fake(tmp_path, "try: raise Interrupted(15)\n    except Interrupted: creator.missing")
    assert (done.returncode, done.stderr.count("\n")) == (143, 1)
    assert "fake_stage: interrupted; what was finished is kept" in done.stderr
    assert "AttributeError" not in log.read_text()
