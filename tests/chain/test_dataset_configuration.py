"""One file for one dataset: keys of any stage, checked before the first stage, and configurations of the release."""

from __future__ import annotations

import sys

import pytest
from support.run import CONFIGS, FOLDERS, STAGES, raw_arguments, run_program, run_script, succeed

from utils.config import load_config
from utils.errors import ConfigError
from utils.settings import SCHEMAS, AnalysisSettings, CreationSettings, MultiannotatorSettings

CONFIG = {folder: CONFIGS / folder / "config.yaml" for folder in SCHEMAS}
DATASET = """
output_dir: ./made
orig_imgs_dirs: {png: [pictures]}
orig_segs_dir: ./segs
bootstrap_seed: 7
upset_plots_dir: ./plots
"""
# The keys of the published configurations, with bare names where these have them.
PUBLISHED = {
    "dataset_creation": """
orig_imgs_dirs: {{jpg: ["{raw}/images"], JPG: ["{raw}/images"]}}
orig_segs_dir: "{raw}/segs"
raw_img_metadata_path: "{raw}/raw_ISIC_images_metadata.csv"
raw_seg_masks_metadata_path: "{raw}/raw_ISIC_segmasks_metadata.csv"
new_dataset_metadata_output_dir: "{output}/metadata"
output_seg_masks_metadata_path: IMAplusplus_seg_metadata.csv
output_img_metadata_path: IMAplusplus_img_metadata.csv
target_data_dir: "{output}"
verbose: false
""",
    "dataset_analysis": """
new_dataset_metadata_output_dir: "{output}/metadata"
new_dataset_dir: "{output}"
new_dataset_masks_dir: "{output}/seg_masks"
output_seg_masks_metadata_path: IMAplusplus_seg_metadata.csv
output_img_metadata_path: IMAplusplus_img_metadata.csv
output_seg_masks_metadata_qa_results_path: IMAplusplus_seg_metadata_qa_results.csv
verbose: false
""",
    "multiannotator_analysis": """
new_dataset_metadata_output_dir: "{output}/metadata"
new_dataset_dir: "{output}"
new_dataset_masks_dir: "{output}/seg_masks"
output_seg_masks_metadata_path: IMAplusplus_seg_metadata.csv
metrics_output_dir: "{output}/metrics"
multiannotator_subset_metadata_path: IMAplusplus_multiannotator_subset_seg_metadata.csv
all_pairwise_IAA_metrics_path: IMAplusplus_multiannotator_subset_IAA_metrics.csv
IAA_metrics_summary_path: IMAplusplus_multiannotator_subset_IAA_metrics_summary.csv
image_level_metrics_path: IMAplusplus_multiannotator_subset_image_level_metrics.csv
missing_metrics_ISIC_ids: ["ISIC_0013567"]
verbose: false
""",
}


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.delenv("IMAPP_OUTPUT_DIR", raising=False)
    file = tmp_path / "my_dataset.yaml"
    file.write_text(DATASET, encoding="utf-8")
    return file


def test_each_stage_takes_what_it_knows_and_paths_start_at_the_file(dataset):
    folder = dataset.parent
    creation = load_config(CreationSettings, CONFIG["dataset_creation"], dataset_file=dataset)
    assert creation.output_img_metadata_path == folder / "made" / "metadata" / "IMAplusplus_img_metadata.csv"
    # A map takes the place of the one before: the demo's folder of jpg is not asked any more.
    assert creation.orig_imgs_dirs == {"png": [folder / "pictures"]}
    analysis = load_config(AnalysisSettings, CONFIG["dataset_analysis"], dataset_file=dataset)
    assert (analysis.output_dir, analysis.upset_plots_dir) == (folder / "made", folder / "plots")
    agreement = load_config(MultiannotatorSettings, CONFIG["multiannotator_analysis"], dataset_file=dataset)
    assert (agreement.bootstrap_seed, agreement.cache_dir) == (7, folder / "made" / "cache")


def test_keys_of_any_stage_may_stand_on_the_command_line_when_asked_for(dataset):
    found = load_config(CreationSettings, CONFIG["dataset_creation"], ["bootstrap_seed=1"], dataset, any_stage=True)
    assert not hasattr(found, "bootstrap_seed")
    with pytest.raises(ConfigError, match="Unknown configuration keys"):
        load_config(CreationSettings, CONFIG["dataset_creation"], ["bootstrap_seed=1"], dataset)


def test_a_key_that_no_stage_has_names_file_and_nearest(dataset):
    dataset.write_text("bootstrap_sed: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(CreationSettings, CONFIG["dataset_creation"], dataset_file=dataset)
    assert str(dataset) in str(caught.value) and "the nearest is 'bootstrap_seed'" in str(caught.value)


def test_all_configurations_are_checked_before_the_first_stage(dataset, project_copy):
    # As overall_script.sh does.
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from utils.chain_start import main; main()"
    start = (sys.executable, "-c", code, project_copy, "--dataset", dataset)
    done = run_program(*start, "bootstrap_resamples=0")
    assert (done.returncode, "bootstrap_resamples" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    done = run_program(*start)
    assert (done.returncode, done.stdout.strip()) == (0, str(dataset.parent / "made" / "logs" / "run.lock"))


def test_configurations_of_the_release_run_every_stage(small_raw, tmp_path, monkeypatch):
    monkeypatch.delenv("IMAPP_OUTPUT_DIR", raising=False)
    output = tmp_path / "output"
    files = {}
    for folder, text in PUBLISHED.items():
        (tmp_path / folder).mkdir()
        files[folder] = tmp_path / folder / "config.yaml"
        files[folder].write_text(text.format(raw=small_raw, output=output), encoding="utf-8")
    last = ("imaplusplus_annotator_overlap", "plot_individual_metrics", "make_report", "summarise_run")
    for stage in (*STAGES, *last):
        folder = FOLDERS[stage].partition("/")[0]
        if stage in ("create_dataset", "mask_qa", "create_multiannotator_subset"):
            # The first of each folder, where nothing but the file says where the output goes.
            done = run_script(f"{FOLDERS[stage]}/{stage}.py", "--config", files[folder])
            assert done.returncode == 0, done.stderr
            said = done.stderr
        else:
            said = succeed(stage, output, "--config", files[folder])
        retired = "missing_metrics_ISIC_ids is no longer needed and has no effect"
        assert (retired in said) == (folder == "multiannotator_analysis")
    assert (output / "metadata" / "IMAplusplus_seg_metadata_qa_results.csv").is_file()
    assert (output / "metrics" / "IMAplusplus_multiannotator_subset_image_level_metrics.csv").is_file()


def test_a_single_stage_takes_the_file_too(small_raw, tmp_path):
    file = tmp_path / "my_dataset.yaml"
    file.write_text(f"output_dir: ./made\norig_segs_dir: {small_raw / 'segs'}\nbootstrap_seed: 1\n", encoding="utf-8")
    arguments = [key for key in raw_arguments(small_raw) if not key.startswith("orig_segs_dir")]
    succeed("create_dataset", tmp_path / "unused", "--dataset", file, *arguments)
    assert (tmp_path / "made" / "metadata" / "IMAplusplus_seg_metadata.csv").is_file()
