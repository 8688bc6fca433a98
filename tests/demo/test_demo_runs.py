"""The embedded demo written again: seeds, workers, the marker of a complete one, and runs that end early."""

import gzip
import json

import pytest
from support.embedded_demo import SEED
from support.trees import tree

from utils.demo import demo_folder
from utils.demo.demo_folder import demo_is_complete, write_demo
from utils.demo.plan import PICTURES
from utils.errors import Failure, PipelineError
from utils.workers.workplace import Workplace

# Smaller images with every style, every deed of the plan but `both`, and one without metadata.
AGAIN = [picture for picture in PICTURES if picture.number in (11, 14, 17, 18, 19, 22, 27, 29, 31)]


def table_rows(files, name):
    data = gzip.decompress(files[name]) if name.endswith(".gz") else files[name]
    return data.decode().splitlines()


def is_of_again(text):
    return any(picture.isic_id in text for picture in AGAIN)


@pytest.fixture(scope="session")
def again(tmp_path_factory):
    """Part of the demo, written a second time, by two workers."""
    folder = tmp_path_factory.mktemp("again")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_folder, "PICTURES", AGAIN)
        write_demo(folder, SEED, Workplace(num_workers=2))
    return tree(folder)


def test_same_seed_gives_same_bytes_whatever_the_number_of_workers(demo, again):
    first = tree(demo[0])
    tables = (demo_folder.IMAGE_TABLE, demo_folder.MASK_TABLE)
    expected = {name for name in first if name.startswith("other_datasets") or is_of_again(name)}
    assert again.keys() == expected | {*tables, demo_folder.MARKER}
    assert [name for name in sorted(expected) if again[name] != first[name]] == []
    for name in tables:
        header, *rows = table_rows(first, name)
        assert table_rows(again, name) == [header, *filter(is_of_again, rows)]


def test_another_seed_gives_other_drawings_with_the_same_names():
    one, other = (demo_folder.draw_picture(seed, PICTURES[9]) for seed in (SEED, SEED + 1))
    assert one.mask_rows == other.mask_rows
    assert one.files.keys() == other.files.keys()
    assert all(one.files[name] != other.files[name] for name in one.files)


def test_marker_tells_a_complete_demo(demo, tmp_path):
    folder, counts = demo
    marker = json.loads((folder / "demo_complete.json").read_text(encoding="utf-8"))
    assert marker == {"seed": SEED, "version": demo_folder.DEMO_VERSION, "counts": counts}
    assert demo_is_complete(folder, SEED)
    assert not demo_is_complete(folder, SEED + 1)
    assert not demo_is_complete(tmp_path / "absent", SEED)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"seed": 2026}', '{"seed": 2026, "version": 0}'])
def test_damaged_or_old_marker_is_incomplete(tmp_path, text):
    (tmp_path / "demo_complete.json").write_text(text, encoding="utf-8")
    assert not demo_is_complete(tmp_path, SEED)


def test_interrupted_demo_is_incomplete_even_over_a_complete_one(tmp_path, monkeypatch):
    marker = {"seed": SEED, "version": demo_folder.DEMO_VERSION}
    (tmp_path / "demo_complete.json").write_text(json.dumps(marker), encoding="utf-8")
    assert demo_is_complete(tmp_path, SEED)

    def full_disk(path, data):
        raise OSError("no space left")

    monkeypatch.setattr(demo_folder, "write_bytes_atomically", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_demo(tmp_path, SEED)
    assert not demo_is_complete(tmp_path, SEED)


def test_killed_worker_ends_the_run_and_the_demo_is_incomplete(tmp_path, monkeypatch):
    failures = [Failure("killed twice")] * len(PICTURES)
    monkeypatch.setattr(demo_folder, "map_items", lambda *_, **__: iter(failures))
    with pytest.raises(PipelineError, match=r"(?s)ISIC_9000001.*killed twice"):
        write_demo(tmp_path, SEED)
    assert not list(tmp_path.iterdir())
