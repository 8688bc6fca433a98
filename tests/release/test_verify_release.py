"""verify_release: a sound release passes; whatever was changed in it is found, with its image named."""

from __future__ import annotations

import pytest
from support.release_sets import SUBSET, cells, differences, import_release, verify_release
from support.trees import tree

SUBSET_KEY, PAIRS = "release_subset_metadata_path", "release_pairwise_metrics_path"
SUMMARY, IMAGE_LEVEL = "release_metrics_summary_path", "release_image_level_metrics_path"
SEGMENTATIONS = "release_seg_metadata_path"
MASK, OTHER = "IMG_05_A02_T2_S1_f2.png", "IMG_05_A01_T3_S2_f3.png"
STAPLE, VOTE = "IMG_05_ST_ST_ST_ST.png", "IMG_05_MV_MV_MV_MV.png"


def found(release, output, *arguments) -> list[dict[str, str]]:
    """Return the differences of a release that has some; the run must have failed and named their images."""
    code, text = verify_release(release, output, *arguments)
    rows = differences(output, "verify")
    assert code == 1 and rows, text
    for row in rows[:20]:
        assert row["image"] in text
    return rows


def kinds(rows) -> set[str]:
    return {row["kind"] for row in rows}


def test_a_sound_release_passes_with_counts(release, output):
    code, text = verify_release(release, output)

    assert code == 0, text
    # IMG_01 has 3 masks and 2 of consensus, IMG 02 ü and IMG_05 have 2 and 2: 10 + 6 + 6 pairs.
    assert "14 masks of 4 images have their md5; 6 consensus masks and 22 pairs recomputed; no difference" in text
    assert "not compared" not in text
    assert differences(output, "verify") == []
    # What was unpacked is gone again.
    assert set(tree(output)) - {"metadata/run_manifest.json"} == {"metadata/release_verify_differences.csv"}


def test_the_imported_tree_can_be_verified(release, output):
    assert import_release(release, output)[0] == 0
    release.archive.unlink()

    code, text = verify_release(release, output, "release_verify_imported=true")
    assert code == 0, text

    (output / "seg_masks" / VOTE).write_bytes((output / "seg_masks" / MASK).read_bytes())
    rows = found(release, output, "release_verify_imported=true")
    assert cells(rows, "kind", "image", "file") == [
        ("mask differs", "IMG_05.JPG", VOTE),
        ("consensus mask", "IMG_05.JPG", VOTE),
    ]


def test_tables_without_a_key_are_not_compared(release, output):
    del release.paths[PAIRS], release.paths[SUMMARY]

    code, text = verify_release(release, output)

    assert code == 0, text
    assert f"these keys have no value: {PAIRS}, {SUMMARY}" in text


def test_a_flipped_pixel_is_found_by_its_md5_and_by_recomputation(release, output):
    release.flip_pixel(MASK, 0, 0)

    rows = found(release, output)

    assert cells(rows[:1], "kind", "image", "file", "column") == [("mask differs", "IMG_05.JPG", MASK, "mask_md5")]
    assert {row["image"] for row in rows if row["kind"] != "summary"} == {"IMG_05.JPG"}
    assert {"consensus mask", "consensus row", "subset row", "pair", "image-level row", "summary"} < kinds(rows)


def test_a_flipped_pixel_whose_md5_was_brought_into_line_is_found_by_recomputation(release, output):
    release.flip_pixel(MASK, 0, 0, update_md5=True)

    rows = found(release, output)

    assert "mask differs" not in kinds(rows)
    consensus = [row for row in rows if row["kind"] == "consensus mask"]
    assert (VOTE, "1 pixels differ") in [(row["file"], row["found"].split(", ")[1]) for row in consensus]
    pair = [row for row in rows if row["kind"] == "pair" and {row["file"], row["second_file"]} == {MASK, OTHER}]
    assert {"dice_score", "assd_score"} < {row["column"] for row in pair}
    assert all(row["expected"] != row["found"] for row in rows)


@pytest.mark.parametrize("name", [STAPLE, VOTE])
def test_a_flipped_pixel_of_a_consensus_mask_is_found(release, output, name):
    release.flip_pixel(name, 3, 3, update_md5=True)

    rows = found(release, output)

    columns = ("kind", "image", "file", "column")
    assert cells(rows, *columns) == [
        ("consensus mask", "IMG_05.JPG", name, ""),
        ("consensus row", "IMG_05.JPG", name, "mask_md5"),
        ("subset row", "IMG_05.JPG", name, "mask_md5"),
    ]
    assert rows[0]["found"].endswith("1 pixels differ")


def test_a_missing_file_leaves_its_image_out_and_the_others_in(release, output):
    release.replace(MASK, None)

    rows = found(release, output)

    assert cells(rows, "kind", "image", "file") == [
        ("mask missing", "IMG_05.JPG", MASK),
        ("image not recomputed", "IMG_05.JPG", ""),
        ("summary not recomputed", "", ""),
    ]


def test_a_missing_consensus_file_is_found(release, output):
    release.replace(STAPLE, None)

    assert cells(found(release, output), "kind", "image", "file") == [("mask missing", "IMG_05.JPG", STAPLE)]


def edited(row, column, value):
    assert row[column] != value
    row[column] = value


def test_an_edited_metric_is_found(release, output):
    was = release.rows(PAIRS)[3]
    release.edit(PAIRS, lambda rows: edited(rows[3], "assd_score", "1.25"))

    rows = found(release, output)

    assert rows == [
        {
            "kind": "pair",
            "image": was["img_id"],
            "file": was["mask1"],
            "second_file": was["mask2"],
            "column": "assd_score",
            "expected": was["assd_score"],
            "found": "1.25",
        }
    ]


@pytest.mark.parametrize(
    ("key", "row", "column", "value", "kind"),
    [
        (PAIRS, 0, "tool2", "T9", "pair"),
        (PAIRS, 0, "hd_score", "", "pair"),
        (PAIRS, 0, "nsd_score", "0.123", "pair"),
        (SUMMARY, 2, "jaccard_score", "0.5", "summary"),
        (SUMMARY, 0, "bf1_score", "0.123", "summary"),
        (IMAGE_LEVEL, 1, "ISIC_id", "IMG_03", "image-level row"),
        (IMAGE_LEVEL, 1, "nsd_score_mean", "0.123", "image-level row"),
        (IMAGE_LEVEL, 1, "dice_score_std", "0.5", "image-level row"),
        (IMAGE_LEVEL, 1, "num_pairs", "7.0", "image-level row"),
        (SUBSET_KEY, 0, "skill_level", "S2", "subset row"),
    ],
)
def test_an_edited_cell_of_any_table_is_found(release, output, key, row, column, value, kind):
    release.edit(key, lambda rows: edited(rows[row], column, value))

    assert cells(found(release, output), "kind", "column", "found") == [(kind, column, value)]


def test_a_release_without_scores_of_borders_passes_and_is_told_so_once(release, output):
    def forget(rows):
        for row in rows:
            for column in [name for name in row if name.startswith(("nsd_", "bf1_"))]:
                del row[column]

    for key in (PAIRS, SUMMARY, IMAGE_LEVEL):
        release.edit(key, forget)

    code, text = verify_release(release, output)

    assert code == 0, text
    assert text.count("not compared, since the release lacks them: nsd_score, bf1_score") == 1


def test_scores_of_borders_are_compared_at_the_tolerance_that_is_told(release, output):
    rows = found(release, output, "nsd_tolerance=0.05")
    assert {row["column"] for row in rows if row["kind"] == "pair"} == {"nsd_score", "bf1_score"}


def test_rows_that_one_side_lacks_are_found(release, output):
    def change(rows):
        rows.append({**rows[0], "mask1": "stranger.png"})
        rows.append(dict(rows[1]))
        del rows[2]

    gone = release.rows(PAIRS)[2]
    release.edit(PAIRS, change)
    release.edit(IMAGE_LEVEL, lambda rows: rows.pop(0))

    rows = found(release, output)

    assert sorted(cells(rows, "kind", "file", "second_file"))[1:] == sorted(
        [
            ("pair missing", gone["mask1"], gone["mask2"]),
            ("pair too many", "stranger.png", release.rows(PAIRS)[0]["mask2"]),
            ("pair twice", release.rows(PAIRS)[1]["mask1"], release.rows(PAIRS)[1]["mask2"]),
        ]
    )
    assert rows[-1]["kind"] == "image-level row missing"


def test_consensus_rows_that_the_metadata_lacks_are_found(release, output):
    release.edit(SEGMENTATIONS, lambda rows: rows.pop())

    rows = found(release, output)

    assert cells(rows, "kind", "image") == [("consensus row missing", "IMG_05.JPG")]


def test_order_and_the_last_digits_of_numbers_do_not_matter(release, output):
    def rewrite(rows):
        rows.reverse()
        for row in rows:
            for column, value in row.items():
                if column.endswith(("_score", "_normalized")) and value:
                    row[column] = repr(float(value) * (1 + 4e-13))

    release.edit(PAIRS, rewrite)

    code, text = verify_release(release, output)

    assert code == 0, text


def test_a_mask_of_another_size_is_named_with_its_image(release, output):
    release.replace(MASK, release.masks[MASK][:40], update_md5=True)

    rows = found(release, output)

    assert cells(rows, "kind", "image") == [("image not recomputed", "IMG_05.JPG"), ("summary not recomputed", "")]
    assert "cannot be decoded" in rows[0]["found"]


def test_a_table_that_is_none_is_an_error(release, output):
    release.paths[PAIRS].write_bytes(b"no table")

    code, text = verify_release(release, output)

    assert code == 1 and f"{SUBSET}IAA_metrics.csv.gz" in text
