"""What is taken out of image files, and what is left of them."""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
from PIL import Image
from support import embedding
from support.drawing import encoded

from utils.raw.shipped_bytes import Findings, shipped_bytes
from utils.raw.stripping.exif import exif_of, orientation_of

NAME = "Jörg Quastenberg"
MAKERS = {
    "PNG": embedding.png,
    "JPEG": embedding.jpeg,
    "progressive JPEG": lambda *a: embedding.jpeg(*a, progressive=True),
    "TIFF": embedding.tiff,
    "Motorola TIFF": lambda *a: embedding.other_tiff(*a, byteorder=">"),
    "BigTIFF": lambda *a: embedding.other_tiff(*a, bigtiff=True),
    "WebP": embedding.webp,
    "GIF": lambda name, orientation=None: embedding.gif(name),
    "BMP": lambda name, orientation=None: embedding.bmp(name),
}
TURNED = ["PNG", "JPEG", "progressive JPEG", "TIFF", "Motorola TIFF", "BigTIFF", "WebP"]
CLEAN = {
    "PNG": {},
    "JPEG": {"quality": 90, "progressive": True},
    "GIF": {},
    "TIFF": {},
    "BMP": {},
    "WEBP": {"lossless": True},
}


def holds_name(data: bytes) -> bool:
    return any(part in data for word in NAME.split() for part in (word.encode(), word.encode("latin-1")))


def chunk_kinds(data: bytes) -> list[bytes]:
    kinds, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kinds.append(data[at + 4 : at + 8])
        at += 12 + length
    return kinds


@pytest.mark.parametrize("kind", MAKERS)
def test_names_go_and_every_pixel_stays(kind):
    raw = MAKERS[kind](NAME)
    assert holds_name(raw)
    data, findings = shipped_bytes(raw)
    assert findings == Findings(is_stripped=True)
    assert not holds_name(data)
    before, after = embedding.pixels(raw), embedding.pixels(data)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert shipped_bytes(data)[0] is data


@pytest.mark.parametrize("kind", TURNED)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_of_exif_data_an_orientation_other_than_1_is_kept_alone(kind, orientation):
    data, findings = shipped_bytes(MAKERS[kind](NAME, orientation))
    assert (findings.orientation, findings.is_stripped, holds_name(data)) == (orientation, True, False)
    with Image.open(io.BytesIO(data)) as image:
        tags = dict(image.getexif())
    if "TIFF" in kind:
        assert tags[embedding.ORIENTATION] == orientation  # a tag of the picture itself
        assert not {embedding.ARTIST, embedding.DESCRIPTION, 700, 65000, embedding.GPS_IFD} & set(tags)
    else:
        assert tags == ({embedding.ORIENTATION: orientation} if orientation != 1 else {})
    assert shipped_bytes(data)[0] is data


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("image_format", CLEAN)
def test_files_without_such_data_are_the_same_object(image_format, mode):
    if mode in ("P", "RGBA", "1") and image_format in ("JPEG", "WEBP"):
        mode = "RGB"
    raw = encoded(embedding.picture(mode), image_format, **CLEAN[image_format])
    data, findings = shipped_bytes(raw)
    assert data is raw
    assert findings == Findings()


def test_png_keeps_colours_resolution_and_transparency_and_padding():
    profile = b"profile" * 9
    raw = encoded(
        embedding.picture("P"), "PNG", dpi=(300, 300), icc_profile=profile, transparency=3, exif=embedding.exif(NAME)
    )
    data, _ = shipped_bytes(raw + bytes(5))
    assert chunk_kinds(raw).count(b"eXIf") == 1
    assert chunk_kinds(data[:-5]) == [kind for kind in chunk_kinds(raw) if kind != b"eXIf"]
    assert data.endswith(bytes(5))  # zeros say nothing
    assert {b"iCCP", b"tRNS", b"pHYs"} <= set(chunk_kinds(data[:-5]))


def test_jpeg_keeps_coefficients_profile_and_adobes_colour_transform():
    profile = b"profile" * 9
    raw = encoded(embedding.picture("CMYK"), "JPEG", icc_profile=profile, comment=NAME.encode())
    data, findings = shipped_bytes(raw)
    assert findings.is_stripped and not holds_name(data)
    assert data[data.index(b"\xff\xdb") :] in raw
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == profile
        assert "adobe" in image.info


def test_thumbnail_of_jfif_goes():
    plain = encoded(embedding.picture(), "JPEG")
    assert plain[2:4] == b"\xff\xe0"
    with_thumbnail = embedding.segment(0xE0, plain[6:18] + b"\x02\x01" + b"RGBRGB")
    data, findings = shipped_bytes(plain[:2] + with_thumbnail + plain[20:])
    assert (data, findings.is_stripped) == (plain, True)


def test_animations_go_on_as_often_as_before():
    with Image.open(io.BytesIO(shipped_bytes(embedding.gif(NAME))[0])) as image:
        assert (image.n_frames, image.info["loop"]) == (2, 3)


def test_path_of_a_linked_profile_in_bmp_is_blanked():
    path = b"C:\\Users\\Quastenberg\\screen.icc\0"
    old = embedding.bmp("")
    pixels = old[54:]
    header = struct.pack("<IiiHHIIiiII", 124, 24, 16, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    header += bytes(16) + b"KNIL" + bytes(48) + struct.pack("<IIII", 4, 124 + len(pixels), len(path), 0)
    raw = struct.pack("<2sIHHI", b"BM", 138 + len(pixels) + len(path), 0, 0, 138) + header + pixels + path
    data, findings = shipped_bytes(raw)
    assert len(header) == 124
    assert findings == Findings(is_stripped=True)
    assert data == raw[: -len(path)] + bytes(len(path))


@pytest.mark.parametrize("kind", MAKERS)
def test_kept_on_request(kind):
    raw = MAKERS[kind](NAME, 6)
    data, findings = shipped_bytes(raw, keep_embedded_metadata=True)
    assert data is raw
    assert findings == Findings(orientation=6 if kind in TURNED else 1)


@pytest.mark.parametrize("raw", [b"", b"version https://git-lfs", b"II", b"P5 1 1 255 x", b"\x89PNG"])
def test_what_is_no_known_image_is_left_alone(raw):
    assert shipped_bytes(raw) == (raw, Findings(is_known=False))


@pytest.mark.parametrize("kind", MAKERS)
def test_files_cut_short_are_no_reason_to_stop(kind):
    raw = MAKERS[kind](NAME, 6)
    for length in range(16, len(raw), 7):
        data, findings = shipped_bytes(raw[:length])
        assert len(data) <= length and findings.is_known
    assert not shipped_bytes(raw[: len(raw) // 4])[1].is_whole


def decoded(data: bytes) -> list[np.ndarray] | None:
    try:
        return embedding.pixels(data)
    except Exception:  # damaged beyond decoding, in one of Pillow's many ways to say so
        return None


@pytest.mark.filterwarnings("ignore")  # Pillow warns of the damage
# A damaged TIFF file can take its directory for pixels, and PNG files have checksums.
@pytest.mark.parametrize("kind", [kind for kind in MAKERS if "TIFF" not in kind])
def test_damaged_files_that_decode_decode_to_the_same(kind, full):
    rng = np.random.default_rng(5)
    raw = np.frombuffer(MAKERS[kind](NAME, 6), dtype=np.uint8)
    compared = 0
    for _ in range(3000 if full else 150):
        damaged = raw.copy()
        damaged[rng.integers(len(raw), size=rng.integers(1, 4))] = rng.integers(256)
        before = decoded(damaged.tobytes())
        data, _ = shipped_bytes(damaged.tobytes())
        if before is None:
            continue
        compared += 1
        for old, new in zip(before[:1], decoded(data) or [None], strict=False):
            np.testing.assert_array_equal(old, new)
    assert compared > (2 if kind == "PNG" else 30)


def test_directories_that_overlap_take_no_time():
    directory = struct.pack("<H", 65535) + struct.pack("<HHII", 330, 4, 60000, 100) * 20000
    raw = struct.pack("<2sHI", b"II", 42, 8) + directory
    started = time.monotonic()
    assert shipped_bytes(raw)[1] == Findings(is_whole=False)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("orientation", range(2, 9))
def test_minimal_exif_is_read_by_pillow(orientation):
    data = Image.Exif()
    data.load(b"Exif\0\0" + exif_of(orientation))
    assert dict(data) == {embedding.ORIENTATION: orientation}
    assert orientation_of(exif_of(orientation)) == orientation


@pytest.mark.parametrize("exif", [b"", b"II*\0", b"MM\0*\0\0\0\xff", exif_of(6)[:-8], exif_of(9), exif_of(0)])
def test_exif_without_a_usable_orientation_is_upright(exif):
    assert orientation_of(exif) == 1


def test_reference_files_stay_byte_for_byte(reference):
    folders = [reference / "real" / "imapp_masks", reference / "golden"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in (".png", ".jpg")]
    assert sum("imapp_masks/masks" in path.as_posix() for path in files) == 973
    assert len(files) > 1800
    for path in files:
        raw = path.read_bytes()
        data, findings = shipped_bytes(raw)
        assert data is raw and findings == Findings(), path.name
