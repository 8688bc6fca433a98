"""Real mask files: released ones with their hashes and QA results, and awkward formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.drawing import write_png
from support.run import run_stage

from utils.data import load_mask
from utils.errors import PipelineError
from utils.md5 import md5_of_file
from utils.naming import CONSENSUS, humans_only
from utils.quality.mask_issues import EMPTY, UNREADABLE, judge_mask_file

SEG_TABLE = "IMAplusplus_seg_metadata.csv"
QA_TABLE = "IMAplusplus_seg_metadata_qa_results.csv"
# Every how many of the released masks QA judges when not everything runs: decoding all takes minutes.
SAMPLING = 5
LFS_POINTER = "git_lfs_pointer_not_a_png.png"


@pytest.fixture(scope="module")
def released(reference) -> Path:
    return reference / "real" / "imapp_masks"


@pytest.fixture(scope="module")
def metadata(released) -> pd.DataFrame:
    return read(released / "seg_metadata.csv")


@pytest.fixture(scope="module")
def formats(reference) -> Path:
    return reference / "real" / "edge_formats"


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def rows_of(table: pd.DataFrame) -> list[tuple]:
    return list(table.itertuples(index=False, name=None))


def test_md5_of_all_released_masks(released, metadata):
    names = metadata["seg_filename"]
    hashes = [md5_of_file(released / "masks" / name) for name in names]

    assert len(names) == 973
    assert metadata["annotator"].value_counts()[list(CONSENSUS)].to_dict() == {"ST": 41, "MV": 37}
    assert list(names[metadata["mask_md5"] != hashes]) == []


def test_qa_results_of_released_masks(released, metadata, full):
    expected = read(released / "expected_qa_results.csv")
    humans = humans_only(metadata)
    judged = humans if full else humans[::SAMPLING]
    found = [
        (row.img_filename, row.seg_filename, issue.issue, issue.severity)
        for row in judged.itertuples()
        for issue in judge_mask_file(released / "masks" / row.seg_filename)
    ]

    assert found == rows_of(expected[expected["mask"].isin(judged["seg_filename"])])
    assert 0 < len({mask for _, mask, *_ in found}) < len(judged)


def test_released_qa_results_are_those_of_the_whole_release(released, metadata, reference):
    whole = read(reference / "published" / f"{QA_TABLE}.gz")

    expected = read(released / "expected_qa_results.csv")
    assert len(expected) == 41
    assert rows_of(expected) == rows_of(whole[whole["mask"].isin(metadata["seg_filename"])])


def test_qa_leaves_consensus_rows_and_files_alone(released, metadata, tmp_path):
    expected = read(released / "expected_qa_results.csv")
    with_consensus = metadata.loc[metadata["annotator"].isin(CONSENSUS), "img_filename"].unique()
    chosen = metadata["img_filename"].isin([*with_consensus[:6], *expected["image"].head(2)])
    rows = metadata[chosen]
    humans, consensus = humans_only(rows), rows[rows["annotator"].isin(CONSENSUS)]
    blank, unreadable = consensus["seg_filename"].iloc[:2]
    masks = tmp_path / "seg_masks"
    masks.mkdir()
    for name in rows["seg_filename"].drop([consensus.index[0], consensus.index[1]]):
        (masks / name).symlink_to(released / "masks" / name)
    write_png(masks / blank, np.zeros((8, 8), dtype=bool))
    (masks / unreadable).write_bytes(b"no image")
    assert [judge_mask_file(masks / name) for name in (blank, unreadable)] == [[EMPTY], [UNREADABLE]]
    tables = tmp_path / "metadata"
    tables.mkdir()
    rows.to_csv(tables / SEG_TABLE, index=False)
    images = "isic_id\n" + "".join(f"{isic_id}\n" for isic_id in rows["ISIC_id"].unique())
    (tables / "IMAplusplus_img_metadata.csv").write_text(images)
    before = (tables / SEG_TABLE).read_bytes(), sorted(path.name for path in masks.iterdir())

    done = run_stage("mask_qa", tmp_path, "num_workers=1")

    assert done.returncode == 0, done.stderr
    assert ((tables / SEG_TABLE).read_bytes(), sorted(path.name for path in masks.iterdir())) == before
    assert (tables / "IMAplusplus_img_metadata.csv").read_text() == images
    results = rows_of(read(tables / QA_TABLE))
    assert results == rows_of(expected[expected["mask"].isin(humans["seg_filename"])])
    assert len(results) >= 2


def foreground_by_pillow(path: Path) -> np.ndarray:
    """Decode a file by Pillow alone: bands at full depth, alpha left out, palette entries looked up."""
    with Image.open(path) as image:
        if image.mode == "P":
            lit = np.zeros(256, dtype=bool)
            palette = np.reshape(image.getpalette(), (-1, 3))
            lit[: len(palette)] = palette.max(axis=1) > 0
            return lit[np.asarray(image)]
        bands = zip(image.getbands(), image.split(), strict=True)
        return np.logical_or.reduce([np.asarray(band) > 0 for name, band in bands if name != "A"])


def test_masks_in_awkward_formats(formats):
    manifest = read(formats / "manifest.csv")
    assert set(manifest["file"]) == {path.name for path in formats.iterdir()} - {"manifest.csv"}
    modes = {}
    for row in manifest[manifest["file"] != LFS_POINTER].itertuples():
        mask = load_mask(formats / row.file)

        assert mask.dtype == bool, row.file
        assert f"{mask.shape[1]}x{mask.shape[0]}" == row.size, row.file
        np.testing.assert_array_equal(mask, foreground_by_pillow(formats / row.file), err_msg=row.file)
        modes.setdefault(row.mode, []).append(np.count_nonzero(mask) / mask.size)
    assert set(modes) == {"1", "L", "RGB", "RGBA", "P", "I;16"}
    # Files with some background in every mode but one, so that a mask of all ones would be noticed.
    assert all(min(shares) < 1 for mode, shares in modes.items() if mode != "I;16")


def test_every_value_above_zero_is_foreground(formats):
    with Image.open(formats / "bubil_RGB_35_255.png") as image:
        assert image.getextrema() == ((35, 255),) * 3

    assert load_mask(formats / "bubil_RGB_35_255.png").all()


def test_palette_is_expanded(formats):
    with Image.open(formats / "drive_palette.gif") as image:
        indices, palette = np.asarray(image), image.getpalette()

    assert 0 < np.count_nonzero(indices) < indices.size
    assert any(palette[:3])  # index 0 is not black, so it is foreground as well
    assert load_mask(formats / "drive_palette.gif").all()


def test_sixteen_bits_count(formats, tmp_path):
    with Image.open(formats / "bubil_raw_uint16.png") as image:
        values = np.asarray(image)
    dim = np.where(values > np.median(values), 1, 0).astype(np.uint16)
    Image.fromarray(dim).save(tmp_path / "dim.png")

    assert load_mask(formats / "bubil_raw_uint16.png").all()
    np.testing.assert_array_equal(load_mask(tmp_path / "dim.png"), dim == 1)


def test_alpha_is_not_foreground(formats, tmp_path):
    with Image.open(formats / "bubil_RGBA_inverted.png") as image:
        values = np.asarray(image)
    mask = load_mask(formats / "bubil_RGBA_inverted.png")
    assert (values[..., 3] == 255).all()
    assert 0 < np.count_nonzero(mask) < mask.size

    transparent = values.copy()
    transparent[..., 3] = 0
    Image.fromarray(transparent).save(tmp_path / "transparent.png")
    np.testing.assert_array_equal(load_mask(tmp_path / "transparent.png"), mask)


def test_lfs_pointer_is_an_error_that_names_the_file(formats):
    with pytest.raises(PipelineError, match=LFS_POINTER):
        load_mask(formats / LFS_POINTER)
    assert judge_mask_file(formats / LFS_POINTER) == [UNREADABLE]
