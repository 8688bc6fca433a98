"""Patterns of file names: what they read, what they refuse, and that what was put together is read back."""

from __future__ import annotations

import re
import unicodedata
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from utils.configuration.name_patterns import parse_pattern, readings
from utils.configuration.pattern_forms import OWN_MASKS
from utils.errors import ConfigError, PipelineError

NFC = partial(unicodedata.normalize, "NFC")
NFD = partial(unicodedata.normalize, "NFD")
# Any text that a file name can hold, separators of the patterns included; in the form in which texts are read.
TEXT = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=12).map(NFC)
PLAIN = st.text(st.characters(categories=("L", "N", "Zs"), exclude_characters="_.-"), min_size=1, max_size=12).map(NFC)
SEPARATORS = st.sampled_from(["_", "/", "-", "__", "_by_", ".", " ", "/x_"])


def read(pattern: str, name: str) -> list[dict[str, str]]:
    return readings(parse_pattern(pattern), name)


def put_together(fields: list[str], separators: list[str], values: dict[str, str]) -> tuple[str, str]:
    """Return a pattern of the fields and the name that it makes of the values."""
    pattern = name = ""
    for field, separator in zip(fields, [*separators, ".png"], strict=True):
        pattern += f"{{{field}}}{separator}"
        name += values[field] + separator
    return pattern, name


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("{image}_{annotator}.png", "a_b.png", [("a", "b")]),
        ("{image}_{annotator}.png", "a_b_c.png", [("a_b", "c"), ("a", "b_c")]),
        ("{image}_{annotator}.png", "a_b.PNG", [("a", "b")]),
        ("{image}_{annotator}.tif", "a_b.TIFF", [("a", "b")]),
        ("{image}_{annotator}_m.tiff", "a_b_m.tif", [("a", "b")]),
        ("{image}_{annotator}.jpg", "a_b.jpeg", [("a", "b")]),
        ("{image}_{annotator}.jpg", "a_b.png", []),
        ("{image}_{annotator}.png", "x/a_b.png", []),
        ("{image}_{annotator}.png", "_b.png", []),
        ("{image}_{annotator}.png", "a_b.png.png", [("a", "b.png")]),
        ("{annotator}/{image}.png", "Ann Ü/scan 1_é.png", [("scan 1_é", "Ann Ü")]),
        ("{annotator}/{image}.png", "x/Ann/a.png", []),
        ("{image}/{annotator}.*", "a/b.c.tif", [("a", "b.c")]),
        ("{image}/{annotator}.*", "a/b", []),
        ("{image}/{annotator}.*", "a/b.", []),
        ("{image}/mask_{image}_{annotator}.png", "a_b/mask_a_b_c_d.png", [("a_b", "c_d")]),
        ("{image}/mask_{image}_{annotator}.png", "a/mask_b_c.png", []),
        ("{image}_{annotator:[^_]+}.png", "a_b_c.png", [("a_b", "c")]),
        ("{image:[0-9]+}{annotator}.png", "12b.png", [("12", "b"), ("1", "2b")]),
        ("{image:[0-9]+}{annotator:[a-z]+}.png", "12b.png", [("12", "b")]),
        ("{annotator}/*_{image}.png", "b/2024_x.png", [("x", "b")]),
        ("{annotator}/*_{image}.png", "b/_x.png", [("x", "b")]),
        ("*/{annotator}-{image}.png", "batch 1/b-a.png", [("a", "b")]),
        ("{image}/{annotator}/mask", "a/b/mask", [("a", "b")]),
        ("{image}.v[1]+({annotator}).png", "a.v[1]+(b).png", [("a", "b")]),
    ],
)
def test_names_are_read(pattern, name, expected):
    assert [(way["image"], way["annotator"]) for way in read(pattern, name)] == expected


def test_all_fields_are_read():
    found = read("{annotator}/{tool}/{skill}/{image}_{n}.*", "b/poly line/1/a_2.bmp")
    assert found == [{"annotator": "b", "tool": "poly line", "skill": "1", "image": "a", "n": "2"}]


@pytest.mark.parametrize(("of_pattern", "of_name"), [(NFC, NFD), (NFD, NFC)])
def test_the_unicode_form_of_patterns_and_names_does_not_matter(of_pattern, of_name):
    found = read(of_pattern("{image}_läsion_{annotator:Jürgen|Zoë}.png"), of_name("Größe 1_läsion_Zoë.png"))
    assert found == [{"image": NFC("Größe 1"), "annotator": NFC("Zoë")}]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{image}.png", ["{annotator} in it"]),
        ("mask.png", ["{image} and {annotator} in it"]),
        ("{image}_{anotator}.png", ["{anotator}", "nearest is {annotator}"]),
        ("{image}_{}_{annotator}.png", ["fields image, annotator, tool, skill, n, part"]),
        ("{image}{annotator}.png", ["text between two fields"]),
        ("{image}*_{annotator}.png", ["text between two fields"]),
        ("{image}_{annotator", ["every { closed"]),
        ("{image}_{annotator}}.png", ["every { closed"]),
        ("{image}_{annotator}", ["a suffix or .* at its end: write {annotator}.* for any suffix"]),
        ("{annotator}/{image:.+}", ["write {image}.* for any suffix"]),
        ("{image}_{annotator:[}.png", ["regular expression"]),
        ("/data/{image}_{annotator}.png", ["within own_masks_dir"]),
        ("../{image}_{annotator}.png", ["within own_masks_dir"]),
        ("{image}//{annotator}.png", ["within own_masks_dir"]),
        ("", ["within own_masks_dir"]),
    ],
)
def test_unusable_patterns_are_refused_with_a_reason(pattern, words):
    with pytest.raises(ConfigError) as caught:
        parse_pattern(pattern)
    assert [word for word in ["own_name_pattern", *words] if word not in str(caught.value)] == []


@given(st.data())
def test_a_name_put_together_is_read_back(data):
    fields = ["image", "annotator", *data.draw(st.lists(st.sampled_from(OWN_MASKS.fields[2:]), unique=True))]
    fields = data.draw(st.permutations(fields))
    separators = [data.draw(SEPARATORS) for _ in fields[1:]]
    values = {field: data.draw(TEXT) for field in fields}
    pattern, name = put_together(fields, separators, values)
    found = read(pattern, name)
    assert values in found
    assert all(put_together(fields, separators, way)[1] == name for way in found)
    assert len({tuple(way.items()) for way in found}) == len(found)


@given(st.data())
def test_without_separators_in_the_texts_there_is_one_way(data):
    fields = data.draw(st.permutations(OWN_MASKS.fields))
    separators = [data.draw(st.sampled_from(["_", "/", "-"])) for _ in fields[1:]]
    values = {field: data.draw(PLAIN) for field in fields}
    pattern, name = put_together(fields, separators, values)
    assert read(pattern, name) == [values]


@given(TEXT, TEXT)
def test_the_longest_first_field_leads(image, annotator):
    found = read("{image}_{annotator}.png", f"{image}_{annotator}.png")
    lengths = [len(way["image"]) for way in found]
    assert lengths == sorted(lengths, reverse=True)
    # By hand: every "_" inside the name splits it, unless it leaves a side empty.
    stem = f"{image}_{annotator}"
    splits = [place.start() for place in re.finditer("_", stem) if 0 < place.start() < len(stem) - 1]
    assert sorted(lengths) == splits


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_pattern_or_an_error_and_never_a_crash(text, name):
    try:
        pattern = parse_pattern(f"{{image}}{text}{{annotator}}.*")
    except ConfigError:
        assume(False)
    for way in readings(pattern, name):
        assert set(way) >= {"image", "annotator"} and all(way.values())


def test_a_name_of_separators_ends_in_an_error_that_does_not_hold_it():
    name = "_" * 200 + ".png"
    with pytest.raises(PipelineError, match="too many ways") as caught:
        read("{image}_{annotator}_{tool}_{skill}_{n}.png", name)
    assert "__" not in str(caught.value)
