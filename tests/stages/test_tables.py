"""Tables: text stays text, floats keep every bit, damage is named, files are whole or not there."""

from __future__ import annotations

import gzip
import math
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import files, tables
from utils.errors import PipelineError
from utils.tables import read_table, write_lines, write_table

AWKWARD = ["NA", "001", "1e5", "", "nan", "None", " x ", 'a "b", c', "two\nlines", "ü_ß", "TRUE", "#1", "-0", "inf"]


def test_text_stays_what_it_was(tmp_path):
    table = pd.DataFrame({"id": AWKWARD, "other": AWKWARD[::-1]})
    again = read_table(write_table(table, tmp_path / "t.csv"))
    assert again["id"].tolist() == AWKWARD
    assert again["other"].tolist() == AWKWARD[::-1]
    write_table(again, tmp_path / "u.csv")
    assert (tmp_path / "u.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()


@given(st.lists(st.floats(allow_infinity=False), min_size=1))
def test_floats_keep_every_bit(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "floats.csv"
    write_table(pd.DataFrame({"x": values, "id": "a"}), path)
    again = read_table(path, ["id"], numeric=["x"])["x"].to_numpy()
    assert again.dtype == np.float64
    np.testing.assert_array_equal(again, np.array(values))


def test_the_form_of_written_tables(tmp_path):
    write_table(pd.DataFrame({"a": ["x", "y"], "b": [1 / 3, float("nan")]}), tmp_path / "new" / "t.csv")
    assert (tmp_path / "new" / "t.csv").read_bytes() == b"a,b\nx,0.3333333333333333\ny,\n"
    write_lines(["ü", "b"], tmp_path / "ids.txt")
    assert (tmp_path / "ids.txt").read_bytes() == "ü\nb\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,2\n3,4\n",
        b"a,b\r\n1,2\r\n3,4\r\n",
        b"\xef\xbb\xbfa,b\n1,2\n3,4",
        b'"a","b"\n"1","2"\n"3","4"\n',
    ],
    ids=["plain", "carriage returns", "byte order mark", "quoted"],
)
@pytest.mark.parametrize("packed", [False, True], ids=["csv", "csv.gz"])
def test_the_same_table_in_other_clothes(tmp_path, data, packed):
    path = tmp_path / ("t.csv.gz" if packed else "t.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    table = read_table(path, ["b", "a"])
    assert table.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}


def test_columns_that_are_not_named_may_be_left_out(tmp_path):
    (tmp_path / "t.csv").write_text(",a,b,c\n0,x,1,2\n")
    table = read_table(tmp_path / "t.csv", ["a"], numeric=["b"], numeric_if_there=["z"], others=False)
    assert table.to_dict("list") == {"a": ["x"], "b": [1.0]}


def test_a_header_alone_is_an_empty_table(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    assert read_table(tmp_path / "t.csv", ["a"], numeric=["b"]).shape == (0, 2)


DAMAGED = {
    "empty": (b"", "lacks columns", "an empty file"),
    "blank line": (b"\n", "lacks columns", "a"),
    "columns missing": (b"x,y\n1,2\n", "lacks columns", "x, y"),
    "column twice": (b"a,b,a\n1,2,3\n", "same column twice", "- a"),
    "Latin-1": ("a,b\nü,2\n".encode("latin-1"), "cannot be read", "UTF-8"),
    "Latin-1 header": ("a,b,ü\n1,2,3\n".encode("latin-1"), "cannot be read", "UTF-8"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "cannot be read", "UTF-8"),
    "a long row": (b"a,b\n1,2\n1,2,3\n", "cannot be read", "line 3"),
    "only long rows": (b"a,b\n1,2,3\n4,5,6\n", "cannot be read", "CSV"),
    "a short row": (b"a,b\n1,2\n3\n", "cannot be read", "CSV"),
    "an open quote": (b'a,b\n1,"2\n3,4\n', "cannot be read", "CSV"),
    "gzip under the name csv": (gzip.compress(b"a,b\n1,2\n"), "cannot be read", "UTF-8"),
    "zeros": (b"a,b\n1,2\n" + b"\0" * 64, "cannot be read", "CSV"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_tables_are_named_and_described(tmp_path, kind):
    data, what, detail = DAMAGED[kind]
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(PipelineError) as caught:
        read_table(tmp_path / "t.csv", ["a", "b"])
    message = str(caught.value)
    assert what in message
    assert detail in message
    assert str(tmp_path / "t.csv") in message


CUT_GZIP = gzip.compress(b"a,b\n" + b"1,2\n" * 500, mtime=0)[:-12]


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", CUT_GZIP], ids=["no bytes", "text", "cut"])
def test_damaged_gzip_is_named(tmp_path, data):
    (tmp_path / "t.csv.gz").write_bytes(data)
    with pytest.raises(PipelineError) as caught:
        read_table(tmp_path / "t.csv.gz", ["a"])
    assert str(tmp_path / "t.csv.gz") in str(caught.value)


def test_text_among_numbers_names_column_and_text(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n1,many\n")
    with pytest.raises(PipelineError, match="text where numbers belong") as caught:
        read_table(tmp_path / "t.csv", numeric=["b"])
    assert "column b" in str(caught.value)
    assert "'many'" in str(caught.value)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    write_table(pd.DataFrame({"a": ["old"]}), path)

    def half(self, target, **_):
        target.write_text("a\nha")
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", half)
    with pytest.raises(KeyboardInterrupt):
        write_table(pd.DataFrame({"a": ["new"]}), path)
    assert path.read_text() == "a\nold\n"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_temporary_file_lies_beside_its_target_and_keeps_the_suffix(tmp_path):
    with files.atomic_path(tmp_path / "deep" / "x.png") as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path / "deep", ".png")
        assert temporary.name.startswith(files.TEMPORARY_PREFIX)
        temporary.write_bytes(b"1")
        assert not (tmp_path / "deep" / "x.png").exists()
    assert os.listdir(tmp_path / "deep") == ["x.png"]


@pytest.mark.parametrize("number", [0, 1, 5, 6, 7, 20])
def test_gathered_rows_are_the_table_of_all_of_them(monkeypatch, number):
    monkeypatch.setattr(tables, "_ROWS_OF_A_BLOCK", 6)
    # A column of whole numbers has its first empty cell only in a later block.
    rows = [
        {"name": f"ü{i}", "count": i if i < 9 else math.nan, "none": math.nan, "more": 1, "score": i / 7}
        for i in range(number)
    ]
    columns = ["score", "name", "none", "count"]
    gathered = tables.GatheredRows(columns)
    for row in rows:
        gathered.add(row)
    wanted = pd.DataFrame(rows, columns=columns)
    pd.testing.assert_frame_equal(gathered.table(), wanted)
    assert gathered.table().to_csv() == wanted.to_csv()
