"""The embedded demo: its files and tables, and the special cases that its masks hold."""

import csv
import gzip
import io
import itertools
import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from support.embedded_demo import dice
from support.files import table_rows
from support.trees import tree

from utils.data import load_mask
from utils.demo.plan import ANNOTATORS, EXCLUDED_MSKOBJECTID, MODELS


@pytest.fixture(scope="session")
def mask_rows(demo):
    return table_rows(demo[0] / "raw_ISIC_segmasks_metadata.csv")


@pytest.fixture(scope="session")
def image_rows(demo):
    text = gzip.decompress((demo[0] / "raw_ISIC_images_metadata.csv.gz").read_bytes()).decode()
    return {row["isic_id"]: row for row in csv.DictReader(io.StringIO(text))}


@pytest.fixture(scope="session")
def masks(demo, mask_rows):
    loaded = {}
    for row in mask_rows:
        with Image.open(demo[0] / "segs" / row["filename"]) as picture:
            assert (picture.format, picture.mode) == ("PNG", "L")
            pixels = np.asarray(picture)
        assert set(np.unique(pixels)) <= {0, 255}
        loaded[row["mskObjectID"]] = pixels > 0
    return loaded


@pytest.fixture(scope="session")
def by_image(mask_rows):
    groups = {}
    for row in mask_rows:
        if row["mskObjectID"] != EXCLUDED_MSKOBJECTID:
            groups.setdefault(row["ISIC_id"], []).append(row)
    return groups


def test_nothing_is_left_over(demo):
    files = tree(demo[0])
    assert sum(map(len, files.values())) < 25_000_000
    assert len(files) == 31 + 60 + 2 + 4 + 1 + 2 * 30


def test_counts_are_those_of_the_files(demo, mask_rows, image_rows):
    folder, counts = demo
    assert counts == {
        "images": len(list((folder / "images").glob("ISIC_*.jpg"))),
        "masks": len(list((folder / "segs").glob("ISIC_*.png"))),
        "annotators": len({row["creator"] for row in mask_rows}),
        "images_without_metadata": len({row["ISIC_id"] for row in mask_rows} - set(image_rows)),
        "other_datasets": len(list((folder / "other_datasets").iterdir())),
        "models": len(list((folder / "predictions").iterdir())),
    }
    assert counts == {
        "images": 31,
        "masks": 60,
        "annotators": 6,
        "images_without_metadata": 1,
        "other_datasets": 3,
        "models": 2,
    }


def test_models_predict_for_every_image_that_has_metadata(demo, image_rows):
    for model in MODELS:
        assert {path.stem for path in (demo[0] / "predictions" / model).iterdir()} == set(image_rows)


def test_one_model_follows_the_tight_annotator(demo, mask_rows, image_rows):
    dice_of = {model: [] for model in MODELS}
    for row in mask_rows:
        if row["creator"] == ANNOTATORS["i"].creator and row["source"] != "autofill" and row["ISIC_id"] in image_rows:
            mask = load_mask(demo[0] / "segs" / row["filename"])
            for model, values in dice_of.items():
                predicted = load_mask(demo[0] / "predictions" / model / f"{row['ISIC_id']}.png")
                values.append(dice(mask, predicted))
    means = {model: np.mean(values) for model, values in dice_of.items()}
    assert means["tight_net"] > 0.95 > means["between_net"] > 0.85


def test_images_are_jpegs_of_the_sizes_in_the_table(demo, image_rows):
    large = []
    for path in (demo[0] / "images").iterdir():
        with Image.open(path) as picture:
            assert (picture.format, picture.mode) == ("JPEG", "RGB")
            width, height = picture.size
        if path.stem in image_rows:
            row = image_rows[path.stem]
            assert (row["pixels_x"], row["pixels_y"]) == (str(width), str(height))
        if width * height >= 6_000_000:
            large.append(path)
    assert len(large) == 1
    assert large[0].stat().st_size < 1_000_000


def test_masks_have_the_size_of_their_image(demo, mask_rows, masks):
    for row in mask_rows:
        with Image.open(demo[0] / "images" / f"{row['ISIC_id']}.jpg") as picture:
            assert masks[row["mskObjectID"]].shape == picture.size[::-1], row


def test_ids_and_file_names(mask_rows, image_rows):
    ids = [row["mskObjectID"] for row in mask_rows]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{24}", mask_id) for mask_id in ids)
    assert any(re.fullmatch("[0-9]+", mask_id) for mask_id in ids)
    assert any(re.fullmatch("[0-9]+e[0-9]+", mask_id) for mask_id in ids if mask_id != EXCLUDED_MSKOBJECTID)
    assert all(re.fullmatch(r"ISIC_90000\d\d", row["ISIC_id"]) for row in mask_rows)
    assert all(row["filename"] == f"{row['ISIC_id']}_{row['mskObjectID']}.png" for row in mask_rows)
    assert set(image_rows) < {row["ISIC_id"] for row in mask_rows}


def test_mask_table(mask_rows):
    assert list(mask_rows[0]) == ["ISIC_id", "creator", "mskObjectID", "filename", "source", "skill"]
    assert {row["source"] for row in mask_rows} == {"autofill", "manual pointlist", ""}
    assert {row["skill"] for row in mask_rows} == {"expert", "novice"}


def test_image_table(image_rows):
    outcomes = Counter(row["benign_malignant"] for row in image_rows.values())
    assert set(outcomes) == {"benign", "malignant"}
    assert min(outcomes.values()) >= 8
    assert all(row["diagnosis_1"].lower() == row["benign_malignant"] for row in image_rows.values())
    for column in ("age_approx", "sex", "anatom_site_general"):
        values = {row[column] for row in image_rows.values()}
        assert "" in values
        assert len(values) >= 3


def test_gzip_header_holds_neither_time_nor_name(demo):
    header = (demo[0] / "raw_ISIC_images_metadata.csv.gz").read_bytes()[:10]
    assert header[3:8] == bytes(5)


def test_graph_of_images_and_annotators_is_incomplete_with_a_long_tail(by_image):
    assert set(Counter(map(len, by_image.values()))) == {1, 2, 3, 4, 5}
    drawn = Counter(row["creator"] for rows in by_image.values() for row in rows)
    assert max(drawn.values()) >= 10 * min(drawn.values())
    pairs = {
        pair
        for rows in by_image.values()
        for pair in itertools.combinations(sorted({row["creator"] for row in rows}), 2)
    }
    assert 6 <= len(pairs) < 15


def test_one_annotator_has_two_masks_of_an_image_with_different_tools(by_image):
    tools = {}
    for image, rows in by_image.items():
        for row in rows:
            tools.setdefault((image, row["creator"]), []).append(row["source"])
    assert sorted(used for used in tools.values() if len(used) > 1) == [["", "autofill"]]


def test_blank_mask_is_one_of_several_of_its_image(by_image, masks):
    blank = [len(rows) for rows in by_image.values() for row in rows if not masks[row["mskObjectID"]].any()]
    assert blank == [4]


def test_one_mask_is_full(masks):
    assert sum(mask.all() for mask in masks.values()) == 1


def test_a_mask_touches_the_border(masks):
    kept = [mask for mask_id, mask in masks.items() if mask_id != EXCLUDED_MSKOBJECTID and not mask.all()]
    assert any(mask[:, 0].any() for mask in kept)
    assert not all(mask[:, 0].any() for mask in kept)


def test_one_kept_mask_has_two_large_regions(by_image, masks):
    found = []
    for row in itertools.chain.from_iterable(by_image.values()):
        regions, _ = ndimage.label(masks[row["mskObjectID"]], np.ones((3, 3)))
        sizes = sorted(np.bincount(regions.ravel())[1:], reverse=True)
        if len(sizes) > 1 and sizes[1] > 0.05 * sizes[0]:
            found.append(len(sizes))
    assert found == [2]


def test_excluded_mask_is_wrong_and_its_image_keeps_others(mask_rows, by_image, masks):
    [row] = [row for row in mask_rows if row["mskObjectID"] == EXCLUDED_MSKOBJECTID]
    kept = by_image[row["ISIC_id"]]
    assert len(kept) >= 2
    assert all(dice(masks[EXCLUDED_MSKOBJECTID], masks[other["mskObjectID"]]) < 0.1 for other in kept)
    assert float(EXCLUDED_MSKOBJECTID) == float("inf")


def test_agreement_is_plausible_and_two_annotators_mark_different_lesions(by_image, masks):
    scores = []
    for rows in by_image.values():
        drawn = [masks[row["mskObjectID"]] for row in rows]
        drawn = [mask for mask in drawn if mask.any() and not mask.all()]
        scores += [dice(a, b) for a, b in itertools.combinations(drawn, 2)]
    assert min(scores) < 0.01
    assert 0.75 < np.mean(scores) < 0.9


def test_other_datasets_overlap_with_the_demo(demo, mask_rows):
    ours = {row["ISIC_id"] for row in mask_rows}
    files = {
        path.parent.name: sorted(path.parent.glob("*.txt")) for path in (demo[0] / "other_datasets").glob("*/*.txt")
    }
    assert sorted(map(len, files.values())) == [1, 1, 2]
    for paths in files.values():
        lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
        assert len(set(lines)) == len(lines)
        assert 0 < len(ours & set(lines)) < len(lines)
