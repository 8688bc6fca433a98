"""What is told before the first stage: configurations that no stage could use, and runs on other data than meant."""

from __future__ import annotations

import sys

import pytest
from support.run import CONFIGS, raw_arguments, run_program, succeed
from support.small_set import other_raw

from utils import chain_start, config

DATASET = """
output_dir: ./made
orig_imgs_dirs: {png: [pictures]}
orig_segs_dir: ./segs
"""


class Start:
    """The start of the chain on one dataset's file, in the process of the test and with the configs of the tests."""

    def __init__(self, folder, capsys, monkeypatch):
        self.folder, self.file = folder, folder / "my_dataset.yaml"
        self._capsys, self._monkeypatch = capsys, monkeypatch
        monkeypatch.delenv("IMAPP_OUTPUT_DIR", raising=False)
        monkeypatch.setattr(config, "_PROJECT", CONFIGS)

    def run(self, text: str, *arguments: str) -> tuple[int, str]:
        """Write the file and start: (exit code, what is said on stderr)."""
        self.file.write_text(text, encoding="utf-8")
        self._monkeypatch.setattr(sys, "argv", ["chain_start", "--dataset", str(self.file), *arguments])
        code = 0
        try:
            chain_start.main()
        except SystemExit as ended:
            code = ended.code
        return code, self._capsys.readouterr().err


@pytest.fixture
def start(tmp_path, capsys, monkeypatch) -> Start:
    return Start(tmp_path, capsys, monkeypatch)


def test_all_configurations_are_checked_before_the_first_stage(tmp_path, project_copy, monkeypatch):
    monkeypatch.delenv("IMAPP_OUTPUT_DIR", raising=False)
    file = tmp_path / "my_dataset.yaml"
    file.write_text(DATASET, encoding="utf-8")
    # As overall_script.sh does.
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from utils.chain_start import main; main()"
    command = (sys.executable, "-c", code, project_copy, "--dataset", file)
    done = run_program(*command, "bootstrap_resamples=0")
    assert (done.returncode, "bootstrap_resamples" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    done = run_program(*command)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "made" / "logs" / "run.lock"))


WRONG_VALUES = {
    "overlay_metric: dice": "dice_score",
    "prediction_pattern: '{picture}.png'": "nearest is {image}",
    "prediction_name: a/b": "a name that a folder can have",
    "executor: dask": "address of the Dask scheduler",
    "dask_scheduler: nonsense": "tcp://",
    "own_name_pattern: '{image}.png'": "{annotator}",
    "own_foreground: white": "nonzero",
    "demo_seed: -1": "at least 0",
    "creator_mapping_path: made/who.csv": "a path outside",
    "creator_mapping_path: link/who.csv": "a path outside",
    "creator_mapping_path: elsewhere/who.csv": "a path outside",
    "creator_mapping_path: tables/who.csv": "a path outside",
}


@pytest.mark.parametrize("line", WRONG_VALUES)
def test_a_value_that_no_stage_could_use_is_told(start, line):
    (start.folder / "made").mkdir()
    (start.folder / "link").symlink_to(start.folder / "made")
    places = "target_data_dir: elsewhere\noutput_img_metadata_path: tables/images.csv\n"
    code, said = start.run(f"{DATASET}{places}{line}\n")
    key = line.partition(":")[0]
    assert (code, f"{key} in {start.file}" in said, WRONG_VALUES[line] in said) == (2, True, True), said


@pytest.mark.parametrize(
    ("lines", "is_told"),
    [
        ("target_data_dir: data\n", True),
        ("target_data_dir: data\nnew_dataset_dir: data\n", False),
        ("target_data_dir: data\nseparate_images_and_masks: false\nnew_dataset_dir: data\n", True),
        ("target_data_dir: d\nnew_dataset_images_dir: d/images\nnew_dataset_masks_dir: d/seg_masks\n", False),
        ("new_dataset_dir: released\n", False),
    ],
)
def test_stages_that_would_look_for_the_dataset_elsewhere_are_told(start, lines, is_told):
    code, said = start.run(f"{DATASET}{lines}")
    assert (code, "look for the dataset where it is not" in said) == ((2, True) if is_told else (0, False))


@pytest.mark.parametrize("key", ["report_dir", "visualizations_dir"])
def test_names_of_annotators_stay_out_of_folders_that_other_stages_fill(start, key):
    code, said = start.run(f"{DATASET}{key}: elsewhere\ncreator_mapping_path: elsewhere/names/who.csv\n")
    assert (code, f"  - {key}: {start.folder / 'elsewhere'}" in said) == (2, True), said


@pytest.mark.parametrize("line", ["predictions_dir: nowhere", "overlay_selection: ids"])
def test_predictions_and_ids_that_are_not_there_are_told(start, line):
    code, said = start.run(f"{DATASET}{line}\n")
    assert (code, line.partition(":")[0] in said) == (2, True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("report_dir: a_file/report", "report_dir in {file}: {folder}/a_file/report, where {folder}/a_file is a file"),
        ("output_dir: a_file", "output_dir in {file}: {folder}/a_file, where {folder}/a_file is a file"),
        ("partitions_path: ./a_folder", "partitions_path in {file}: {folder}/a_folder, which is a folder and no table"),
    ],
)
def test_outputs_that_cannot_be_written_are_told(start, line, told):
    (start.folder / "a_file").write_bytes(b"")
    (start.folder / "a_folder").mkdir()
    code, said = start.run(f"{line}\n")
    offenders = [line for line in said.splitlines() if line.startswith("  - ")]
    assert (code, offenders) == (2, [f"  - {told.format(file=start.file, folder=start.folder)}"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IAA_metrics_summary_path", "all_pairwise_IAA_metrics_path"),
        ("output_img_metadata_path", "raw_img_metadata_path"),
    ],
)
def test_two_tables_in_one_place_are_told(start, one, other):
    code, said = start.run(f"{DATASET}{one}: ./x.csv\n{other}: ./x.csv\n")
    assert (code, f"  - {', '.join(sorted((one, other)))}: {start.folder / 'x.csv'}" in said) == (2, True), said


def test_a_file_without_raw_input_says_that_it_runs_the_demo(start):
    demo = f"demo_dir: demo\norig_segs_dir: demo/segs\noutput_dir: {start.folder / 'output'}\n"
    code, said = start.run(demo)
    assert (code, "so this is a run on the embedded demo" in said) == (0, True)
    code, said = start.run(f"{demo}own_masks_dir: masks\n")
    assert (code, "run make_raw_tables.py first" in said) == (2, True)


def test_a_file_that_names_a_release_starts_behind_its_import(start):
    text = f"demo_dir: demo\norig_segs_dir: demo/segs\nrelease_segs_zip: segs.zip\noutput_dir: {start.folder / 'out'}\n"
    code, said = start.run(text)
    assert (code, "run import_release.py on it, then overall_script.sh with --from mask_qa" in said) == (2, True)
    assert start.run(text, "--from", "mask_qa") == (0, "")


def test_a_run_from_a_later_stage_on_tells_that_the_dataset_there_is_another(start, small_raw):
    output = start.folder / "made"
    succeed("create_dataset", output, raw=small_raw)

    def told(raw, *arguments) -> str:
        code, said = start.run(DATASET, *arguments, *raw_arguments(raw))
        assert code == 0
        return said

    later = ("--from", "mask_qa")
    assert told(small_raw, *later) == ""
    other = other_raw(small_raw, start.folder)
    assert told(other) == told(other, "--from", "create_dataset") == ""
    said = told(other, *later)
    assert f"the dataset in {output} was made of other raw tables than raw_img_metadata_path: {other}" in said
    assert said.count("warning") == 1 and "Leave out --from" in said
