"""Releases of real masks: the golden sets as the published code would have released them, and the published tables."""

from __future__ import annotations

import zipfile
from collections import Counter

import pytest
from support.release_sets import (
    TABLES,
    cells,
    differences,
    import_release,
    release_of_golden,
    run_here,
    verify_release,
)
from support.trees import tree

REAL_MASKS, HUMAN, STAPLE, VOTE = 973, 895, 41, 37
RELEASED, SEVERAL = 22472, 2394


@pytest.fixture(scope="module", params=["isic_1718", "bubil"])
def golden(request, reference, tmp_path_factory, full):
    if request.param == "bubil" and not full:
        pytest.skip("171 pairs for each of 24 images: with --full")
    return release_of_golden(reference / "golden" / request.param, tmp_path_factory.mktemp(request.param))


def test_a_golden_release_is_verified(golden, tmp_path):
    code, text = verify_release(golden, tmp_path)

    assert code == 0, text
    assert f"and {len(golden.rows('release_pairwise_metrics_path'))} pairs recomputed; no difference" in text


def test_a_golden_release_is_imported(golden, tmp_path):
    code, text = import_release(golden, tmp_path)

    assert code == 0, text
    assert tree(tmp_path / "seg_masks") == golden.masks
    images = len(golden.rows("release_img_metadata_path"))
    assert Counter(row["kind"] for row in differences(tmp_path, "import")) == {"image missing": images}


@pytest.fixture(scope="module")
def published_keys(reference, tmp_path_factory):
    """Keys of the published tables with an archive of those of their masks that are here."""
    masks = reference / "real" / "imapp_masks" / "masks"
    archive = tmp_path_factory.mktemp("published") / "segs.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(masks.iterdir()):
            packed.write(path, f"segs/{path.name}")
    tables = [f"{key}={reference / 'published' / name}.gz" for key, name in TABLES.items()]
    return [f"release_segs_zip={archive}", *tables]


def kinds(output, what: str) -> Counter:
    return Counter(row["kind"] for row in differences(output, what))


def test_the_published_tables_with_some_masks_say_what_is_missing(published_keys, reference, tmp_path):
    archive, metadata, images, *_ = published_keys
    keys = [archive, metadata, images, f"orig_imgs_dirs.JPG=[{reference / 'real' / 'imapp_masks' / 'images'}]"]

    code, text = run_here("import_release", tmp_path, *keys, "transfer=symlink")

    assert code == 1
    assert f"mask missing: {RELEASED - REAL_MASKS:,}; all are listed in" in text
    assert len(text.splitlines()) < 40
    listed = kinds(tmp_path, "import")
    assert listed["mask missing"] == RELEASED - REAL_MASKS
    assert listed["consensus of an incomplete image"] == STAPLE + VOTE
    here = {path.name for path in (reference / "real" / "imapp_masks" / "masks").iterdir()}
    missing = [row for row in differences(tmp_path, "import") if row["kind"] == "mask missing"]
    assert here.isdisjoint(name for (name,) in cells(missing, "file"))
    assert not (tmp_path / "metadata" / "IMAplusplus_seg_metadata.csv").exists()

    code, text = run_here("import_release", tmp_path, *keys, "transfer=symlink", "release_allow_incomplete=true")

    assert code == 0, text
    assert f"{HUMAN} masks of {HUMAN} images in place, 0 of them new; 8 images linked (symlink)" in text
    assert kinds(tmp_path, "import") == listed
    assert listed["image missing"] == HUMAN - 8
    in_place = {path.name for path in (tmp_path / "seg_masks").iterdir()}
    assert in_place == {name for name in here if not name.endswith(("_ST_ST_ST_ST.png", "_MV_MV_MV_MV.png"))}


def test_the_published_tables_with_some_masks_are_not_verified(published_keys, tmp_path):
    code, text = run_here("verify_release", tmp_path, *published_keys)

    assert code == 1
    # Each table agrees with itself: what is found is masks that are not here, and what hangs on them.
    assert kinds(tmp_path, "verify") == {
        "mask missing": RELEASED - REAL_MASKS,
        "image not recomputed": SEVERAL,
        "summary not recomputed": 1,
    }
    assert f"image not recomputed: {SEVERAL:,}" in text
