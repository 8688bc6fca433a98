"""Raw tables in odd clothes, and ids and file names that a file system or a table could trip over."""

import codecs
import contextlib
import csv
import gzip
import io
import os
import zipfile
from types import SimpleNamespace

import pytest
from support.drawing import box
from support.run import chain_here, run_here, succeed
from support.small_set import make_raw_set, make_small_raw_set, rows_of_image
from support.trees import tree

from utils.tables import read_table

SEG_TABLE, IMG_TABLE = "raw_ISIC_segmasks_metadata.csv", "raw_ISIC_images_metadata.csv"
READERS_OF_RAW_TABLES = ("create_dataset", "move_dataset")


@pytest.fixture
def run(tmp_path):
    """Give a raw set and its folders."""
    return SimpleNamespace(raw=make_small_raw_set(tmp_path / "raw"), output=tmp_path / "output", base=tmp_path)


@pytest.fixture(scope="module")
def plainly(tmp_path_factory):
    """Give all files that come of the small raw set by the stages that read its tables."""
    base = tmp_path_factory.mktemp("plainly")
    raw = make_small_raw_set(base / "raw")
    for stage in READERS_OF_RAW_TABLES:
        succeed(stage, base / "output", raw=raw)
    return tree(base / "output")


def rewrite(path, change) -> None:
    """Put `change(rows)` in the place of a table's rows, the header among them."""
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(change(rows))


@pytest.mark.parametrize("table", [SEG_TABLE, IMG_TABLE])
@pytest.mark.parametrize(
    "dress",
    [
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte order mark"),
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: data.rstrip(b"\n"), id="no last line end"),
    ],
)
def test_the_same_table_in_other_clothes_gives_the_same_bytes(run, plainly, table, dress):
    (run.raw / table).write_bytes(dress((run.raw / table).read_bytes()))
    for stage in READERS_OF_RAW_TABLES:
        succeed(stage, run.output, raw=run.raw)
    assert tree(run.output) == plainly


@pytest.mark.parametrize("table", [SEG_TABLE, IMG_TABLE])
@pytest.mark.parametrize(
    ("dress", "expected"),
    [
        pytest.param(lambda data: b"", "an empty file", id="empty"),
        pytest.param(lambda data: data.replace(b",", b";"), "lacks columns", id="semicolons"),
        pytest.param(lambda data: data.decode().replace("ü", "\udcfc").encode("latin-1", "surrogateescape")
                     if "ü" in data.decode() else b"\xfc" + data, "CSV in UTF-8", id="Latin-1"),
        pytest.param(lambda data: data.decode().encode("utf-16"), "CSV in UTF-8", id="UTF-16"),
        pytest.param(lambda data: data + b"\0\0", "zero byte", id="NUL"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_read_are_named(run, table, dress, expected):
    (run.raw / table).write_bytes(dress((run.raw / table).read_bytes()))
    code, text = run_here("create_dataset", run.output, raw=run.raw)
    assert code == 1
    assert expected in text
    assert str(run.raw / table) in text
    assert tree(run.output) == {}


@pytest.mark.parametrize("table", [SEG_TABLE, IMG_TABLE])
def test_a_header_alone_leaves_nothing_to_do_and_says_so(run, table):
    rewrite(run.raw / table, lambda rows: rows[:1])
    code, text = run_here("create_dataset", run.output, raw=run.raw)
    assert code == 1
    assert "no" in text.lower() and "rows" in text.lower() or "no segmentation" in text.lower()
    assert tree(run.output) == {}


def test_two_hundred_columns_quotes_and_line_ends_pass_verbatim(run):
    def widen(rows):
        extra = [f"column {number}" for number in range(200)]
        return [rows[0] + extra] + [row + ['"quoted", and\na second line, NA'] * 200 for row in rows[1:]]

    rewrite(run.raw / IMG_TABLE, widen)
    rewrite(run.raw / SEG_TABLE, lambda rows: [[*row, f"{row[0]}\n1e5"] for row in rows])
    chain_here(run.raw, run.output)
    kept = read_table(run.output / "metadata" / "IMAplusplus_img_metadata.csv")
    assert kept.shape == (4, 203)
    assert set(kept["column 7"]) == {'"quoted", and\na second line, NA'}


def rename(run, old: str, new: str) -> None:
    """Give an image another id, in both tables and in the folder of images."""
    for table in (SEG_TABLE, IMG_TABLE):
        rewrite(run.raw / table, lambda rows: [[new if cell == old else cell for cell in row] for row in rows])
    source = run.raw / "images" / f"{old}.jpg"
    # Where there can be no such file, what is tested is that the id is refused; "/absolute" would be one in the root.
    if not os.path.isabs(new):
        with contextlib.suppress(OSError, ValueError):
            source.rename(run.raw / "images" / f"{new}.jpg")


UNUSUAL_IDS = (
    *("NA", "1e5", "001", "-rf", "--help", "with space", " lead", "ünï😀", "a_b__c_", ".hidden", "50%", "a'b\"c"),
    *("$HOME", "a;b|c", "*", "~", "CON", "x.png", "ST_ST_ST_ST", "i" * 200),
)


@pytest.fixture(scope="module")
def of_unusual_ids(tmp_path_factory):
    """Give the output of the chain on three masks of an image for each unusual id."""
    base = tmp_path_factory.mktemp("ids")
    masks = (box(4, 4, 14, 20), box(6, 4, 16, 20), box(4, 6, 14, 24))
    rows = [row for number, isic_id in enumerate(UNUSUAL_IDS) for row in rows_of_image(isic_id, f"m{number}", *masks)]
    chain_here(make_raw_set(base / "raw", rows), base / "output")
    return base / "output"


@pytest.mark.parametrize("isic_id", UNUSUAL_IDS)
def test_unusual_ids_pass_the_whole_chain(of_unusual_ids, isic_id):
    metadata = read_table(of_unusual_ids / "metadata" / "IMAplusplus_seg_metadata.csv")
    rows = metadata[metadata["ISIC_id"] == isic_id]
    assert list(rows["annotator"]) == ["A00", "A01", "A02", "ST", "MV"]
    assert all((of_unusual_ids / "seg_masks" / name).is_file() for name in rows["seg_filename"])
    assert (of_unusual_ids / "images" / f"{isic_id}.JPG").is_file()
    pairs = read_table(of_unusual_ids / "metadata" / "IMAplusplus_multiannotator_subset_IAA_metrics.csv")
    assert (pairs["img_id"] == f"{isic_id}.JPG").sum() == 10


@pytest.mark.parametrize(
    "isic_id", ["../up", "a/b", "a\\b", "/absolute", "", ".", "..", "line\nend", "tab\there", "i" * 300]
)
def test_ids_that_cannot_be_file_names_are_refused_by_row(run, isic_id):
    rename(run, "IMG_01", isic_id)
    code, text = run_here("create_dataset", run.output, raw=run.raw)
    assert code == 1
    assert "row 2" in text and "row 4" in text
    assert tree(run.output) == {}
    assert {path.name for path in run.base.iterdir()} == {"raw", "output"}


@pytest.mark.parametrize("object_id", ["../up", "a/b", "", "line\nend", "o" * 300])
def test_mask_ids_that_cannot_be_file_names_are_refused_by_row(run, object_id):
    rewrite(run.raw / SEG_TABLE, lambda rows: [[object_id if cell == "d1" else cell for cell in row] for row in rows])
    code, text = run_here("create_dataset", run.output, raw=run.raw)
    assert code == 1
    assert "row 8" in text
    assert tree(run.output) == {}


def test_ids_that_differ_only_in_case_are_kept_apart_and_warned_of(run):
    rename(run, "IMG_03", "img_01")
    said = succeed("create_dataset", run.output, raw=run.raw)
    assert "differ only in case" in said
    assert "img_01" in said
    succeed("move_dataset", run.output, raw=run.raw)
    assert {"img_01.JPG", "IMG_01.JPG"} <= {path.name for path in (run.output / "images").iterdir()}


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as workbook:
        workbook.writestr("xl/worksheets/sheet1.xml", data)
    return packed.getvalue()


@pytest.mark.parametrize("table", [SEG_TABLE, IMG_TABLE])
@pytest.mark.parametrize(
    ("dress", "told"),
    [
        pytest.param(lambda data: b"sep=,\r\n" + data, "a first line that only Excel knows, sep=", id="sep"),
        pytest.param(lambda data: codecs.BOM_UTF8 + b"SEP=;\n" + data, "only Excel knows, sep=", id="SEP after a BOM"),
        pytest.param(gzip.compress, "a file compressed by gzip, whose name does not end in .gz", id="gzip"),
        pytest.param(zipped, "an Excel workbook, or another zip file", id="xlsx"),
    ],
)
def test_a_file_of_another_kind_is_told_with_the_way_out(run, table, dress, told):
    (run.raw / table).write_bytes(dress((run.raw / table).read_bytes()))
    code, text = run_here("create_dataset", run.output, raw=run.raw)
    assert (code, told in text, "save it as CSV in UTF-8, separated by commas" in text) == (1, True, True)


@pytest.mark.parametrize("name", [SEG_TABLE, IMG_TABLE])
@pytest.mark.parametrize(("separator", "told"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_table_with_other_separators_is_told(run, name, separator, told):
    table = run.raw / name
    table.write_text(table.read_text("utf-8").replace(",", separator), encoding="utf-8")
    code, text = run_here("create_dataset", run.output, raw=run.raw)
    assert (code, f"columns separated by {told}" in text, str(table) in text) == (1, True, True)


@pytest.mark.parametrize("name", [SEG_TABLE, IMG_TABLE])
def test_rows_and_columns_that_a_spreadsheet_keeps_though_they_are_empty_count_for_nothing(run, plainly, name):
    def keep_emptied(rows):
        width = len(rows[0])
        return [[*row, "", ""] for row in [*rows[:3], [""] * width, *rows[3:], [" "] * width, [""] * width]]

    rewrite(run.raw / name, keep_emptied)
    for stage in READERS_OF_RAW_TABLES:
        succeed(stage, run.output, raw=run.raw)
    assert tree(run.output) == plainly


def test_rows_are_cited_by_their_place_also_behind_an_empty_one(run):
    rewrite(run.raw / SEG_TABLE, lambda rows: [rows[0], [""] * len(rows[0]), *rows[1:]])
    (run.raw / "segs" / "raw_NA.png").unlink()
    code, text = run_here("create_dataset", run.output, raw=run.raw)
    assert (code, "row 5 (mskObjectID 'NA'): no mask file" in text) == (1, True)


def test_a_column_without_a_name_that_holds_something_stays(run):
    rewrite(run.raw / IMG_TABLE, lambda rows: [["", *rows[0]], *([str(i), *row] for i, row in enumerate(rows[1:]))])
    succeed("create_dataset", run.output, raw=run.raw)
    kept = read_table(run.output / "metadata" / "IMAplusplus_img_metadata.csv")
    assert "0" in set(kept["Unnamed: 0"])
