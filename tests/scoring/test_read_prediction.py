"""Predictions as files: masks and maps of probabilities in every format, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from utils.errors import PipelineError
from utils.scoring.read_prediction import read_mask, read_probabilities

MASK = np.array([[0, 1, 1], [0, 0, 1]], dtype=bool)
SHADES = np.array([[0, 51, 128], [127, 204, 255]], dtype=np.uint8)


def written(path, values):
    if path.suffix == ".npy":
        np.save(path, values)
    elif path.suffix == ".tif":
        tifffile.imwrite(path, values)
    else:
        Image.fromarray(values).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a.png", MASK),
        ("a.png", MASK * np.uint8(255)),
        ("a.tif", MASK * np.uint16(9)),
        ("a.npy", MASK),
        ("a.npy", MASK * np.int64(1)),
        ("a.npy", MASK.astype(float)),
    ],
    ids=["1 bit", "8 bits", "16 bits", "bool", "int64", "float64"],
)
def test_masks_of_every_format(tmp_path, name, values):
    np.testing.assert_array_equal(read_mask(written(tmp_path / name, values)), MASK)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a.png", SHADES),
        ("a.tif", SHADES * np.uint16(257)),
        ("a.npy", SHADES),
        ("a.npy", (SHADES * np.uint16(257)).astype(">u2")),
        ("a.npy", SHADES / 255),
        ("a.npy", (SHADES / 255).astype(np.float32)),
    ],
    ids=["8 bits", "16 bits", "uint8", "big-endian uint16", "float64", "float32"],
)
def test_probabilities_of_every_format(tmp_path, name, values):
    found = read_probabilities(written(tmp_path / name, values))
    np.testing.assert_allclose(found.values / found.top, SHADES / 255, rtol=1e-7)
    np.testing.assert_array_equal(found.foreground(), [[False, False, True], [False, True, True]])


def test_one_half_is_foreground(tmp_path):
    found = read_probabilities(written(tmp_path / "a.npy", np.array([[0.5, np.nextafter(0.5, 0), 0.499]])))
    assert found.foreground().tolist() == [[True, True, False]]


def test_a_map_given_as_a_mask_is_refused_with_the_way_out(tmp_path):
    for path in (written(tmp_path / "a.png", SHADES), written(tmp_path / "a.npy", SHADES / 255)):
        with pytest.raises(PipelineError, match="not a mask") as raised:
            read_mask(path)
        assert "prediction_kind=probability" in str(raised.value)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float32, bool])
def test_0_and_1_of_numpy_are_numbers_and_not_shades(tmp_path, dtype):
    found = read_probabilities(written(tmp_path / "a.npy", MASK.astype(dtype)))
    np.testing.assert_array_equal(found.foreground(), MASK)


@pytest.mark.parametrize("scale", [np.uint8(1), np.uint16(1)])
def test_a_picture_of_the_shades_0_and_1_is_refused_as_a_map_with_the_way_out(tmp_path, scale):
    with pytest.raises(PipelineError, match="prediction_kind=mask"):
        read_probabilities(written(tmp_path / "a.tif", MASK * scale))
    assert not read_probabilities(written(tmp_path / "a.tif", 0 * MASK * scale)).foreground().any()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.array([[1, 2]], dtype=np.uint8), "neither of them 0"),
        (np.array([[0.2, 0.9]]), "neither of them 0"),
        (np.array([[0, -1]]), "below 0"),
        (np.array([[1, np.nan]]), "NaN"),
        (np.array([[0, 1, 2]], dtype=np.uint16), "3 values"),
    ],
)
def test_what_is_not_a_mask_is_refused(tmp_path, values, found):
    with pytest.raises(PipelineError, match=found):
        read_mask(written(tmp_path / "a.npy", values))


@pytest.mark.parametrize("value", [0, 1, 255])
def test_one_value_alone_is_a_mask(tmp_path, value):
    for path, dtype in ((tmp_path / "a.png", np.uint8), (tmp_path / "a.npy", np.float32)):
        assert read_mask(written(path, np.full((2, 3), value, dtype))).all() == (value > 0)


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0.2, 1.1]]),
        np.array([[-0.1, 0.2]]),
        np.array([[np.nan, 0.2]]),
        np.array([[3, 4]], dtype=np.int32),
        np.zeros((2, 2, 3)),
        np.array([["a"]]),
        np.array([[None]], dtype=object),
    ],
    ids=["above 1", "below 0", "NaN", "int32", "3-D", "text", "objects"],
)
def test_what_is_not_a_map_of_probabilities_is_refused(tmp_path, values):
    with pytest.raises(PipelineError, match=r"a\.npy"):
        read_probabilities(written(tmp_path / "a.npy", values))


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", b"nothing"])
def test_damaged_files_are_told(tmp_path, data):
    for name in ("a.npy", "a.png"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PipelineError, match=name.replace(".", r"\.")):
            read_mask(tmp_path / name)
    with pytest.raises(PipelineError, match="cannot be read"):
        read_mask(tmp_path / "missing.png")
