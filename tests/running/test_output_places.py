"""Parts of the output that the configuration puts elsewhere are the run's as well."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.checkout import check_run
from support.drawing import box, write_png
from support.run import raw_arguments, run_here, succeed
from support.small_set import other_raw

from utils.running.output_places import OutputPlaces
from utils.running.run_manifest import manifest_file
from utils.settings import AnalysisSettings, CreationSettings

LAY_OUT = ("create_dataset", "move_dataset", "mask_qa")
FIGURE = "imaplusplus_annotator_overlap"


class Elsewhere:
    """A dataset whose images and masks, metadata and figures lie beside the output folder."""

    def __init__(self, raw: Path, folder: Path):
        self.raw, self.output, self.data, self.metadata = raw, folder / "output", folder / "data", folder / "tables"
        self.figures = folder / "figures"
        self.keys = (
            f"target_data_dir={self.data}",
            f"new_dataset_dir={self.data}",
            f"new_dataset_metadata_output_dir={self.metadata}",
            f"upset_plots_dir={self.figures}",
        )

    def run(self, stages, *keys: str, raw: Path | None = None) -> str:
        arguments = ("--any-stage", *self.keys, *keys)
        return "".join(succeed(stage, self.output, *arguments, raw=raw or self.raw) for stage in stages)

    def check(self, project, *keys: str) -> tuple[int, str]:
        return check_run(project, self.output, "--any-stage", *raw_arguments(self.raw), *self.keys, *keys)

    def names(self, folder: str = "data/seg_masks") -> set[str]:
        place = self.output.parent / folder
        return {path.name for path in place.iterdir()} if place.is_dir() else set()


@pytest.fixture
def elsewhere(small_raw, tmp_path):
    dataset = Elsewhere(small_raw, tmp_path)
    dataset.run([*LAY_OUT, FIGURE])
    return dataset


def test_outputs_elsewhere_are_recorded_from_the_output_folder_on(elsewhere, project_copy):
    text = manifest_file(elsewhere.output).read_text("utf-8")
    stages = json.loads(text)["stages"]
    assert str(elsewhere.data.parent) not in text
    assert {f"../data/seg_masks/{name}" for name in elsewhere.names()} <= set(stages["move_dataset"]["outputs"])
    assert "../tables/IMAplusplus_seg_metadata.csv" in stages["mask_qa"]["outputs"]
    assert f"../figures/{FIGURE}.png" in stages[FIGURE]["outputs"]
    code, told = elsewhere.check(project_copy)
    assert code == 0, told


def test_what_left_the_metadata_is_withdrawn_from_elsewhere(elsewhere, project_copy):
    before = elsewhere.names()
    elsewhere.run(LAY_OUT, "exclude_mskObjectIDs=[d1]")
    gone = before - elsewhere.names()
    assert gone and gone <= elsewhere.names("output/quarantine/withdrawn")
    elsewhere.run([FIGURE])
    code, told = elsewhere.check(project_copy, "exclude_mskObjectIDs=[d1]")
    assert code == 0, told


def test_leftovers_and_changes_elsewhere_are_named(elsewhere, project_copy):
    write_png(elsewhere.data / "seg_masks" / "mine.png", box(1, 1, 3, 3))
    (elsewhere.metadata / "IMAplusplus_seg_metadata_qa_results.csv").write_text("image,mask,issue,severity\n")
    (elsewhere.metadata / "notes of the user.txt").touch()
    assert "../data/seg_masks/mine.png" in elsewhere.run(["move_dataset"])
    code, told = elsewhere.check(project_copy)
    assert code == 1
    assert "../data/seg_masks/mine.png: no stage has recorded it" in told
    assert "../tables/IMAplusplus_seg_metadata_qa_results.csv: changed (made by mask_qa)" in told
    assert "notes of the user" not in told


def test_another_dataset_takes_over_what_lies_elsewhere(elsewhere, tmp_path):
    other = other_raw(elsewhere.raw, tmp_path)
    masks = elsewhere.names()
    code, told = run_here("create_dataset", elsewhere.output, "--any-stage", *elsewhere.keys, raw=other)
    assert code == 1 and "holds another dataset" in told
    elsewhere.run(LAY_OUT, "replace_output=true", raw=other)
    assert masks and masks <= elsewhere.names("output/quarantine/withdrawn")
    assert not any(name.startswith("IMG") for name in elsewhere.names() | elsewhere.names("data/images"))


def test_figures_elsewhere_of_another_dataset_go_too(small_raw, tmp_path):
    dataset = Elsewhere(small_raw, tmp_path)
    dataset.run([*LAY_OUT, FIGURE])
    assert dataset.names("figures")
    dataset.run(["create_dataset"], "replace_output=true", raw=other_raw(small_raw, tmp_path))
    assert not dataset.names("figures")


def test_another_dataset_is_refused_though_its_metadata_lie_elsewhere(elsewhere, tmp_path):
    keys = [*elsewhere.keys, f"new_dataset_metadata_output_dir={tmp_path / 'other tables'}"]
    other = other_raw(elsewhere.raw, tmp_path)
    code, told = run_here("create_dataset", elsewhere.output, "--any-stage", *keys, raw=other)
    assert code == 1 and "holds another dataset" in told


def test_a_mended_mask_stays_with_the_stage_that_brought_it(elsewhere):
    quarantined = next(name for name in elsewhere.names("output/quarantine") if name.endswith("_e1.png"))
    write_png(elsewhere.raw / "segs" / "raw_e1.png", box(3, 3, 9, 9))
    elsewhere.run(LAY_OUT)
    assert quarantined in elsewhere.names()
    elsewhere.run(LAY_OUT, "exclude_mskObjectIDs=[e1]")
    assert quarantined not in elsewhere.names()


def test_a_folder_that_the_config_names_no_longer_is_left_alone(elsewhere, project_copy):
    before = elsewhere.names()
    elsewhere.keys = (f"target_data_dir={elsewhere.output}", *elsewhere.keys[2:])
    elsewhere.run(LAY_OUT)
    assert elsewhere.names() == before and not elsewhere.names("output/quarantine/withdrawn")
    shutil.rmtree(elsewhere.data)
    elsewhere.run([FIGURE])
    code, told = elsewhere.check(project_copy)
    assert code == 0, told


def test_nothing_outside_these_places_is_the_pipelines(tmp_path):
    output = tmp_path / "output"
    defaults = {"output_dir": output, "orig_segs_dir": tmp_path / "raw", "orig_imgs_dirs": {}}
    tables = {"raw_img_metadata_path": tmp_path / "a.csv", "raw_seg_masks_metadata_path": tmp_path / "b.csv"}
    creation = CreationSettings(
        **defaults,
        **tables,
        target_data_dir=tmp_path / "data.v2",
        partitions_path=tmp_path / "parts.csv",
        creator_mapping_path=tmp_path / "who.csv",
    )
    places = OutputPlaces(creation, AnalysisSettings(output_dir=output, upset_plots_dir=tmp_path / "plots"))
    assert places.folders == [output, tmp_path / "data.v2", tmp_path / "plots"]
    named = {"data.v2/a.png": "../data.v2/a.png", "parts.csv": "../parts.csv", "output/images/b.png": "images/b.png"}
    for path, name in named.items():
        assert places.name_of(tmp_path / path) == name
        assert places.path_of(name) == tmp_path / path
    for path in ("who.csv", "raw/a.png", "a.csv", "output.csv", "data.v20/a.png", "plotsx"):
        assert places.name_of(tmp_path / path) is None
        assert places.path_of(f"../{path}") is None
