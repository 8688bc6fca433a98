"""own_config: the file for overall_script.sh that make_raw_tables writes, and what users have added to it."""

from __future__ import annotations

import codecs

import pytest
import yaml
from support.drawing import box, write_png
from support.own_masks_folder import NORA, OwnData
from support.run import config_of

from utils.config import load_config
from utils.settings import CreationSettings

MASK = box(4, 4, 14, 20)


@pytest.fixture
def own(tmp_path) -> OwnData:
    own = OwnData(tmp_path)
    own.draw_images(["a1"])
    write_png(own.masks / f"a1_{NORA}.png", MASK)
    return own


@pytest.fixture
def file(own):
    """Return the file after a first run."""
    file = own.base / "my_dataset.yaml"
    own.succeed(f"own_config={file}")
    return file


def test_a_file_for_the_chain_points_at_what_was_made(own, monkeypatch):
    file = own.base / "my_dataset.yaml"
    text = own.succeed(f"own_config={file}")
    assert f"bash overall_script.sh --config {file}" in text and NORA not in file.read_text(encoding="utf-8")
    monkeypatch.delenv("IMAPP_OUTPUT_DIR", raising=False)
    found = load_config(CreationSettings, config_of("create_dataset"), dataset_file=file)
    assert (found.output_dir, found.orig_segs_dir) == (own.output, own.raw / "segs")
    assert found.orig_imgs_dirs == {"png": [own.images]}
    first = file.read_bytes()
    own.succeed(f"own_config={file}")
    assert file.read_bytes() == first


def test_a_file_of_another_origin_is_not_replaced(own):
    file = own.base / "my_dataset.yaml"
    file.write_text("output_dir: here\n", encoding="utf-8")
    code, text = own.run(f"own_config={file}")
    assert (code, "it would be changed" in text, file.read_text("utf-8")) == (2, True, "output_dir: here\n")


@pytest.mark.parametrize("saved", [lambda data: data, lambda data: codecs.BOM_UTF8 + data.replace(b"\n", b"\r\n")])
def test_keys_and_comments_that_a_user_added_stay(own, file, saved):
    text = file.read_text("utf-8")
    mine = (
        "# my people\ncreator_mapping_path: ../who.csv\n\nown_tool:\n  poly: autofill\n  # none\n  x: missing\n"
        'overlay_ids:\n- a1\n- "5841e138" # why\n'
    )
    edited = text.replace("orig_segs_dir:", f"{mine}orig_segs_dir:").replace("Ids: []", 'Ids: ["5841e138"]  # bad')
    edited = edited.replace("# Lists", "# my comment\n# Lists")
    file.write_bytes(saved(edited.encode()))
    own.succeed(f"own_config={file}")
    assert file.read_text("utf-8") == edited


def test_what_was_made_is_brought_up_to_date_within_what_a_user_added(own, file):
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("  png: ", "  # mine\n  png: ").replace("orig_segs", "# next\naudit_seed: 5\norig_segs")
    )
    own.raw = own.base / "elsewhere"
    own.draw_images(["b1"])
    (own.images / "b1.png").rename(own.images / "b1.PNG")
    own.succeed(f"own_config={file}")
    new = file.read_text("utf-8")
    assert "  # mine\n  " in new
    assert "# next\naudit_seed: 5\norig_segs_dir: " in new
    before, after = yaml.safe_load(text), yaml.safe_load(new)
    assert after.pop("audit_seed") == 5
    assert after.pop("orig_imgs_dirs") == {"png": [str(own.images)], "PNG": [str(own.images)]}
    moved = {key: str(value).replace(str(own.base / "raw"), str(own.raw)) for key, value in before.items()}
    assert {key: str(value) for key, value in after.items()} | {"orig_imgs_dirs": moved["orig_imgs_dirs"]} == moved


def test_an_image_table_of_the_users_own_stays(own, file):
    table = own.base / "diagnoses.csv"
    made = f'"{own.raw / "raw_ISIC_images_metadata.csv"}"'
    file.write_text(file.read_text("utf-8").replace(made, str(table)), encoding="utf-8")
    own.raw = own.base / "elsewhere"
    own.succeed(f"own_config={file}")
    values = yaml.safe_load(file.read_text("utf-8"))
    assert values["raw_img_metadata_path"] == str(table)
    assert values["raw_seg_masks_metadata_path"].startswith(str(own.raw))


def test_an_output_folder_of_the_users_own_stays_unless_the_call_names_one(own, file):
    text = file.read_text("utf-8")
    edited = text.replace(f'output_dir: "{own.output}"', "output_dir: mine")
    assert edited != text
    file.write_text(edited, encoding="utf-8")
    own.succeed(f"own_config={file}")
    assert file.read_text("utf-8") == edited
    own.succeed(f"own_config={file}", f"output_dir={own.base / 'other'}")
    assert yaml.safe_load(file.read_text("utf-8"))["output_dir"] == str(own.base / "other")


@pytest.mark.parametrize("rest", ["...", "---\na: 1", "orig: &s x"])
def test_a_file_that_would_come_out_broken_is_left_as_it_is(own, file, rest):
    text = file.read_text("utf-8").replace("exclude_mskObjectIDs: []\n", "")
    text += f"{rest}\n" if rest[0] in ".-" else ""
    text = text.replace("orig_segs_dir: ", "orig_segs_dir: &s ") + "x: *s\n" if rest[0] == "o" else text
    file.write_text(text, encoding="utf-8")
    own.raw = own.base / "elsewhere"
    code, shown = own.run(f"own_config={file}")
    assert (code, "cannot be brought up to date" in shown) == (2, True)
    assert file.read_text("utf-8") == text


def test_own_config_that_is_a_folder_or_no_text_is_refused(own, file):
    for path, content in ((own.base / "folder", None), (file, file.read_bytes() + b"a: \xff\n")):
        path.mkdir() if content is None else path.write_bytes(content)
        assert own.run(f"own_config={path}")[0] == 2


IMAGES_OF_USERS = {
    "lines": "  # mine\n  png:  # both\n    - {images}  # first\n    # second\n    - scans\n  tif: [{images}]",
    "relative": "  png: [./images, scans]  # both",
    "single": "  png: {images}  # one\n  tif: scans",
}


@pytest.mark.parametrize("written", IMAGES_OF_USERS)
def test_further_folders_of_images_and_comments_among_them_stay(own, file, written):
    text = file.read_text("utf-8").replace(
        f'  png: ["{own.images}"]', IMAGES_OF_USERS[written].format(images=own.images)
    )
    file.write_text(text, encoding="utf-8")
    own.succeed(f"own_config={file}")
    assert file.read_text("utf-8") == text
    moved = own.base / "moved"
    own.images = own.images.rename(moved)
    own.succeed(f"own_config={file}")
    former = "./images" if written == "relative" else str(own.base / "images")
    assert file.read_text("utf-8") == text.replace(former, f'"{moved}"')


@pytest.mark.parametrize("written", ["orig_imgs_dirs:", "orig_imgs_dirs: {}", "orig_imgs_dirs: {tif: [scans]} # mine"])
def test_folders_of_images_are_added_to_what_is_written_in_a_line(own, file, written):
    text = file.read_text("utf-8").replace(f'orig_imgs_dirs:\n  png: ["{own.images}"]', written)
    file.write_text(text, encoding="utf-8")
    own.draw_images(["b1"])
    (own.images / "b1.png").rename(own.images / "b1.PNG")
    own.succeed(f"own_config={file}")
    values = yaml.safe_load(file.read_text("utf-8"))["orig_imgs_dirs"]
    assert values.items() >= {"png": [str(own.images)], "PNG": [str(own.images)]}.items()


def test_images_in_the_output_that_the_file_keeps_are_left_out(own, file):
    kept = own.images / "results"
    file.write_text(file.read_text("utf-8").replace(f'"{own.output}"', f'"{kept}"'), encoding="utf-8")
    (kept / "images").mkdir(parents=True)
    (kept / "images" / "a1.png").write_bytes((own.images / "a1.png").read_bytes())
    own.succeed(f"own_config={file}")
    assert own.image_ids() == ["a1"]


def test_a_list_where_a_folder_belongs_is_told(own, file):
    text = file.read_text("utf-8").replace('orig_segs_dir: "', 'orig_segs_dir:\n  - "')
    file.write_text(text, encoding="utf-8")
    code, shown = own.run(f"own_config={file}")
    assert (code, "a list or map in line" in shown, file.read_text("utf-8")) == (2, True, text)


def test_names_stay_out_of_the_output_that_the_file_names(own, file):
    file.write_text(file.read_text("utf-8").replace(f'"{own.output}"', f'"{own.base / "kept"}"'), encoding="utf-8")
    own.raw = own.base / "kept" / "raw"
    code, text = own.run(f"own_config={file}")
    assert (code, f"output_dir: {own.base / 'kept'}" in text, own.raw.exists()) == (2, True, False)


def test_a_key_that_was_taken_out_comes_back(own, file):
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("exclude_mskObjectIDs: []\n", ""), encoding="utf-8")
    own.succeed(f"own_config={file}")
    assert yaml.safe_load(file.read_text("utf-8")) == yaml.safe_load(whole)
    file.write_text(whole.splitlines(keepends=True)[0], encoding="utf-8")
    own.succeed(f"own_config={file}")
    assert file.read_text("utf-8") == whole


@pytest.mark.parametrize("rest", ["{output_dir: a, audit_seed: 5}", "- output_dir", "output_dir: [", "a: !x 1"])
def test_a_file_that_cannot_be_brought_up_to_date_is_refused_before_the_work(own, file, rest):
    text = f"{file.read_text('utf-8').splitlines()[0]}\n{rest}\n"
    file.write_text(text, encoding="utf-8")
    own.raw = own.base / "elsewhere"
    code, shown = own.run(f"own_config={file}")
    assert (code, "cannot be brought up to date" in shown, own.raw.exists()) == (2, True, False)
    assert file.read_text("utf-8") == text
