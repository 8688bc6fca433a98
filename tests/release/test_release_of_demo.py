"""A release made from the embedded demo: it is imported, verified, and the chain goes on from it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support.release_sets import SUBSET, TABLES, Release, differences, import_release, release_of, verify_release
from support.run import STAGES, run_program, succeed
from support.trees import tree

from utils.demo import demo_folder
from utils.demo.plan import EXCLUDED_MSKOBJECTID, PICTURES

SEED = 2027
# Smaller images, with several masks, a blank one, and one without metadata.
PART = [picture for picture in PICTURES if picture.number in (11, 14, 17, 18, 19, 22, 27, 29, 31)]


class Demo(NamedTuple):
    """The demo's raw input, what the chain made of it, and the release of that."""

    raw: Path
    output: Path
    release: Release


@pytest.fixture(scope="module")
def demo(tmp_path_factory, full) -> Demo:
    base = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_folder, "PICTURES", PICTURES if full else PART)
        demo_folder.write_demo(base / "raw", SEED)
    for stage, folder in STAGES.items():
        excluded = [f'exclude_mskObjectIDs=["{EXCLUDED_MSKOBJECTID}"]'] if folder == "dataset_creation" else []
        succeed(stage, base / "output", *excluded, raw=base / "raw")
    return Demo(base / "raw", base / "output", release_of(base / "output", base / "release"))


def test_it_is_verified(demo, tmp_path):
    code, text = verify_release(demo.release, tmp_path)

    assert code == 0, text
    assert f"{len(demo.release.masks)} masks of " in text
    assert len(demo.release.rows("release_pairwise_metrics_path")) > 20


def test_it_is_imported_with_its_images(demo, tmp_path):
    code, text = import_release(demo.release, tmp_path, f"orig_imgs_dirs.jpg=[{demo.raw / 'images'}]")

    assert code == 0, text
    assert differences(tmp_path, "import") == []
    for folder in ("images", "seg_masks"):
        assert tree(tmp_path / folder) == tree(demo.output / folder)
    for name in ("IMAplusplus_seg_metadata.csv", "IMAplusplus_img_metadata.csv", "ISIC_ids.txt"):
        assert (tmp_path / "metadata" / name).read_bytes() == (demo.output / "metadata" / name).read_bytes()


def test_one_flipped_pixel_names_its_image(demo, tmp_path):
    row = demo.release.rows("release_subset_metadata_path")[0]
    spoilt = Release(tmp_path / "release", demo.release.masks, {})
    spoilt.paths = demo.release.paths
    spoilt.flip_pixel(row["seg_filename"], 5, 5)

    code, text = verify_release(spoilt, tmp_path / "output")

    assert code == 1
    images = {row["image"] for row in differences(tmp_path / "output", "verify")} - {""}
    assert images == {row["img_filename"]}
    assert f"mask differs: {row['img_filename']}, {row['seg_filename']}" in text


def test_the_whole_chain_goes_on_without_images(demo, project_copy, tmp_path, full):
    if not full:
        pytest.skip("all stages and figures in processes of their own: with --full")
    output = tmp_path / "output"
    assert import_release(demo.release, output)[0] == 0
    script = project_copy / "overall_script.sh"
    folders = {"IMAPP_OUTPUT_DIR": str(output), "IMAPP_DEMO_DIR": str(demo.raw), "VIRTUAL_ENV": sys.prefix}

    done = run_program("bash", script, "--from", "mask_qa", env=folders)

    assert done.returncode == 0, done.stderr
    assert "overlaid_segs skipped" in done.stderr
    for name in (*TABLES.values(), f"{SUBSET}staple_performance.csv", "ISIC_ids.txt"):
        assert (output / "metadata" / name).read_bytes() == (demo.output / "metadata" / name).read_bytes()
    assert tree(output / "seg_masks") == demo.release.masks
