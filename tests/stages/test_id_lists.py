"""Lists of ids: how they are read as datasets, and how list_dataset_ids makes them of folders and tables."""

from __future__ import annotations

import pytest
from support.files import write_file
from support.run import run_here, succeed

from dataset_analysis.list_dataset_ids import image_names, make_ids
from utils.errors import PipelineError
from utils.id_lists import read_datasets, read_id_list


@pytest.fixture
def output(tmp_path, monkeypatch):
    """Give an output folder; the stage is run in the folder that it is in, where relative paths start."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out"


def test_a_list_may_have_a_byte_order_mark_windows_line_ends_blanks_and_repetitions(tmp_path):
    path = write_file(tmp_path / "ids.txt", b"\xef\xbb\xbfNA\r\n\r\n001\r\n1e5 \r\n001\r\nISIC one")
    assert read_id_list(path) == {"NA", "001", "1e5", "ISIC one"}


def test_a_list_that_is_no_utf8_is_named(tmp_path):
    path = write_file(tmp_path / "ids.txt", "ISIC_1\n".encode("utf-16"))
    with pytest.raises(PipelineError, match="ids.txt"):
        read_id_list(path)


def test_a_dataset_is_the_union_of_its_lists_and_one_without_ids_is_named(tmp_path):
    write_file(tmp_path / "B" / "train.txt", "1\n2\n")
    write_file(tmp_path / "B" / "test.txt", "2\n3\n")
    write_file(tmp_path / "B" / "._test.txt", b"\x00\x05\x16\xff")
    write_file(tmp_path / "B" / "notes.md", "no id\n")
    write_file(tmp_path / "A" / "ids.txt", "1\n")
    write_file(tmp_path / "Empty" / "ids.txt", "\n \n")
    write_file(tmp_path / "Unlisted" / "ids.csv", "1\n")
    write_file(tmp_path / ".hidden" / "ids.txt", "1\n")
    write_file(tmp_path / "README.txt", "1\n")
    datasets, without_ids = read_datasets(tmp_path)
    assert list(datasets.items()) == [("A", {"1"}), ("B", {"1", "2", "3"})]
    assert without_ids == ["Empty", "Unlisted"]


def test_image_names_skip_what_is_hidden_or_no_image(tmp_path):
    for name in ("b.v2.PNG", "a.jpg", ".hidden.png", "notes.txt", "noext"):
        write_file(tmp_path / name, "")
    (tmp_path / "folder.png").mkdir()
    assert sorted(image_names(tmp_path)) == ["a", "b.v2"]


def test_ids_are_cut_sorted_and_unique():
    names = ["b_lesion", "a_lesion", "b", "_lesion_c", " 001 ", "", "_lesion"]
    assert make_ids(names, "_lesion") == ["001", "_lesion_c", "a", "b"]
    assert make_ids(["b", "a"], "") == ["a", "b"]


def test_an_id_with_a_line_break_is_refused():
    with pytest.raises(PipelineError, match=r"two\\nlines"):
        make_ids(["one", "two\nlines"], "")


def test_a_folder_of_masks_becomes_a_list_that_the_overlap_reads(tmp_path, output):
    for name in ("IMD003_lesion.bmp", "IMD002_lesion.bmp", "IMD004.bmp"):
        write_file(tmp_path / "masks" / name, "")
    overrides = ["ids_from=masks", "ids_strip_suffix=_lesion", "ids_output=lists/PH2/segs.txt"]
    text = succeed("list_dataset_ids", output, *overrides)
    assert (tmp_path / "lists/PH2/segs.txt").read_bytes() == b"IMD002\nIMD003\nIMD004\n"
    assert "3 ids" in text and "1 of 3 names do not end in" in text
    assert read_datasets(tmp_path / "lists") == ({"PH2": {"IMD002", "IMD003", "IMD004"}}, [])


def test_a_column_becomes_a_list(tmp_path, output):
    write_file(tmp_path / "ham.csv", "lesion,image_id\nL1,NA\nL1,001\nL2,\nL3,001\n")
    text = succeed("list_dataset_ids", output, "ids_from=ham.csv", "ids_column=image_id", "ids_output=ids.txt")
    assert (tmp_path / "ids.txt").read_text() == "001\nNA\n"
    assert "WARNING" not in text


@pytest.mark.parametrize(
    ("overrides", "code", "told"),
    [
        ([], 2, ["ids_from", "ids_output"]),
        (["ids_from=t.csv", "ids_output=o.txt"], 2, ["ids_column"]),
        (["ids_from=t.csv", "ids_column=a", "ids_output=t.csv"], 2, ["replace"]),
        (["ids_from=nowhere", "ids_output=o.txt"], 1, ["ids_from", "nowhere"]),
        (["ids_from=t.csv", "ids_column=b", "ids_output=o.txt"], 1, ["t.csv", "b"]),
        (["ids_from=empty", "ids_output=o.txt"], 1, ["empty", "no ids"]),
        (["ids_from=blob.csv", "ids_column=a", "ids_output=o.txt"], 1, ["blob.csv"]),
    ],
)
def test_wrong_keys_exit_with_2_and_wrong_input_with_1(tmp_path, output, overrides, code, told):
    write_file(tmp_path / "t.csv", "a\n1\n")
    write_file(tmp_path / "blob.csv", b"\xff\xfe\x00")
    (tmp_path / "empty").mkdir()
    found, text = run_here("list_dataset_ids", output, *overrides)
    assert found == code
    assert [part for part in told if part not in text] == []
    assert not (tmp_path / "o.txt").exists()
    assert (tmp_path / "t.csv").read_text() == "a\n1\n"
