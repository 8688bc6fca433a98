"""Partitions as people write them: tables and lists of many forms."""

from __future__ import annotations

import gzip

import pytest
from support.files import write_file

from utils.errors import ConfigError, PipelineError
from utils.partitions.given import KnownIds, read_partition

KNOWN = KnownIds(["ISIC_1", "ISIC_2", "NA", "Ab", "AB"])
EXPECTED = {"ISIC_1": ["train"], "ISIC_2": ["test"], "NA": ["train"]}


@pytest.mark.parametrize(
    "text",
    [
        "id,where\nISIC_1,train\nISIC_2,test\nNA,train\n",
        "where,id\ntrain,ISIC_1\ntest,ISIC_2\ntrain,NA\n",
        "\ufeffid,where\r\n isic_1.jpg , train\r\nISIC_2.JPG,test\r\nNA,train\r\n",
        "image,age,Split,patient\nISIC_1,1,train,p\nISIC_2,2,test,q\nNA,3,train,r\n",
        "id,where\nISIC_1,train\nISIC_1,train\nISIC_2,test\nAb,\nNA,train\n",
    ],
    ids=["plain", "other order", "file names", "many columns", "repeated and blank"],
)
def test_one_table_may_have_many_forms(tmp_path, text):
    path = write_file(tmp_path / "splits.csv", text)
    assert read_partition([path], KNOWN) == (EXPECTED, [])
    packed = write_file(tmp_path / "splits.csv.gz", gzip.compress(text.encode()))
    assert read_partition([packed], KNOWN) == (EXPECTED, [])


def test_several_files_are_parts_that_have_their_names(tmp_path):
    train = write_file(tmp_path / "train.csv", "image,malignancy\nISIC_1.JPG,0\nNA.JPG,1\n")
    test = write_file(tmp_path / "test.txt", "ISIC_2\nISIC_9\n")
    found = read_partition([train, test], KNOWN)
    assert found == (EXPECTED, [("ISIC_9", "test")])


def test_an_image_in_several_parts_has_them_all(tmp_path):
    path = write_file(tmp_path / "splits.csv", "id,part\nISIC_1,val\nISIC_1,test\n")
    assert read_partition([path], KNOWN).parts == {"ISIC_1": ["val", "test"]}


def test_an_id_that_may_mean_two_means_none(tmp_path):
    path = write_file(tmp_path / "splits.csv", "id,part\nAb,train\nab,train\n")
    assert read_partition([path], KNOWN) == ({"Ab": ["train"]}, [("ab", "train")])


@pytest.mark.parametrize(
    ("names", "text", "words"),
    [
        (["a.csv"], "ISIC_1,train\nISIC_2,test\n", "no header"),
        (["a.csv"], "id,age,sex\nISIC_1,1,f\n", "which column holds the parts"),
        (["a.csv"], "id\nISIC_1\n", "which column holds the parts"),
        (["a.csv"], "id,part\n", "names no image"),
        (["a.csv", "b/a.csv"], "id\nISIC_1\n", "Two files have one name"),
        (["a.txt"], "ISIC_1\n", "One list of ids is one part"),
    ],
)
def test_what_cannot_be_understood_is_named(tmp_path, names, text, words):
    paths = [write_file(tmp_path / name, text) for name in names]
    with pytest.raises((PipelineError, ConfigError), match=words):
        read_partition(paths, KNOWN)


def test_all_missing_files_are_named(tmp_path):
    with pytest.raises(PipelineError, match=r"(?s)one.csv.*two.csv"):
        read_partition([tmp_path / "one.csv", tmp_path / "two.csv"], KNOWN)
