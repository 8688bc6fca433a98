"""Layouts of images and masks: each gives the right dataset, or a clear error; no annotator is ever named."""

from __future__ import annotations

import pytest
from PIL import Image
from support.drawing import box, write_png
from support.own_masks_folder import NORA, OLA, SHAPE, OwnData
from support.run import run_here, run_stage, succeed

IDS = ("a1", "b2")
PEOPLE = {NORA: box(4, 4, 14, 20), OLA: box(6, 4, 16, 20)}


@pytest.fixture
def own(tmp_path) -> OwnData:
    """Return folders without files; `base / "data"` is there, too."""
    (tmp_path / "data").mkdir()
    return OwnData(tmp_path)


def lay_out(own: OwnData, images: str, masks: str, photo="{image}.jpg", mask="{annotator}/{image}.png"):
    """Draw photos and masks below data/, in folders that are `own.images` and `own.masks` from then on."""
    own.images, own.masks = own.base / "data" / images, own.base / "data" / masks
    for image in IDS:
        path = own.images / photo.format(image=image)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise(SHAPE[::-1], 90).convert("RGB").save(path)
        for annotator, drawn in PEOPLE.items():
            path = own.masks / mask.format(image=image, annotator=annotator)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_png(path, drawn)


def check_dataset(own: OwnData, pattern: str):
    """Make raw tables and the dataset, and compare both with what was drawn."""
    file = own.base / "my_dataset.yaml"
    text = own.succeed(f"own_name_pattern={pattern}", f"own_config={file}")
    assert "4 masks of 2 images by 2 annotators" in text and "WARNING" not in text, text
    assert {key: (made > 0).tolist() for key, made in own.made().items()} == {
        (image, annotator): drawn.tolist() for image in IDS for annotator, drawn in PEOPLE.items()
    }
    for stage in ("create_dataset", "move_dataset"):
        assert "WARNING" not in succeed(stage, own.output, "--dataset", file)
    shipped = {path.stem: path.read_bytes() for path in (own.output / "images").iterdir()}
    photos = [path for path in own.images.rglob("*") if path.stem in IDS and path.parent.name not in PEOPLE]
    assert shipped == {path.stem: path.read_bytes() for path in photos} and len(photos) == len(IDS)


@pytest.mark.parametrize("extension", ["jpg", "png", "tif"])
@pytest.mark.parametrize(
    ("images", "masks", "mask"),
    [
        ("images", "masks", "{annotator}/{image}.png"),
        ("images", "images/masks", "{annotator}/{image}.png"),
        ("images", "images/masks", "{image}_{annotator}.png"),
        (".", "masks", "{annotator}/{image}.png"),
        ("images", ".", "{annotator}/{image}.png"),
        ("images/photos", ".", "*/{annotator}/{image}.png"),
        ("images", ".", "{image}_{annotator}.png"),
        ("images", "images", "{image}_{annotator}.png"),
        ("images", "images", "{image}_mask_{annotator}.png"),
        ("images", "images", "masks/{image}_{annotator}.png"),
    ],
)
def test_a_layout_gives_the_photos_and_masks_that_were_drawn(own, images, masks, mask, extension):
    lay_out(own, images, masks, f"{{image}}.{extension}", mask.replace("*", "all"))
    check_dataset(own, mask)


@pytest.mark.parametrize(("images", "masks"), [("images", "."), ("images", "images/masks")])
def test_extensions_that_a_pattern_leaves_open(own, images, masks):
    lay_out(own, images, masks)
    check_dataset(own, "{annotator}/{image}.*")


def test_images_of_several_extensions_above_masks_of_their_names(own):
    lay_out(own, "images", "images/masks", "{image}.png")
    (own.images / "b2.png").unlink()
    Image.new("RGB", SHAPE[::-1]).save(own.images / "b2.tif")
    check_dataset(own, "{annotator}/{image}.png")


def test_output_below_the_masks_is_not_read_as_masks(own):
    lay_out(own, "images", ".")
    own.output = own.masks / "output"
    for _ in range(2):
        check_dataset(own, "{annotator}/{image}.png")


def test_a_folder_of_masks_that_links_lead_to_is_left_out_of_the_images(own):
    lay_out(own, "images", "images/masks", "{image}.png")
    (own.base / "link").symlink_to(own.base / "data", target_is_directory=True)
    own.images = own.base / "link" / "images"
    check_dataset(own, "{annotator}/{image}.png")


@pytest.mark.parametrize("kinds", [("png", "png"), ("png", "tif")])
def test_masks_with_the_names_of_images_in_one_folder_are_told_apart_or_refused(own, kinds):
    lay_out(own, ".", ".")
    for image, kind in zip(IDS, kinds, strict=True):
        (own.images / f"{image}.jpg").unlink()
        Image.new("RGB", SHAPE[::-1]).save(own.images / f"{image}.{kind}")
    offenders = own.refused("own_name_pattern={annotator}/{image}.png")
    assert offenders == ["image a1", "image b2"]


def test_an_image_whose_name_is_that_of_a_mask_too_is_refused(own):
    own.images = own.masks
    own.draw_images(["scan", "scan_1"])
    own.draw_masks(drawn={("scan", NORA): box(1, 1, 4, 4), ("scan_1", NORA): box(1, 1, 4, 4)})
    assert own.refused() == ["file 2: by its name a mask, and the image of other masks"]
    own.succeed("own_name_pattern={image}_{annotator:[^_0-9]+}.png")
    assert own.image_ids() == ["scan", "scan_1"] and len(own.rows()) == 2


def test_an_annotator_of_two_masks_beside_images_of_another_extension_is_no_image(own):
    own.images = own.masks
    Image.new("RGB", SHAPE[::-1]).save(own.images / "scan.jpg")
    own.draw_masks(drawn={("scan", f"k{suffix}"): box(1, 1, 4, 4 + len(suffix)) for suffix in ("", "_2")})
    own.succeed()
    assert sorted(row["creator"] for row in own.rows()) == ["k", "k_2"]


def test_a_pattern_that_reads_every_image_as_a_mask_says_so(own):
    lay_out(own, ".", ".", "photos/{image}.jpg")
    code, text = own.run("own_name_pattern={annotator}/{image}.*")
    assert (code, "no such file, but for those that follow own_name_pattern" in text) == (1, True)


def test_masks_among_the_images_are_cited_by_number(own):
    lay_out(own, ".", ".", mask="{annotator}/{image}.bmp")
    # The pattern is wrong: all files count as images.
    assert own.refused() == [f"file {number}: an id that another file has, too" for number in (3, 4, 5, 6)]
    done = run_stage("make_raw_tables", own.output, *own.keys(), "cite_file_names=true")
    assert done.returncode == 1 and f"image '{OLA}/a1.bmp': an id that another file has" in done.stderr


def test_masks_of_another_name_in_the_folder_of_the_images_are_counted_alone(own):
    lay_out(own, ".", ".", mask="{image}_{annotator}.png")
    Image.new("L", SHAPE[::-1]).save(own.masks / f"a1_{NORA}.bmp")
    text = own.succeed()
    assert "1 images have no mask; cite_file_names: true names them" in text


def test_masks_with_the_names_of_images_that_the_search_meets_are_not_named(own):
    lay_out(own, "images", "images/masks", "{image}.png")
    file = own.base / "my_dataset.yaml"
    own.succeed("own_name_pattern={annotator}/{image}.png", f"own_config={file}")
    # As one who points at the images by hand.
    code, text = run_here("create_dataset", own.output, "--dataset", file, "own_masks_dir=null")
    assert (code, f"image a1: 3 files in {own.images} and below it" in text) == (1, True)


def test_links_among_the_images_that_lead_to_folders_or_nowhere_are_refused(own):
    lay_out(own, "images", "masks")
    (own.base / "store").mkdir()
    (own.images / "part").symlink_to(own.base / "store", target_is_directory=True)
    (own.images / "scan_2.png").symlink_to("nowhere.png")
    (own.images / "notes.txt").symlink_to("nowhere.txt")
    assert own.refused() == [
        "file 4: a link to a folder, which is not followed",
        "image 'scan_2.png': a broken link, or not a regular file",
    ]


def test_a_link_to_the_folder_of_the_masks_is_no_fault_of_the_images(own):
    lay_out(own, "images", "masks")
    (own.images / "masks").symlink_to(own.masks, target_is_directory=True)
    assert "not followed" not in own.succeed("own_name_pattern={annotator}/{image}.png")
