"""Archives that attack: each is refused with its entries named, and nothing is written anywhere."""

from __future__ import annotations

import stat
import struct
import zipfile

import pytest
from support.release_sets import cells, differences, import_release
from support.trees import tree

from utils.errors import PipelineError
from utils.release.archive import Md5Differs, open_release_zip

MIB = 1 << 20
MASK = "IMG_01_A00_T1_S1_5841e138.png"


def entry(name: str, mode: int = stat.S_IFREG | 0o644, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr, info.compress_type = mode << 16, method
    return info


def make(path, *entries) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(entry("segs/a.png"), b"a")
        for info, data in entries:
            packed.writestr(info, data)


def opened(path, max_bytes=10 * MIB, max_ratio=50.0):
    return open_release_zip(path, max_bytes, max_ratio)


ATTACKS = {
    "absolute": (entry("/tmp/escaped.png"), b"x", "an absolute path"),
    "drive": (entry("C:/escaped.png"), b"x", "an absolute path"),
    "parent": (entry("segs/../../escaped.png"), b"x", "a path with .."),
    "parent by backslash": (entry("segs\\..\\escaped.png"), b"x", "a path with .."),
    "backslash": (entry("segs\\b.png"), b"x", "a backslash in its name"),
    "link": (entry("segs/b.png", stat.S_IFLNK | 0o777), b"/etc/passwd", "a link or a special file"),
    "pipe": (entry("segs/b.png", stat.S_IFIFO | 0o600), b"", "a link or a special file"),
    "lzma": (entry("segs/b.png", method=zipfile.ZIP_LZMA), b"x", "packed by method 14"),
    "bzip2": (entry("segs/b.png", method=zipfile.ZIP_BZIP2), b"x", "packed by method 12"),
    "ratio": (entry("segs/b.png"), bytes(2 * MIB), "a ratio above 50"),
    "total": (entry("segs/b.png", method=zipfile.ZIP_STORED), bytes(11 * MIB), "at most 10,485,760 are taken"),
    "case": (entry("segs/A.png"), b"x", "occurs twice"),
    "two folders": (entry("other/a.png"), b"x", "occurs twice"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_refused_by_name(tmp_path, attack):
    info, data, fault = ATTACKS[attack]
    make(tmp_path / "segs.zip", (info, data))

    with pytest.raises(PipelineError, match="not safe to unpack") as refused, opened(tmp_path / "segs.zip"):
        pass

    assert any(fault in offender for offender in refused.value.offenders)
    named = [offender for offender in refused.value.offenders if repr(info.orig_filename) in offender]
    assert named or attack == "total"


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_duplicate_names_and_names_that_differ_in_form_are_refused(tmp_path):
    make(
        tmp_path / "segs.zip",
        (entry("segs/a.png"), b"1"),
        (entry("segs/u\u0308.png"), b"2"),
        (entry("\u00fc.png"), b"3"),
    )

    with pytest.raises(PipelineError) as refused, opened(tmp_path / "segs.zip"):
        pass

    assert len(refused.value.offenders) == 4


def patched(path, old: bytes, new: bytes, count: int = -1) -> None:
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new, count))


def test_a_zero_byte_in_a_name_is_refused(tmp_path):
    make(tmp_path / "segs.zip", (entry("segs/b.png#.txt"), b"x"))
    patched(tmp_path / "segs.zip", b"b.png#", b"b.png\0")

    with pytest.raises(PipelineError) as refused, opened(tmp_path / "segs.zip"):
        pass

    assert "a zero byte in its name" in str(refused.value)


def test_encrypted_entries_are_refused(tmp_path):
    make(tmp_path / "segs.zip")
    data = bytearray((tmp_path / "segs.zip").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "segs.zip").write_bytes(data)

    with pytest.raises(PipelineError) as refused, opened(tmp_path / "segs.zip"):
        pass

    assert "encrypted" in str(refused.value)


NO_ARCHIVES = {
    "empty": b"",
    "cut off": b"PK\x03\x04",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "pointer": b"version https://git-lfs",
}


@pytest.mark.parametrize("kind", NO_ARCHIVES)
def test_what_is_no_archive_is_refused(tmp_path, kind):
    (tmp_path / "segs.zip").write_bytes(NO_ARCHIVES[kind])

    with pytest.raises(PipelineError, match="cannot be read"), opened(tmp_path / "segs.zip"):
        pass


def test_a_blank_mask_packs_beyond_any_ratio_and_is_taken(tmp_path):
    make(tmp_path / "segs.zip", (entry("blank.png"), bytes(MIB)))

    with opened(tmp_path / "segs.zip", max_ratio=1) as archive:
        archive.extract("blank.png", tmp_path / "blank.png")

    assert (tmp_path / "blank.png").read_bytes() == bytes(MIB)


@pytest.mark.parametrize("claimed", [10, 3000], ids=["too little", "too much"])
def test_a_header_that_gives_a_wrong_size_is_found_while_reading(tmp_path, claimed):
    make(tmp_path / "segs.zip", (entry("b.png"), bytes(1000)))
    patched(tmp_path / "segs.zip", struct.pack("<L", 1000), struct.pack("<L", claimed))

    with opened(tmp_path / "segs.zip") as archive, pytest.raises(PipelineError):
        archive.extract("b.png", tmp_path / "out" / "b.png")

    assert list((tmp_path / "out").iterdir()) == []


def test_a_mask_with_another_md5_does_not_appear(tmp_path):
    make(tmp_path / "segs.zip")

    with opened(tmp_path / "segs.zip") as archive, pytest.raises(Md5Differs) as differs:
        archive.extract("a.png", tmp_path / "out" / "a.png", "0" * 32)

    assert differs.value.found == "0cc175b9c0f1b6a831c399e269772661"  # md5 of the letter a
    assert list((tmp_path / "out").iterdir()) == []


def test_a_stage_refuses_an_attack_before_it_writes(release, output, tmp_path):
    with zipfile.ZipFile(release.archive, "a") as packed:
        packed.writestr(entry("../escaped.png"), b"x")
        packed.writestr(entry(f"copy/{MASK}"), b"x")
    before = tree(tmp_path)

    code, text = import_release(release, output)

    assert code == 1
    assert "'../escaped.png': a path with .." in text and text.count("occurs twice") == 2
    assert tree(tmp_path) == before


def test_limits_are_keys(release, output):
    total = sum(map(len, release.masks.values()))

    code, text = import_release(release, output, f"release_zip_max_bytes={total - 1}")
    assert code == 1 and f"at most {total - 1:,} are taken" in text
    assert import_release(release, output, f"release_zip_max_bytes={total}")[0] == 0


def test_a_damaged_entry_is_listed_and_the_others_are_taken(release, output):
    with zipfile.ZipFile(release.archive) as packed:
        offset = packed.getinfo(f"segs/{MASK}").header_offset
    data = bytearray(release.archive.read_bytes())
    start = offset + 30 + len(f"segs/{MASK}") + 12
    data[start] ^= 0xFF
    release.archive.write_bytes(data)

    code, _ = import_release(release, output)

    assert code == 1
    rows = [row for row in differences(output, "import") if row["kind"].startswith("mask")]
    assert cells(rows, "kind", "file") == [("mask damaged", MASK)]
    assert len(tree(output / "seg_masks")) == 14 - 1 - 2
