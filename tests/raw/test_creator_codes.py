"""A code is a person: from one run to the next, whatever new masks do to the counts."""

from __future__ import annotations

import codecs
import unicodedata

import pandas as pd
import pytest
from support.drawing import box, write_png
from support.files import table_rows
from support.run import run_here, succeed
from support.small_set import SMALL_CREATORS

from utils.naming import plain_name
from utils.raw.creator_codes import assign_codes

NORA, OLA, PIA, QUIN = SMALL_CREATORS
TABLE = "raw_ISIC_segmasks_metadata.csv"


def codes(output) -> dict[str, str]:
    """Return the code of each mask, by mskObjectID."""
    rows = table_rows(output / "metadata" / "IMAplusplus_seg_metadata.csv")
    return {row["mskObjectID"]: row["annotator"] for row in rows}


def add_masks(raw, creator: str, count: int):
    """Append rows and masks of one creator to the raw set."""
    with open(raw / TABLE, "a", encoding="utf-8") as stream:
        for number in range(count):
            write_png(raw / "segs" / f"new_{number}.png", box(3, 3, 9 + number, 9))
            stream.write(f"IMG_01,{creator},new{number},new_{number}.png,,expert,\n")


def test_without_known_codes_the_number_of_masks_decides_and_the_first_wins_ties():
    creators = pd.Series(["b", "a", "c", "a", "c"])
    assert assign_codes(creators, {}).tolist() == ["A02", "A00", "A01", "A00", "A01"]


def test_known_creators_keep_their_codes_and_new_ones_follow_the_highest():
    creators = pd.Series(["new", "new", "old", "newer"])
    known = {"old": "A03", "gone": "A07"}
    assert assign_codes(creators, known).tolist() == ["A08", "A08", "A03", "A09"]


def test_after_a99_comes_a100():
    assert assign_codes(pd.Series(["x"]), {"y": "A99"}).tolist() == ["A100"]


def test_names_are_compared_in_one_unicode_form_without_blanks():
    name = "Jürgen"
    assert {plain_name(unicodedata.normalize(form, f" {name} ")) for form in ("NFC", "NFD")} == {name}


def test_a_mapping_keeps_everybodys_code_when_a_newcomer_has_more_masks(small_raw, tmp_path):
    output, mapping = tmp_path / "output", tmp_path / "private" / "who.csv"
    key = f"creator_mapping_path={mapping}"
    succeed("create_dataset", output, key, raw=small_raw)
    before = codes(output)
    add_masks(small_raw, QUIN, 6)
    text = succeed("create_dataset", output, key, raw=small_raw)
    after = codes(output)
    assert {mask: after[mask] for mask in before} == before
    assert {after[f"new{number}"] for number in range(6)} == {"A03"}
    assert "codes now stand for other people" not in text
    assert mapping.read_text(encoding="utf-8").splitlines()[-1] == f"A03,{QUIN}"


@pytest.mark.parametrize(
    "saved",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: codecs.BOM_UTF8 + data,
        lambda data: codecs.BOM_UTF8 + data.replace(b"\n", b"\r\n") + b"\r\n,\r\n\r\n",
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: data.replace(b"annotator,creator", b'"annotator","creator"').rstrip(b"\n"),
    ],
    ids=["CRLF", "BOM", "BOM, CRLF and blank lines", "CR", "quotes, no last line end"],
)
def test_a_mapping_that_another_program_saved_gives_the_same_codes(small_raw, tmp_path, saved):
    output, mapping = tmp_path / "output", tmp_path / "who.csv"
    # Other codes than without a mapping.
    mapping.write_text(f"annotator,creator\nA00,Jürgen Õ\nA04,{OLA}\nA07,{NORA}\n", encoding="utf-8")
    key = f"creator_mapping_path={mapping}"
    succeed("create_dataset", output, key, raw=small_raw)
    before, written = codes(output), mapping.read_bytes()
    assert {"A04", "A07", "A08"} == set(before.values())
    mapping.write_bytes(saved(written))
    assert mapping.read_bytes() != written
    succeed("create_dataset", output, key, raw=small_raw)
    assert (codes(output), mapping.read_bytes()) == (before, written)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (f"annotator;creator\nA00;{NORA}\n".encode("utf-8-sig"), "columns separated by semicolons"),
        (f"annotator\tcreator\nA00\t{NORA}\n".encode("utf-16"), "zero bytes, as text in UTF-16"),
        (f"annotator\tcreator\nA00\t{NORA}\n".encode(), "columns separated by tabs"),
        (f"A00,{NORA}\n".encode(), "another first line"),
        (f"annotator,creator,note\nA00,{NORA},\n".encode(), "another first line"),
        (b"", "another first line"),
    ],
    ids=["semicolons", "UTF-16", "tabs", "no header", "another column", "empty"],
)
def test_a_mapping_in_another_form_is_refused_and_kept(small_raw, tmp_path, data, found):
    mapping = tmp_path / "who.csv"
    mapping.write_bytes(data)
    code, text = run_here("create_dataset", tmp_path / "output", f"creator_mapping_path={mapping}", raw=small_raw)
    assert (code, f"{mapping}: {found}" in text, "separated by commas" in text) == (2, True, True)
    assert mapping.read_bytes() == data


def test_a_creator_without_masks_stays_in_the_mapping(small_raw, tmp_path):
    mapping = tmp_path / "who.csv"
    mapping.write_text(f"annotator,creator\nA00,Somebody else\nA01,{OLA}\n", encoding="utf-8")
    succeed("create_dataset", tmp_path / "output", f"creator_mapping_path={mapping}", raw=small_raw)
    assert codes(tmp_path / "output")["001"] == "A01"
    lines = mapping.read_text(encoding="utf-8").splitlines()
    assert lines == ["annotator,creator", "A00,Somebody else", f"A01,{OLA}", f"A02,{NORA}", f"A03,{PIA}"]


def test_without_a_mapping_codes_that_moved_are_named_with_the_key(small_raw, tmp_path):
    output = tmp_path / "output"
    succeed("create_dataset", output, raw=small_raw)
    assert "creator_mapping_path" not in succeed("create_dataset", output, raw=small_raw)
    add_masks(small_raw, QUIN, 6)
    text = succeed("create_dataset", output, raw=small_raw)
    assert "A00 is now A01, A01 is now A02, A02 is now A03" in text and "set creator_mapping_path" in text


def test_masks_that_another_person_has_now_are_told_and_no_code_is_said_to_have_moved(small_raw, tmp_path):
    output, key = tmp_path / "output", f"creator_mapping_path={tmp_path / 'private' / 'who.csv'}"
    succeed("create_dataset", output, key, raw=small_raw)
    rows = table_rows(small_raw / TABLE)
    most, other = (
        next(row["creator"] for row in rows if codes(output).get(row["mskObjectID"]) == code) for code in ("A00", "A02")
    )
    first = next(row for row in rows if row["creator"] == most and row["mskObjectID"] in codes(output))
    text = (small_raw / TABLE).read_text("utf-8").splitlines(keepends=True)
    changed = [line.replace(most, other) if first["filename"] in line else line for line in text]
    (small_raw / TABLE).write_text("".join(changed), encoding="utf-8")
    said = succeed("create_dataset", output, key, raw=small_raw)
    assert "1 masks are by another annotator than in the run before: A00 is now A02" in said
    assert "codes now stand for other people" not in said


def test_names_that_differ_only_by_case_are_warned_of_by_code(small_raw, tmp_path):
    add_masks(small_raw, OLA.lower(), 1)
    text = succeed("create_dataset", tmp_path / "output", raw=small_raw)
    assert "differ only by case" in text and "A01 (first in row 3), A03 (first in row 13)" in text
    assert OLA.lower() not in text


def test_a_name_that_differs_by_case_from_that_in_the_mapping_is_warned_of(small_raw, tmp_path):
    mapping = tmp_path / "who.csv"
    people = {NORA: "A00", f"{OLA.upper()} ": "A05", PIA.replace(" ", "  "): "A06", "Somebody else": "A07"}
    lines = [f"{code},{name}\n" for name, code in people.items()]
    mapping.write_text("".join(["annotator,creator\n", *lines]), encoding="utf-8")
    text = succeed("create_dataset", tmp_path / "output", f"creator_mapping_path={mapping}", raw=small_raw)
    found = [line.partition("count as several people: ")[2] for line in text.splitlines() if "only by case" in line]
    assert found == [
        "A08 (first in row 3), A05 (in creator_mapping_path)",
        "A09 (first in row 4), A06 (in creator_mapping_path)",
    ]
    assert OLA.upper() not in text


def test_with_a_mapping_codes_that_moved_are_named_with_what_fits(small_raw, tmp_path):
    output, mapping = tmp_path / "output", tmp_path / "who.csv"
    key = f"creator_mapping_path={mapping}"
    succeed("create_dataset", output, raw=small_raw)
    add_masks(small_raw, QUIN, 6)
    text = succeed("create_dataset", output, key, raw=small_raw)
    assert "A00 is now A01" in text and "is new, and keeps the codes from now on" in text
    assert "codes now stand" not in succeed("create_dataset", output, key, raw=small_raw)
    mapping.write_text(mapping.read_text("utf-8").replace("A01,", "A09,"), encoding="utf-8")
    text = succeed("create_dataset", output, key, raw=small_raw)
    assert "A01 is now A09. " in text and "was it edited" in text and "set creator_mapping_path" not in text


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("B00,Nora Zeta", "line 3: a code that is not A"),
        ("A000,Ola Psi", "line 3: a code that is not A"),
        ("A0,Ola Psi", "line 3: a code that is not A"),
        ("A00,Ola Psi", "line 3: a code that stands there twice"),
        ("A01, Nora Zeta", "line 3: a creator who stands there twice"),
        ("A01,", "line 3: no creator"),
    ],
)
def test_an_unusable_mapping_is_refused_without_naming_anybody(small_raw, tmp_path, line, fault):
    mapping = tmp_path / "who.csv"
    mapping.write_text(f"annotator,creator\nA00,Nora Zeta\n{line}\n", encoding="utf-8")
    code, text = run_here("create_dataset", tmp_path / "output", f"creator_mapping_path={mapping}", raw=small_raw)
    assert (code, fault in text) == (1, True)
    assert not (tmp_path / "output" / "metadata").exists()
