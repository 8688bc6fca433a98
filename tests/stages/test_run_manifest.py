"""The run manifest and the check against it."""

import hashlib
import json
import shutil

import pytest
from support.run import STAGES, raw_arguments, run_script, run_stage

from utils.running.run_manifest import manifest_file

CHECK = "multiannotator_analysis/check_run.py"


def check(output):
    return run_script(CHECK, env={"IMAPP_OUTPUT_DIR": str(output)})


@pytest.fixture
def output(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "output")


def stages_of(output) -> dict:
    return json.loads(manifest_file(output).read_text("utf-8"))["stages"]


def test_every_output_has_one_maker_and_its_md5(small_run):
    recorded = [(name, md5) for stage in stages_of(small_run).values() for name, md5 in stage["outputs"].items()]
    found = {
        path.relative_to(small_run).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
        for path in small_run.rglob("*")
        if path.is_file() and path.relative_to(small_run).parts[0] not in ("logs", "cache")
    }
    found.pop("metadata/run_manifest.json")
    assert len(recorded) == len(dict(recorded))
    assert dict(recorded) == found


def test_it_names_settings_inputs_counts_and_no_path_outside(small_run):
    text = manifest_file(small_run).read_text("utf-8")
    assert str(small_run.parent) not in text
    made = stages_of(small_run)
    assert list(made) == list(STAGES)
    assert made["create_dataset"]["settings"]["orig_segs_dir"] == "(outside the output folder)"
    assert made["create_consensus_masks"]["settings"]["staple_max_iterations"] == 10000
    table = small_run.parent / "raw" / "raw_ISIC_segmasks_metadata.csv"
    inputs = made["create_dataset"]["inputs"]
    assert inputs["raw_seg_masks_metadata_path"] == hashlib.md5(table.read_bytes()).hexdigest()
    assert made["mask_qa"]["counts"]["rows"]["metadata/IMAplusplus_img_metadata.csv"] == 4


def test_a_second_chain_with_other_workers_gives_the_same_bytes(small_run, tmp_path):
    for _ in range(2):
        for stage in STAGES:
            extra = raw_arguments(small_run.parent / "raw") if STAGES[stage] == "dataset_creation" else []
            done = run_stage(stage, tmp_path, *extra, "num_workers=2")
            assert done.returncode == 0, done.stderr
        assert manifest_file(tmp_path).read_bytes() == manifest_file(small_run).read_bytes()


def test_changed_and_missing_outputs_are_listed_with_their_makers(output):
    (output / "metadata" / "IMAplusplus_multiannotator_subset_IAA_metrics.csv").write_text("img_id\n")
    next((output / "images").iterdir()).unlink()
    (output / "extra.txt").touch()
    done = check(output)
    assert done.returncode == 1
    assert "IAA_metrics.csv: changed (made by compute_IAA_metrics)" in done.stderr
    assert "missing or unreadable (made by move_dataset)" in done.stderr
    assert "extra.txt: no stage has recorded it" in done.stderr
    assert "compute_image_level_metrics" not in done.stderr


def test_without_a_manifest_the_check_says_what_makes_one(tmp_path):
    done = check(tmp_path)
    assert done.returncode == 1
    assert "There is no run manifest" in done.stderr
    assert "overall_script.sh" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 99, "stages": {}}',
        '{"format": 1, "environments": {"a": {}}, "stages": {"x": 1}}',
        "\0",
    ],
)
def test_a_damaged_manifest_stops_a_stage_before_its_work(output, text):
    manifest_file(output).write_text(text)
    before = (output / "metadata" / "IMAplusplus_multiannotator_subset_image_level_metrics.csv").stat().st_mtime_ns
    done = run_stage("compute_image_level_metrics", output)
    assert done.returncode == 1
    assert "The run manifest cannot be read" in done.stderr
    after = (output / "metadata" / "IMAplusplus_multiannotator_subset_image_level_metrics.csv").stat().st_mtime_ns
    assert before == after
