"""The released tables are refused with every faulty row, and with nothing written."""

from __future__ import annotations

import pytest
from support.release_sets import differences, import_release
from support.trees import tree

SEGMENTATIONS, IMAGES = "release_seg_metadata_path", "release_img_metadata_path"
# Column, value, fault; row N of the table below has fault N.
FAULTS = (
    ("tool", "", "an empty cell"),
    ("seg_filename", "../../escaped.png", "a name with a path separator"),
    ("seg_filename", "..\\escaped.png", "a name with a path separator"),
    ("ISIC_id", "/etc/passwd", "an img_filename that is not its ISIC_id and a suffix"),
    ("img_filename", "IMG_01.J/G", "a name with a path separator"),
    ("img_filename", "IMG_07.JPG", "an img_filename that is not its ISIC_id and a suffix"),
    ("img_filename", "IMG_01.PNG", "an image under two names"),
    ("annotator", "A17", "a seg_filename that its columns do not make"),
    ("skill_level", "S9", "a seg_filename that its columns do not make"),
    ("mask_md5", "d41d8cd98f00b204e9800998ecf8427", "a mask_md5 other than 32 hexadecimal digits, 0-9 and a-f"),
    ("mask_md5", "D41D8CD98F00B204E9800998ECF8427E", "a mask_md5 other than 32 hexadecimal digits, 0-9 and a-f"),
)


def refused(release, output) -> str:
    code, text = import_release(release, output)
    assert code == 1, text
    assert set(tree(output)) == set()
    return text


@pytest.mark.parametrize(("column", "value", "fault"), FAULTS)
def test_a_faulty_row_is_named(release, output, column, value, fault):
    release.edit(SEGMENTATIONS, lambda rows: rows[0].update({column: value}))

    text = refused(release, output)

    name = value if column == "seg_filename" else "IMG_01_A00_T1_S1_5841e138.png"
    assert f"row 2 ({name!r}): {fault}" in text


def test_all_faults_are_named_at_once(release, output):
    def spoil(rows):
        rows[1]["mask_md5"] = "none"
        rows.append(dict(rows[2]))
        of_another_case = {"ISIC_id": "img_01", "img_filename": "img_01.JPG"}
        rows.append({**rows[0], **of_another_case, "seg_filename": rows[0]["seg_filename"].replace("IMG", "img")})
        rows[-3]["tool"] = "MV" if rows[-3]["tool"] == "ST" else "ST"

    release.edit(SEGMENTATIONS, spoil)

    text = refused(release, output)

    faults = [line.split("): ")[1] for line in text.splitlines() if line.startswith("  - row")]
    assert {fault: faults.count(fault) for fault in faults} == {
        "a seg_filename that its columns do not make": 1,
        "a seg_filename that occurs twice, perhaps in another case": 4,
        "a consensus mask with columns that disagree": 1,
        "an mskObjectID that occurs twice": 4,
        "an ISIC_id that the image table lacks": 1,
        "a mask_md5 other than 32 hexadecimal digits, 0-9 and a-f": 1,
    }


def test_a_name_too_long_for_a_file_is_named(release, output):
    def lengthen(rows):
        rows[0]["mskObjectID"] = "x" * 300
        rows[0]["seg_filename"] = f"IMG_01_A00_T1_S1_{'x' * 300}.png"

    release.edit(SEGMENTATIONS, lengthen)

    assert "a name too long for a file" in refused(release, output)


def test_images_that_occur_twice_are_named(release, output):
    release.edit(IMAGES, lambda rows: rows.append(dict(rows[1])))

    text = refused(release, output)

    assert text.count("an isic_id that occurs twice") == 2


def test_a_missing_column_is_named(release, output):
    release.edit(SEGMENTATIONS, lambda rows: [row.pop("mask_md5") for row in rows])

    assert "mask_md5" in refused(release, output)


def test_rows_are_put_in_the_order_of_the_dataset(release, small_run, output):
    def shuffle(rows):
        consensus = [row for row in rows if row["annotator"] in ("ST", "MV")]
        humans = [row for row in rows if row not in consensus]
        rows[:] = [consensus.pop(), *humans[:3], *reversed(consensus), *humans[3:]]

    release.edit(SEGMENTATIONS, shuffle)

    code, text = import_release(release, output)

    assert code == 0, text
    name = "IMAplusplus_seg_metadata.csv"
    assert (output / "metadata" / name).read_bytes() == (small_run / "metadata" / name).read_bytes()


def test_rows_that_no_dataset_has_are_left_out_and_named(release, small_run, output):
    def add(rows):
        new = {"ISIC_id": "IMG_03", "img_filename": "IMG_03.JPG", "seg_filename": "IMG_03_ST_ST_ST_ST.png"}
        rows.append({**rows[-1], **new, **dict.fromkeys(("annotator", "tool", "skill_level", "mskObjectID"), "ST")})

    release.edit(SEGMENTATIONS, add)
    release.edit(IMAGES, lambda rows: rows.append({**rows[0], "isic_id": "IMG_09"}))

    code, text = import_release(release, output)

    assert code == 0, text
    listed = {(row["kind"], row["image"]) for row in differences(output, "import")}
    assert {("consensus of a single mask", "IMG_03.JPG"), ("image without masks", "IMG_09")} < listed
    for name in ("IMAplusplus_seg_metadata.csv", "IMAplusplus_img_metadata.csv", "ISIC_ids.txt"):
        assert (output / "metadata" / name).read_bytes() == (small_run / "metadata" / name).read_bytes()
