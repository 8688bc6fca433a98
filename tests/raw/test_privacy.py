"""No creator's name in anything that is written or said, wherever the raw data holds it."""

from __future__ import annotations

import csv
import io
import os
import stat
import zlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from support import embedding
from support.drawing import box, encoded
from support.run import STAGES, run_here

SEG_TABLE, IMG_TABLE = "raw_ISIC_segmasks_metadata.csv", "raw_ISIC_images_metadata.csv"
CREATORS = ("Zoë Østergård", 'Ann "Quill" O\'Hearn', "Żuk", "Xiù Wq", "Müller-Kjær, Béla")
WORDS = ("Zoë", "Østergård", "Quill", "O'Hearn", "Żuk", "Xiù", "Wq", "Müller", "Kjær", "Béla")
# Two letters turn up by chance in compressed pixels and times; text and metadata are searched for all words.
LONG_WORDS = tuple(word for word in WORDS if len(word.encode()) > 3)


def make_raw_set(folder: Path) -> Path:
    """Draw two images by all creators, with the names in the table, in file names and inside of files."""
    for name in ("segs", "images"):
        (folder / name).mkdir(parents=True)
    rows = [("ISIC_id", "creator", "mskObjectID", "filename", "source", "skill")]
    for image in ("IMG_1", "IMG_2"):
        for number, creator in enumerate(CREATORS):
            mask = Image.fromarray(box(2, 2, 10 + number, 20).astype("uint8") * 255)
            file = f"{creator} {image}.png"
            (folder / "segs" / file).write_bytes(embedding.png(creator, image=mask))
            rows.append((image, creator, f"{image[-1]}a{number}", file, "autofill", "expert"))
        (folder / "images" / f"{image}.jpg").write_bytes(embedding.jpeg(CREATORS[int(image[-1])], 6))
    with open(folder / SEG_TABLE, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    (folder / IMG_TABLE).write_text("isic_id,diagnosis_1\nIMG_1,Benign\nIMG_2,Benign\n", encoding="utf-8")
    return folder


@pytest.fixture
def run(tmp_path):
    """Give the raw set, an output folder, and a function that runs a stage and searches all it has left."""
    raw, output = make_raw_set(tmp_path / "raw"), tmp_path / "output"

    def stage(name: str, *arguments) -> tuple[int, str]:
        code, text = run_here(name, output, "verbose=true", *arguments, raw=raw)
        assert names_in(text.encode(), WORDS) == []
        for path in output.rglob("*"):
            assert names_in(str(path.relative_to(output)).encode(), WORDS) == []
            if path.is_file():
                search(path)
        return code, text

    return SimpleNamespace(stage=stage, raw=raw, output=output, base=tmp_path)


def search(path: Path) -> None:
    data = path.read_bytes()
    is_image = path.suffix.lower() in (".png", ".jpg")
    assert names_in(data, LONG_WORDS if is_image else WORDS) == [], path.name
    if data.startswith(b"\x89PNG"):
        assert names_in(inflated(data), LONG_WORDS) == [], path.name
    if is_image and is_decodable(path):
        with Image.open(io.BytesIO(data)) as image:
            assert names_in(repr((image.info, dict(image.getexif()))).encode(), WORDS) == [], path.name


def is_decodable(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except OSError:
        return False
    return True


def names_in(data: bytes, words: tuple[str, ...]) -> list[str]:
    """Return the words that are in `data`, in any usual encoding or way to escape them."""
    found = []
    for word in words:
        ways = {word.encode(), word.encode("utf-16-le"), ascii(word)[1:-1].encode(), word.casefold().encode()}
        ways |= {word.replace("'", "\\'").encode(), word.encode("latin-1", "ignore")}
        if any(way in data for way in ways if len(way) > 1):
            found.append(word)
    return found


def inflated(data: bytes) -> bytes:
    """Return what every chunk of a PNG file holds once decompressed."""
    held, at = b"", 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        content = data[at + 8 : at + 8 + length]
        for start in (0, content.find(b"\0") + 2):
            try:
                held += zlib.decompressobj().decompress(content[start:])
            except zlib.error:
                continue
        at += 12 + length
    return held


def change(run, old: str, new: str) -> None:
    path = run.raw / SEG_TABLE
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_search_finds_what_it_is_made_for(run):
    for path in (run.raw / "segs").iterdir():
        assert names_in(path.name.encode(), WORDS) and names_in(inflated(path.read_bytes()), LONG_WORDS)
    assert names_in((run.raw / "images" / "IMG_1.jpg").read_bytes(), LONG_WORDS) == ["Quill", "O'Hearn"]
    with pytest.raises(AssertionError):
        search(run.raw / SEG_TABLE)
    with pytest.raises(AssertionError):
        search(run.raw / "images" / "IMG_1.jpg")


def test_a_whole_run_writes_and_says_no_name(run):
    for stage in STAGES:
        code, text = run.stage(stage)
        assert code == 0, text
    assert len(list((run.output / "seg_masks").iterdir())) == 2 * (len(CREATORS) + 2)
    assert len(list((run.output / "logs").glob("*.log"))) == len(STAGES)


@pytest.mark.parametrize("how", ["copy", "hardlink", "symlink"])
def test_no_way_of_transfer_ships_a_name(run, how):
    for again in range(2):
        assert run.stage("create_dataset")[0] == 0
        code, text = run.stage("move_dataset", f"transfer={how}")
        assert (code, f"{12 * (1 - again)} files transferred ({how})" in text) == (0, True)
        assert "embedded metadata taken out of 12" in text
        assert (f"so they are copies and no {how}s" in text) == (how != "copy")
    assert "2 files have an EXIF Orientation other than 1" in text and "image IMG_1 (6)" in text


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (",1a0,", ",1a1,", "occurs twice"),
        ("autofill,expert", "lasso,expert", "a source other than"),
        ("autofill,expert", "autofill,", "no skill"),
        ("Zoë Østergård IMG_1.png", "Zoë Østergård gone.png", "no mask file"),
        ("Zoë Østergård IMG_1.png", "../Zoë Østergård.png", "leaves orig_segs_dir"),
        ("Zoë Østergård IMG_1.png", "IMG_1.Żuk", "without a usual suffix"),
        ("Zoë Østergård IMG_1.png", "IMG_1.quill", "without a usual suffix"),
    ],
)
def test_faults_of_rows_are_told_by_row_and_id(run, old, new, fault):
    change(run, old, new)
    code, text = run.stage("create_dataset")
    assert (code, "row 2 (mskObjectID '1a" in text, fault in text) == (1, True, True)


@pytest.mark.parametrize("damage", ["no header", "header without a column", "uneven row", "Latin-1"])
def test_tables_that_cannot_be_used_show_no_cell(run, damage):
    path = run.raw / SEG_TABLE
    lines = path.read_text("utf-8").splitlines()
    if damage == "no header":
        lines = lines[1:]
    elif damage == "header without a column":
        lines[0] = lines[0].replace("skill", "level")
    elif damage == "uneven row":
        lines[3] += ",Żuk"
    path.write_bytes("\n".join(lines).encode("latin-1" if damage == "Latin-1" else "utf-8", "replace"))
    code, text = run.stage("create_dataset")
    assert (code, str(path) in text) == (1, True)


def test_files_that_go_or_change_after_create_dataset(run):
    assert run.stage("create_dataset")[0] == 0
    first, second = sorted((run.raw / "segs").glob("Zo*"))
    first.write_bytes(second.read_bytes()[:-40])
    code, text = run.stage("move_dataset")
    assert (code, "IMG_1_A00_T3_S1_1a0.png" in text) == (1, True)
    first.unlink()
    code, text = run.stage("move_dataset")
    assert (code, "mask of row 2 (mskObjectID '1a0')" in text) == (1, True)


def test_damaged_and_unknown_files_are_shipped_and_told_by_row(run):
    first, second = sorted((run.raw / "segs").glob("Zo*"))
    first.write_bytes(encoded(embedding.picture("L"), "PNG")[:-30])
    second.write_bytes(b"P5 2 2 255 abcd")
    assert run.stage("create_dataset")[0] == 0
    code, text = run.stage("move_dataset")
    assert code == 0
    assert "1 files are damaged" in text and "mask of row 2 (mskObjectID '1a0')" in text
    assert "1 files are in a format other than PNG, JPEG" in text and "1 .png" in text
    assert (run.output / "seg_masks" / "IMG_1_A00_T3_S1_1a0.png").read_bytes() == first.read_bytes()


def test_a_fault_of_the_code_shows_no_value(run, monkeypatch):
    from utils.raw import raw_files

    def broken(isic_ids, folders, creator=CREATORS[0]):
        return {}[len(creator)]

    monkeypatch.setattr(raw_files, "find_images", broken)
    code, text = run.stage("create_dataset")
    assert (code, "a fault of the pipeline: KeyError" in text) == (1, True)
    (log,) = (run.output / "logs").glob("*.log")
    assert "Traceback" in log.read_text("utf-8")


def test_embedded_metadata_stay_on_request(run):
    code, _ = run_here("create_dataset", run.output, "keep_embedded_metadata=true", raw=run.raw)
    assert code == 0
    code, text = run_here("move_dataset", run.output, raw=run.raw)
    assert (code, "with the same keep_embedded_metadata" in text) == (1, True)
    code, text = run_here("move_dataset", run.output, "keep_embedded_metadata=true", "transfer=hardlink", raw=run.raw)
    assert (code, "taken out" in text, "Orientation" in text) == (0, False, True)
    raw_image = run.raw / "images" / "IMG_1.jpg"
    assert os.path.samefile(run.output / "images" / "IMG_1.JPG", raw_image)


def test_who_is_who_goes_to_a_file_of_its_owner_alone(run, monkeypatch):
    modes = []
    plain_open = os.open
    monkeypatch.setattr(os, "open", lambda p, *a, **k: (modes.append(a), plain_open(p, *a, **k))[1])
    path = run.base / "private" / "who.csv"
    for _ in range(2):
        assert run.stage("create_dataset", f"creator_mapping_path={path}")[0] == 0
    assert [a[1] for a in modes if len(a) > 1 and a[0] & os.O_EXCL] == [0o600, 0o600]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["who.csv"]
    with open(path, encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["annotator", "creator"]
    assert rows == [[f"A{number:02d}", creator] for number, creator in enumerate(CREATORS)]


def test_who_is_who_stays_out_of_the_output_and_replaces_nothing_else(run):
    (run.output / "private").mkdir(parents=True)
    (run.base / "link").symlink_to(run.output / "private")
    inside = (run.output / "who.csv", run.output / "metadata" / "who.csv", run.base / "link" / "who.csv")
    for path in (*inside, run.raw / SEG_TABLE, run.base):
        code, text = run.stage("create_dataset", f"creator_mapping_path={path}")
        assert (code, "creator_mapping_path" in text) == (2, True)
    code, _ = run.stage("create_dataset", f"target_data_dir={run.base / 'd'}", f"creator_mapping_path={run.base}/d/w")
    assert code == 2
    assert (run.raw / SEG_TABLE).read_bytes().startswith(b"ISIC_id")
    assert not list(run.base.rglob("who.csv"))
