"""The keys that a stage declares are those that it reads: no more, no fewer."""

from __future__ import annotations

import ast

import pytest
from support.key_reads import PIXEL_LIMIT, stage_of
from support.run import FOLDERS, ROOT, succeed

from utils.configuration.leaves import NOT_KEYS
from utils.settings import MultiannotatorSettings
from utils.stage import COMMON_KEYS

STAGES = [name for name in FOLDERS if name != "constants"]
# Reads keys as attributes and by name, as a text of its own or of a constant, here and in functions of other modules.
SCRIPT = """
from utils.files import require_folder
from utils.settings import AnalysisSettings
from utils.stage import run_stage
from utils.tables import read_input

KEYS = {keys}
TABLES = {{"images": "output_img_metadata_path"}}

def main(config: AnalysisSettings):
    from utils.quality.mask_issues import judge_mask_file
    from utils.workers.parallel import map_items
    from utils.workers.workplace import local_workplace

    for key in TABLES.values():
        read_input(config, key)
    map_items(judge_mask_file, list(require_folder(config, "new_dataset_masks_dir").iterdir()), local_workplace(config))
    helper(config)

def helper(settings: AnalysisSettings):
    {helper}

def unused(config: AnalysisSettings):
    return config.ids_output

if __name__ == "__main__":
    run_stage(main, AnalysisSettings, KEYS)
"""
READ = (
    "output_img_metadata_path",
    "new_dataset_masks_dir",
    "ids_from",
    "ids_column",
    "num_workers",
    "executor",
    "max_image_pixels",
)
HELPER = 'return settings.ids_from, getattr(settings, "ids_column"), settings.output_dir'


def write_script(folder, keys, helper=HELPER):
    script = folder / "synthetic.py"
    script.write_text(SCRIPT.format(keys=keys, helper=helper))
    return script


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_declares_what_it_reads(name):
    stage = stage_of(ROOT / FOLDERS[name] / f"{name}.py")
    assert (sorted(stage.undeclared), sorted(stage.unread)) == ([], [])
    assert len(set(stage.declared)) == len(stage.declared)
    assert not {*COMMON_KEYS} & {*stage.declared}


def test_the_runner_reads_the_common_keys_and_the_limit_of_pixels():
    tree = ast.parse((ROOT / "utils" / "stage.py").read_text(encoding="utf-8"))
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    read = {node.attr for node in attributes if ast.unparse(node.value) == "config"}
    assert read - {*NOT_KEYS} == {*COMMON_KEYS, PIXEL_LIMIT}


def test_reads_are_found_wherever_they_are(tmp_path):
    stage = stage_of(write_script(tmp_path, READ))
    assert stage.read == {*READ, "output_dir"}
    assert (stage.undeclared, stage.unread) == (set(), set())


@pytest.mark.parametrize("key", READ)
def test_a_key_that_is_missing_from_a_declaration_is_named(tmp_path, key):
    stage = stage_of(write_script(tmp_path, tuple(other for other in READ if other != key)))
    assert (stage.undeclared, stage.unread) == ({key}, set())


@pytest.mark.parametrize("key", ["ids_output", "dask_scheduler", "new_dataset_images_dir", "no_key"])
def test_a_key_too_many_is_named(tmp_path, key):
    stage = stage_of(write_script(tmp_path, (*READ, key)))
    assert (stage.undeclared, stage.unread) == (set(), {key})


@pytest.mark.parametrize("helper", ["return list(vars(settings))", "kept = settings", "return [settings]"])
def test_a_configuration_that_cannot_be_followed_is_refused(tmp_path, helper):
    with pytest.raises(ValueError, match=r"synthetic.helper, line \d+: .*cannot be followed"):
        stage_of(write_script(tmp_path, READ, helper))


def test_a_configuration_without_a_type_is_refused(tmp_path):
    script = write_script(tmp_path, READ)
    script.write_text(script.read_text().replace("helper(settings: AnalysisSettings)", "helper(config)"))
    with pytest.raises(ValueError, match="synthetic.helper: the configuration has no type"):
        stage_of(script)


def test_help_lists_the_declared_keys_and_the_common_ones(tmp_path):
    shown = succeed("create_consensus_masks", tmp_path, "--help")
    listed = [line.split()[0] for line in shown.partition("\nkeys:\n")[2].splitlines()]
    stage = stage_of(ROOT / "multiannotator_analysis" / "create_consensus_masks.py")
    assert (stage.schema, listed) == (MultiannotatorSettings, [*stage.declared, *COMMON_KEYS])
    assert {"max_image_pixels", "cache_dir", "new_dataset_masks_dir"} <= {*listed}
