"""The embedded demo: what is drawn, and what is written."""

import csv
import gzip
import hashlib
import io
import itertools
import json
import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from utils import demo_dataset
from utils.demo_dataset import demo_is_complete, write_demo
from utils.demo_masks import STYLES, draw_mask
from utils.demo_plan import EXCLUDED_MSKOBJECTID, PICTURES
from utils.demo_scenes import LOOKS, draw_scene
from utils.demo_shapes import fill_polygon, smooth_noise
from utils.errors import ConfigError, PipelineError
from utils.parallel import Failure

SEED = 2026
# Smaller images with every style, every deed of the plan but `both`, and one without metadata.
AGAIN = [picture for picture in PICTURES if picture.number in (11, 14, 17, 18, 19, 22, 27, 29, 31)]


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def true_mask(lesion):
    return lesion.full_size(lesion.distance) < 0


def table_rows(files, name):
    data = gzip.decompress(files[name]) if name.endswith(".gz") else files[name]
    return data.decode().splitlines()


def is_of_again(text):
    return any(picture.isic_id in text for picture in AGAIN)


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    counts = write_demo(folder, SEED)
    return folder, counts


@pytest.fixture(scope="session")
def mask_rows(demo):
    text = (demo[0] / "raw_ISIC_segmasks_metadata.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


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
    files = contents(demo[0])
    assert sum(map(len, files.values())) < 25_000_000
    assert len(files) == 31 + 60 + 2 + 4 + 1


@pytest.fixture(scope="session")
def again(tmp_path_factory):
    """Part of the demo, written a second time, by two workers."""
    folder = tmp_path_factory.mktemp("again")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_dataset, "PICTURES", AGAIN)
        write_demo(folder, SEED, num_workers=2)
    return contents(folder)


def test_same_seed_gives_same_bytes_whatever_the_number_of_workers(demo, again):
    first = contents(demo[0])
    tables = (demo_dataset.IMAGE_TABLE, demo_dataset.MASK_TABLE)
    expected = {name for name in first if name.startswith("other_datasets") or is_of_again(name)}
    assert again.keys() == expected | {*tables, demo_dataset.MARKER}
    assert [name for name in sorted(expected) if again[name] != first[name]] == []
    for name in tables:
        header, *rows = table_rows(first, name)
        assert table_rows(again, name) == [header, *filter(is_of_again, rows)]


def test_another_seed_gives_other_drawings_with_the_same_names():
    one, other = (demo_dataset.draw_picture(seed, PICTURES[9]) for seed in (SEED, SEED + 1))
    assert one.mask_rows == other.mask_rows
    assert one.files.keys() == other.files.keys()
    assert all(one.files[name] != other.files[name] for name in one.files)


def test_counts_are_those_of_the_files(demo, mask_rows, image_rows):
    folder, counts = demo
    assert counts == {
        "images": len(list((folder / "images").glob("ISIC_*.jpg"))),
        "masks": len(list((folder / "segs").glob("ISIC_*.png"))),
        "annotators": len({row["creator"] for row in mask_rows}),
        "images_without_metadata": len({row["ISIC_id"] for row in mask_rows} - set(image_rows)),
        "other_datasets": len(list((folder / "other_datasets").iterdir())),
    }
    assert counts == {
        "images": 31,
        "masks": 60,
        "annotators": 6,
        "images_without_metadata": 1,
        "other_datasets": 3,
    }


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


def test_marker_tells_a_complete_demo(demo, tmp_path):
    folder, counts = demo
    marker = json.loads((folder / "demo_complete.json").read_text(encoding="utf-8"))
    assert marker == {"seed": SEED, "version": demo_dataset.DEMO_VERSION, "counts": counts}
    assert demo_is_complete(folder, SEED)
    assert not demo_is_complete(folder, SEED + 1)
    assert not demo_is_complete(tmp_path / "absent", SEED)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"seed": 2026}', '{"seed": 2026, "version": 0}'])
def test_damaged_or_old_marker_is_incomplete(tmp_path, text):
    (tmp_path / "demo_complete.json").write_text(text, encoding="utf-8")
    assert not demo_is_complete(tmp_path, SEED)


def test_interrupted_demo_is_incomplete_even_over_a_complete_one(tmp_path, monkeypatch):
    marker = {"seed": SEED, "version": demo_dataset.DEMO_VERSION}
    (tmp_path / "demo_complete.json").write_text(json.dumps(marker), encoding="utf-8")
    assert demo_is_complete(tmp_path, SEED)

    def full_disk(path, data):
        raise OSError("no space left")

    monkeypatch.setattr(demo_dataset, "write_bytes_atomically", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_demo(tmp_path, SEED)
    assert not demo_is_complete(tmp_path, SEED)


def test_killed_worker_ends_the_run_and_the_demo_is_incomplete(tmp_path, monkeypatch):
    failures = [Failure("killed twice")] * len(PICTURES)
    monkeypatch.setattr(demo_dataset, "map_items", lambda *_, **__: iter(failures))
    with pytest.raises(PipelineError, match=r"(?s)ISIC_9000001.*killed twice"):
        write_demo(tmp_path, SEED)
    assert not list(tmp_path.iterdir())


def test_negative_seed_is_refused_and_an_earlier_demo_stays(tmp_path):
    (tmp_path / "demo_complete.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="demo_seed"):
        write_demo(tmp_path, -1)
    assert (tmp_path / "demo_complete.json").exists()


@pytest.fixture(scope="session")
def styled():
    """Masks of every style for one lesion of each diagnosis."""
    drawn = []
    for number, kind in enumerate(LOOKS):
        _, [lesion] = draw_scene(np.random.default_rng(number), (240, 320), kind)
        masks = {style: draw_mask(np.random.default_rng(number), lesion, style) for style in STYLES}
        drawn.append((true_mask(lesion), masks))
    return drawn


def test_styles_differ_and_all_resemble_the_outline(styled):
    for truth, masks in styled:
        assert all(dice(truth, mask) > 0.6 for mask in masks.values())
        assert all(dice(a, b) < 0.99 for a, b in itertools.combinations(masks.values(), 2))
    scores = [dice(a, b) for _, masks in styled for a, b in itertools.combinations(masks.values(), 2)]
    assert 0.75 < np.mean(scores) < 0.9


def test_tight_lies_within_the_outline_and_generous_is_larger(styled):
    for truth, masks in styled:
        assert not (masks["tight"] & ~truth).any()
        assert masks["generous"].sum() > truth.sum()


def test_flood_fill_has_the_longest_border_for_its_area_and_no_holes(styled):
    def raggedness(mask):
        return (mask & ~ndimage.binary_erosion(mask)).sum() / np.sqrt(mask.sum())

    for _, masks in styled:
        assert max(masks, key=lambda style: raggedness(masks[style])) == "flood fill"
        assert (ndimage.binary_fill_holes(masks["flood fill"]) == masks["flood fill"]).all()
        assert ndimage.label(masks["flood fill"])[1] == 1


def test_lesion_is_darker_than_the_skin_around_it():
    image, [lesion] = draw_scene(np.random.default_rng(1), (240, 320), "melanoma")
    inside = true_mask(lesion)
    around = ndimage.binary_dilation(inside, iterations=30) & ~ndimage.binary_dilation(inside, iterations=12)
    assert image[inside].mean() < 0.7 * image[around].mean()


def test_large_images_are_interpolated_to_the_asked_size_and_the_outline_stays_on_the_lesion():
    image, [lesion] = draw_scene(np.random.default_rng(1), (901, 1203), "melanoma", [(0.4, 0.6, 0.2)])
    assert (image.shape, image.dtype, lesion.scale) == ((901, 1203, 3), np.uint8, 2)
    rows, columns = np.nonzero(true_mask(lesion))
    assert abs(rows.mean() - 0.4 * 901) < 60
    assert abs(columns.mean() - 0.6 * 1203) < 60
    grey = image.mean(axis=2)
    inside = true_mask(lesion)
    assert grey[inside].mean() < 0.7 * grey[~inside].mean()


def test_polygon_holds_exactly_the_pixels_between_its_corners():
    square = fill_polygon(np.array([(1, 2), (1, 5), (4, 5), (4, 2)]), (6, 7))
    expected = np.zeros((6, 7), bool)
    expected[1:4, 2:5] = True
    assert (square == expected).all()


def test_polygon_beyond_the_image_is_cut_and_a_line_is_empty():
    assert fill_polygon(np.array([(-5, -5), (-5, 9), (9, 9), (9, -5)]), (4, 3)).all()
    assert not fill_polygon(np.array([(0, 0), (3, 3)]), (4, 4)).any()


def test_smooth_noise_is_bounded_smooth_and_centred():
    noise = smooth_noise(np.random.default_rng(5), (200, 300), 20)
    assert (noise.shape, noise.dtype) == ((200, 300), np.float32)
    assert np.abs(noise).max() <= 1.2
    assert abs(noise.mean()) < 0.1
    assert np.abs(np.diff(noise, axis=0)).max() < 0.12
    assert noise.std() > 0.2


@pytest.mark.parametrize(("shape", "digest"), [((120, 160), "a8f98c1e507bf80c"), ((900, 1210), "a907adf31c5475ac")])
def test_drawn_pixels_are_the_same_on_every_machine(shape, digest):
    image, lesions = draw_scene(np.random.default_rng(7), shape, "carcinoma")
    pixels = hashlib.sha256(image.tobytes())
    for style in STYLES:
        pixels.update(draw_mask(np.random.default_rng(8), lesions[0], style).tobytes())
    assert pixels.hexdigest()[:16] == digest
