"""One file for one dataset, with keys of any stage, and configurations of the release."""

from __future__ import annotations

import sys

import pytest
import yaml
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


@pytest.mark.parametrize("origin", ["dataset", "config"])
def test_a_table_by_its_name_alone_lies_in_its_folder_whichever_file_says_so(dataset, origin, monkeypatch):
    monkeypatch.delenv("IMAPP_TEST", raising=False)
    text = """
output_dir: made
metrics_output_dir: metrics
partitions_path: p.csv
image_level_metrics_path: levels.csv
failures_path: ${oc.env:IMAPP_TEST,failed.csv}
all_pairwise_IAA_metrics_path: ./pairs.csv
factor_counts_path: tables/counts.csv
annotator_links_path: ${output_dir}/links.csv
"""
    file = dataset if origin == "dataset" else dataset.with_name("config.yaml")
    file.write_text(text, encoding="utf-8")
    if origin == "dataset":
        found = load_config(MultiannotatorSettings, CONFIG["multiannotator_analysis"], dataset_file=file)
    else:
        found = load_config(MultiannotatorSettings, file)
    folder = dataset.parent
    assert found.partitions_path == folder / "made" / "metadata" / "p.csv"
    assert found.image_level_metrics_path == folder / "metrics" / "levels.csv"
    assert found.failures_path == folder / "metrics" / "failed.csv"
    assert found.all_pairwise_IAA_metrics_path == folder / "pairs.csv"
    assert found.factor_counts_path == folder / "tables" / "counts.csv"
    assert found.annotator_links_path == folder / "made" / "links.csv"


def test_a_table_named_on_the_command_line_is_in_the_current_folder(dataset, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments = (CONFIG["multiannotator_analysis"], ["partitions_path=p.csv"], dataset)
    assert load_config(MultiannotatorSettings, *arguments).partitions_path == tmp_path / "p.csv"


def test_paths_of_the_environment_that_the_file_falls_back_from_start_at_the_file(dataset, monkeypatch):
    monkeypatch.delenv("IMAPP_TEST", raising=False)
    dataset.write_text("output_dir: ${oc.env:IMAPP_TEST,./made}/x\nreport_dir: ${output_dir}/r\n", encoding="utf-8")
    found = load_config(MultiannotatorSettings, CONFIG["multiannotator_analysis"], dataset_file=dataset)
    assert found.report_dir == dataset.parent / "made" / "x" / "r"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("output_dir: ${nope}/x", "output_dir"),  # to which nearly every other key refers
        ("new_dataset_metadata_output_dir: ${oc.env:IMAPP_NOT_SET}/x", "new_dataset_metadata_output_dir"),
        ("orig_imgs_dirs: {jpg: ['${nope}/a']}", "orig_imgs_dirs"),
        ("demo_dir: ${demo_dir}/x", "demo_dir"),
        ("output_dir: ${metrics_output_dir}", "output_dir"),
        ("own_tool: ${output_dir}", "own_tool"),
        ("num_workers: ${output_dir}", "num_workers"),
        ("verbose: perhaps", "verbose"),
        ("partition_shares: '1:2'", "partition_shares"),
        ("limit_images: 0", "limit_images"),
        ("output_dirs: x", "output_dirs"),
        ("orig_segs_dir: 12", "orig_segs_dir"),
        ("orig_segs_dir: ''", "orig_segs_dir"),
    ],
)
@pytest.mark.parametrize("origin", ["dataset", "config", "command line"])
def test_a_wrong_value_is_told_with_the_place_where_it_is_written(dataset, line, key, origin):
    file = dataset.with_name("config.yaml")
    committed = yaml.safe_load(CONFIG["dataset_creation"].read_text("utf-8"))
    committed |= {"exclude_mskObjectIDs": []} | (yaml.safe_load(line) if origin == "config" else {})
    file.write_text(yaml.safe_dump(committed), encoding="utf-8")
    dataset.write_text(line if origin == "dataset" else "verbose: false", encoding="utf-8")
    typed = [line.replace(": ", "=", 1).replace("''", "")] if origin == "command line" else []
    if typed == ["orig_segs_dir=12"]:
        pytest.skip("the command line takes what was typed for a path")
    places = {"dataset": dataset, "config": file, "command line": "the command line"}
    with pytest.raises(ConfigError) as caught:
        load_config(CreationSettings, file, typed, dataset)
    named = {name for name, place in places.items() if str(place) in str(caught.value)}
    assert (named, key in str(caught.value)) == ({origin}, True), str(caught.value)


def test_a_key_that_no_stage_has_names_file_and_nearest(dataset):
    dataset.write_text("bootstrap_sed: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(CreationSettings, CONFIG["dataset_creation"], dataset_file=dataset)
    assert str(dataset) in str(caught.value) and "the nearest is 'bootstrap_seed'" in str(caught.value)


def test_values_that_a_stage_can_use_pass_the_check(dataset):
    good = (
        "overlay_metric: assd_score_normalized",
        "prediction_pattern: '{model}/{image}_{n}.npy'",
        "prediction_name: ..a",
        "executor: dask",
        "dask_scheduler: tcp://10.0.0.1:8786",
        "own_foreground: '>127'",
        "creator_mapping_path: made_by/who.csv",
    )
    dataset.write_text("\n".join((DATASET, *good)), encoding="utf-8")
    for folder, schema in SCHEMAS.items():
        assert load_config(schema, CONFIG[folder], dataset_file=dataset).dask_scheduler == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize("origin", ["dataset", "command line"])
def test_a_retired_key_is_warned_of_once_in_a_run_of_the_chain(dataset, project_copy, small_raw, origin):
    retired = "missing_metrics_ISIC_ids is no longer needed"
    keys = raw_arguments(small_raw)
    if origin == "dataset":
        dataset.write_text(f"{DATASET}missing_metrics_ISIC_ids: []\n", encoding="utf-8")
    else:
        keys.append("missing_metrics_ISIC_ids=[]")
    chain = ("bash", project_copy / "overall_script.sh", "--config", dataset, *keys)
    here = {"VIRTUAL_ENV": sys.prefix}  # the copy need not install one of its own
    done = run_program(*chain, "--from", "create_dataset", "--until", "mask_qa", env=here)
    assert (done.returncode, done.stderr.count(retired)) == (0, 1), done.stderr
    place = dataset if origin == "dataset" else "the command line"
    assert f"overall_script.sh: warning: {place}: {retired}" in done.stderr
    # The log of each stage has it; a check of the run, which runs no stage, warns of it itself.
    logs = [path.read_text("utf-8") for path in sorted((dataset.parent / "made" / "logs").glob("*.log"))]
    assert [text.count(f" {place}: {retired}") for text in logs] == [1, 1, 1]
    assert run_program(*chain, "--check", env=here).stderr.count(retired) == 1


@pytest.mark.parametrize("option", ["--dataset", "--config"])
def test_a_stage_takes_one_file_of_a_kind(dataset, option):
    stage = FOLDERS["mask_qa"] + "/mask_qa.py"
    done = run_script(stage, option, CONFIG["dataset_analysis"], "num_workers=1", f"{option}={dataset}")
    assert (done.returncode, f"{option} is given twice" in done.stderr) == (2, True)


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
