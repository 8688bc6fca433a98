"""What was made of an earlier state of the dataset: told, and never taken for the present one."""

from __future__ import annotations

import pytest
from support.run import chain_here, run_here, run_stage, succeed

from utils.running.dataset_state import current_outputs, outdated_outputs
from utils.running.run_manifest import read_manifest

FEWER = "exclude_mskObjectIDs=[d1]"


@pytest.fixture
def output(small_raw, tmp_path):
    """Output folder of a chain with soft labels."""
    chain_here(small_raw, tmp_path / "output")
    succeed("create_soft_labels", tmp_path / "output", "soft_labels=true")
    return tmp_path / "output"


def test_an_output_that_was_kept_is_of_the_state_that_it_was_made_of():
    records = {"a": {"dataset": "new", "earlier": {"kept": "old"}, "outputs": {"kept": "", "made": ""}}}
    manifest = {"dataset": {"stamp": "new"}, "stages": records}
    assert (current_outputs(manifest), outdated_outputs(manifest)) == ({"made"}, {"kept": "a"})


def test_soft_labels_of_an_earlier_state_stay_and_are_told(small_raw, output):
    before = set((output / "soft_labels").iterdir())
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, output, FEWER, raw=small_raw)
    for _ in range(2):  # a second run makes them no newer
        text = succeed("create_soft_labels", output)
        assert "of an earlier state of the dataset stay as before, and are not shown: soft_labels/" in text
    assert set((output / "soft_labels").iterdir()) == before
    outdated = outdated_outputs(read_manifest(output))
    assert {f"soft_labels/{path.name}" for path in before} == {name for name in outdated if name[:4] == "soft"}


def test_what_comes_of_a_table_of_an_earlier_state_is_of_that_state(small_raw, output):
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, output, FEWER, raw=small_raw)
    text = succeed("compute_image_level_metrics", output)
    assert "IAA_metrics.csv is of an earlier state of the dataset, as is what comes of it: run compute_IAA" in text
    assert any("image_level_metrics" in name for name in outdated_outputs(read_manifest(output)))
    code, text = run_here("summarise_run", output)
    assert code == 0 and "mean Dice" not in text


def test_links_to_raw_files_that_are_gone_are_removed(small_raw, tmp_path):
    output = tmp_path / "output"
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, output, "transfer=symlink", raw=small_raw)
    gone = next((output / "seg_masks").glob("*_d1.png"))
    gone.resolve().unlink()
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, output, FEWER, "transfer=symlink", raw=small_raw)
    assert not gone.is_symlink()
    assert not any("_d1" in name for name in read_manifest(output)["stages"]["move_dataset"]["outputs"])


def test_file_names_are_read_as_utf8_in_any_locale(small_raw, tmp_path):
    table = small_raw / "raw_ISIC_segmasks_metadata.csv"
    mask = next((small_raw / "segs").iterdir())
    mask.rename(mask.with_name("ä.png"))
    table.write_text(table.read_text("utf-8").replace(mask.name, "ä.png"), encoding="utf-8")
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run_stage("create_dataset", tmp_path / "output", raw=small_raw, env=env)
    assert done.returncode == 0, done.stderr
