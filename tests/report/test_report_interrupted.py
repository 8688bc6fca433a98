"""What earlier and stopped runs left in the report's folder: made good by the next run, or removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.drawing import box
from support.drawn_report import isic_id
from support.report_files import report_data
from support.report_reruns import IMAGES, make, masks_of
from support.trees import tree

from utils.data import encode_mask
from utils.report import image_files, pages, report_folder
from utils.report.report_folder import image_key


@pytest.fixture
def output(made_again) -> Path:
    return made_again


def test_the_records_of_earlier_versions_are_removed(output):
    before, records = tree(output / "report"), output / "report" / "records"
    for _ in range(2):
        records.mkdir()
        (records / f"{image_key(isic_id(0))}.json").write_text("{}")
        assert "stale files removed: 1" in make(output)
        assert not records.exists()
    assert tree(output / "report") == before
    records.mkdir()
    (records / "mine.json").write_text("mine")
    make(output)
    assert tree(records) == {"mine.json": b"mine"}


@pytest.mark.parametrize(
    ("step", "written"),
    [
        ("votes", {}),
        ("details", {"votes": ".png"}),
        ("images.js", {"votes": ".png", "details": ".js"}),
        ("quality.js", {"votes": ".png", "details": ".js"}),
    ],
)
def test_a_run_that_is_stopped_leaves_no_page_and_is_completed_by_the_next(output, monkeypatch, step, written):
    """Stopped at any file: when the mask is the old one again, what was written of the new one does not pass for it."""
    before, key = tree(output / "report"), image_key(isic_id(2))
    path = masks_of(output, 2)[0]
    old = path.read_bytes()
    path.write_bytes(encode_mask(box(10, 10, 20, 20, (72, 96))))

    def stop(target, data):
        if step in (target.name, target.parent.name):
            raise KeyboardInterrupt
        target.write_bytes(data)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(report_folder, "write_bytes_atomically", stop)
        patched.setattr(pages, "write_bytes_atomically", stop)
        make(output)
    stopped = tree(output / "report")
    assert "index.html" not in stopped
    changed = {name for name in stopped if key in name and stopped[name] != before[name]}
    assert changed == {f"{folder}/{key}{suffix}" for folder, suffix in written.items()}
    path.write_bytes(old)
    make(output)
    assert tree(output / "report") == before


def test_an_image_whose_files_cannot_be_made_is_named_and_has_none(output, monkeypatch):
    key, path = image_key(isic_id(2)), masks_of(output, 2)[0]
    path.write_bytes(encode_mask(box(10, 10, 20, 20, (72, 96))))

    def fail(*arguments):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(image_files, "encode_votes", fail)
        make(output)
    assert [name for name in tree(output / "report") if key in name] == []
    assert [row["thumb"] for row in report_data(output / "report", "images")] == [True, True, False, True, True]
    page = (output / "report" / "index.html").read_text(encoding="utf-8")
    assert "image whose files could not be made (1): ISIC_0000002" in page
    assert "No space" not in page
    make(output)
    assert len([name for name in tree(output / "report") if key in name]) == 3


def test_files_of_images_that_are_gone_are_removed_and_others_kept(output):
    key = image_key(isic_id(4))
    kept = [output / "report" / "details" / "notes.js", output / "report" / "thumbs" / "0123456789abcdef.txt"]
    for path in kept:
        path.write_text("mine")
    for table in (output / "metadata").glob("*.csv"):
        lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
        table.write_text("".join(line for line in lines if "ISIC_0000004" not in line), encoding="utf-8")
    assert "stale files removed: 3" in make(output)
    assert [name for name in tree(output / "report") if key in name] == []
    assert [path.read_text() for path in kept] == ["mine", "mine"]
    assert len(report_data(output / "report", "images")) == IMAGES - 1
