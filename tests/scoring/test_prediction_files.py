"""Which image, sample and model a file is of, by its name."""

from __future__ import annotations

import unicodedata

import pytest

from utils.errors import ConfigError, PipelineError
from utils.scoring.prediction_files import find_predictions

IDS = ("ISIC_1", "ISIC_2", "ISIC_2_a")


def folder_of(tmp_path, *names):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def found(tmp_path, pattern, *names):
    models = find_predictions(folder_of(tmp_path, *names), pattern, IDS, "net")
    return {
        model: {image: {n: path.name for n, path in files.items()} for image, files in each.samples.items()}
        for model, each in models.items()
    }, [entry for each in models.values() for entry in each.unknown]


def test_one_file_an_image_whatever_its_suffix(tmp_path):
    samples, unknown = found(tmp_path, "{image}.*", "ISIC_1.png", "ISIC_2.NPY", "notes.txt")
    assert samples == {"net": {"ISIC_1": {"1": "ISIC_1.png"}, "ISIC_2": {"1": "ISIC_2.NPY"}}}
    assert unknown == [("notes.txt", "not in a format of predictions: .png, .tif, .tiff, .npy")]


def test_samples_are_told_apart_from_ids_with_the_same_marks(tmp_path):
    samples, unknown = found(tmp_path, "{image}_{n}.png", "ISIC_1_0.png", "ISIC_1_b.png")
    assert samples == {"net": {"ISIC_1": {"0": "ISIC_1_0.png", "b": "ISIC_1_b.png"}}}
    assert unknown == []


def test_a_name_that_fits_two_images_is_listed(tmp_path):
    _, unknown = found(tmp_path, "{image}_*.png", "ISIC_2_a_7.png")
    assert unknown == [("ISIC_2_a_7.png", "its name can be read in several ways: as of ISIC_2_a and of ISIC_2")]


@pytest.mark.parametrize(("of_file", "of_table"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_the_unicode_form_of_an_id_does_not_matter(tmp_path, of_file, of_table):
    isic_id = unicodedata.normalize(of_table, "größe")
    path = folder_of(tmp_path, unicodedata.normalize(of_file, "größe.png")) / unicodedata.normalize(
        of_file, "größe.png"
    )
    assert find_predictions(tmp_path, "{image}.png", [isic_id], "net")["net"].samples == {isic_id: {"1": path}}


def test_a_folder_a_model(tmp_path):
    samples, _ = found(tmp_path, "{model}/{image}.png", "unet/ISIC_1.png", "net b/ISIC_1.png")
    assert list(samples) == ["net b", "unet"]


def test_unknown_images_are_listed_with_a_near_one(tmp_path):
    _, unknown = found(tmp_path, "{image}.png", "isic_1.png", "other.png", "ISIC_2.png")
    assert unknown == [
        ("isic_1.png", "the dataset has no such image: isic_1; it has ISIC_1"),
        ("other.png", "the dataset has no such image: other"),
    ]


def test_two_files_of_one_sample_are_an_error(tmp_path):
    with pytest.raises(PipelineError, match="same prediction") as raised:
        found(tmp_path, "{image}.*", "ISIC_1.png", "ISIC_1.tif")
    assert "ISIC_1.tif" in str(raised.value)


def test_no_file_of_that_name_is_an_error_that_shows_what_there_is(tmp_path):
    with pytest.raises(PipelineError, match="No prediction was found") as raised:
        found(tmp_path, "{image}_{n}.png", "mask.png")
    assert "mask.png" in str(raised.value) and "prediction_pattern" in str(raised.value)


@pytest.mark.parametrize("pattern", ["{n}.png", "{image}{n}.png", "{annotator}_{image}.png", "/{image}.png", "{image}"])
def test_wrong_patterns_name_their_key(tmp_path, pattern):
    with pytest.raises(ConfigError, match="prediction_pattern"):
        found(tmp_path, pattern, "ISIC_1.png")
