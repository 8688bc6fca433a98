"""The run manifest and the check against it."""

import hashlib
import json
import shutil

import pytest
from support.checkout import check_run
from support.own_masks_folder import OwnData
from support.run import STAGES, run_chain, run_here, succeed
from support.trees import tree

from utils.running.run_manifest import manifest_file


def stages_of(rerun) -> dict:
    return json.loads(manifest_file(rerun).read_text("utf-8"))["stages"]


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
    assert "staple_max_iterations" not in made["compute_IAA_metrics"]["settings"]
    assert made["mask_qa"]["settings"]["max_image_pixels"] == 400_000_000
    table = small_run.parent / "raw" / "raw_ISIC_segmasks_metadata.csv"
    inputs = made["create_dataset"]["inputs"]
    assert inputs["raw_seg_masks_metadata_path"] == hashlib.md5(table.read_bytes()).hexdigest()
    assert made["mask_qa"]["counts"]["rows"]["metadata/IMAplusplus_img_metadata.csv"] == 4


def test_chains_of_two_workers_give_the_same_bytes_as_one(small_run, states, tmp_path):
    output = shutil.copytree(states.output, tmp_path / "output")
    assert tree(output) == tree(small_run)
    assert manifest_file(output).read_bytes() == manifest_file(small_run).read_bytes()
    run_chain(states.raw, output, "num_workers=2")
    assert tree(output) == tree(small_run)
    assert manifest_file(output).read_bytes() == manifest_file(small_run).read_bytes()


def test_changed_and_missing_outputs_are_listed_with_their_makers(rerun, project_copy):
    (rerun / "metadata" / "IMAplusplus_multiannotator_subset_IAA_metrics.csv").write_text("img_id\n")
    next((rerun / "images").iterdir()).unlink()
    (rerun / "extra.txt").touch()
    code, text = check_run(project_copy, rerun)
    assert code == 1
    assert "IAA_metrics.csv: changed (made by compute_IAA_metrics)" in text
    assert "missing or unreadable (made by move_dataset)" in text
    assert "extra.txt: no stage has recorded it" in text
    assert "compute_image_level_metrics" not in text


def test_what_was_made_from_an_earlier_table_is_named(rerun, project_copy):
    code, text = check_run(project_copy, rerun)
    assert code == 0, text
    succeed("make_report", rerun)
    # They make again what they made, or add to a table what does not concern those that have read it.
    for stage in ("mask_qa", "create_consensus_masks"):
        succeed(stage, rerun)
    code, text = check_run(project_copy, rerun)
    assert code == 0, text
    succeed("compute_IAA_metrics", rerun, "nsd_tolerance=0.2")
    code, text = check_run(project_copy, rerun)
    table = "metadata/IMAplusplus_multiannotator_subset_IAA_metrics.csv"
    assert code == 1
    for stage in ("compute_image_level_metrics", "make_report"):
        assert f"{stage}: made from an earlier {table}; run it again" in text
    assert "compute_IAA_metrics: made" not in text and "create_partitions" not in text


def test_what_was_made_before_more_masks_were_quarantined_is_named(rerun, project_copy):
    next((rerun / "seg_masks").glob("IMG_01_A*")).write_bytes(b"damaged")
    succeed("mask_qa", rerun)
    code, text = check_run(project_copy, rerun)
    assert code == 1
    assert "create_multiannotator_subset: made from an earlier metadata/IMAplusplus_seg_metadata.csv" in text
    assert not any(f"{stage}: made" in text for stage in ("move_dataset", "mask_qa", "compute_IAA_metrics"))


def test_a_setting_that_is_no_longer_that_of_the_config_is_named(rerun, project_copy):
    succeed("mask_qa", rerun, "max_image_pixels=5000")
    code, text = check_run(project_copy, rerun)
    assert code == 0, text
    assert "mask_qa ran with max_image_pixels: 5000; its config says 400000000" in text
    assert "num_workers" not in text


def test_what_was_given_to_a_stage_beside_the_chain_alone_is_not_compared(rerun, tmp_path, project_copy):
    own = OwnData(tmp_path)
    own.draw_images()
    own.draw_masks("{image}+{annotator}.png")
    keys = [*own.keys(), "own_name_pattern={image}+{annotator}.png"]
    succeed("make_raw_tables", rerun, *keys)
    code, text = check_run(project_copy, rerun)
    assert (code, "make_raw_tables" in text) == (0, False), text
    keys_file = tmp_path / "keys.yaml"
    keys_file.write_text("own_default_tool: autofill\n", encoding="utf-8")
    succeed("make_raw_tables", rerun, "--dataset", keys_file, *keys)
    assert "make_raw_tables" not in check_run(project_copy, rerun)[1]
    # What stood in the config of its folder then is compared.
    code, text = check_run(project_copy, rerun, "--any-stage", "own_default_skill=novice")
    assert (code, "make_raw_tables ran with own_default_skill: expert; its config says novice" in text) == (0, True)


def test_without_a_manifest_the_check_says_what_makes_one(tmp_path, project_copy):
    code, text = check_run(project_copy, tmp_path)
    assert code == 1
    assert "There is no run manifest" in text
    assert "overall_script.sh" in text


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
def test_a_damaged_manifest_stops_a_stage_before_its_work(rerun, text):
    manifest_file(rerun).write_text(text)
    before = (rerun / "metadata" / "IMAplusplus_multiannotator_subset_image_level_metrics.csv").stat().st_mtime_ns
    code, text = run_here("compute_image_level_metrics", rerun)
    assert (code, "The run manifest cannot be read" in text) == (1, True)
    after = (rerun / "metadata" / "IMAplusplus_multiannotator_subset_image_level_metrics.csv").stat().st_mtime_ns
    assert before == after
