"""Configuration: where paths start, how overrides are typed, and what every mistake is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from utils.config import load_config
from utils.errors import ConfigError
from utils.settings import Transfer


@dataclass
class Schema:
    output_dir: Path = "???"
    table: Path = "???"
    extra: Path | None = None
    folders: dict[str, list[str]] = field(default_factory=dict, metadata={"paths": True})
    ids: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    ratio: str = field(default="1:2", metadata={"matching": (r"[0-9]+:[0-9]+", "two numbers")})
    workers: int | None = None
    share: float = 0.0
    verbose: bool = False
    how: Transfer = Transfer.copy
    name: str = ""
    config_file: Path | None = None


GOOD = "output_dir: ${oc.env:IMAPP_OUTPUT_DIR,../out}\ntable: ${output_dir}/metadata/t.csv\n"


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a YAML text in tmp_path/conf, called from tmp_path/here, with no output folder in the environment."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("IMAPP_OUTPUT_DIR", "unset below")
    monkeypatch.delenv("IMAPP_OUTPUT_DIR")

    def load_text(text: str = GOOD, *overrides: str) -> Schema:
        (tmp_path / "conf" / "config.yaml").write_text(text, encoding="utf-8")
        return load_config(Schema, tmp_path / "conf" / "config.yaml", overrides)

    return load_text


def refusal(load, *arguments) -> str:
    with pytest.raises(ConfigError) as caught:
        load(*arguments)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_paths_in_a_file_start_at_its_folder(load, tmp_path):
    config = load(GOOD + "folders: {jpg: [a, ../b, /c]}\n")
    assert config.output_dir == tmp_path / "out"
    assert config.table == tmp_path / "out" / "metadata" / "t.csv"
    assert config.folders == {"jpg": [tmp_path / "conf" / "a", tmp_path / "b", Path("/c")]}
    assert config.config_file == tmp_path / "conf" / "config.yaml"


def test_a_relative_config_file_is_no_exception(load, tmp_path):
    load()
    assert load_config(Schema, Path("../conf/config.yaml")).output_dir == tmp_path / "out"


def test_paths_on_the_command_line_start_at_the_current_folder_before_interpolation(load, tmp_path):
    config = load(GOOD, "output_dir=mine", "folders.jpg=[a b, ../c]")
    assert config.output_dir == tmp_path / "here" / "mine"
    assert config.table == tmp_path / "here" / "mine" / "metadata" / "t.csv"
    assert config.folders == {"jpg": [tmp_path / "here" / "a b", tmp_path / "c"]}


def test_paths_in_the_environment_start_at_the_current_folder(load, tmp_path, monkeypatch):
    monkeypatch.setenv("IMAPP_OUTPUT_DIR", "from env")
    assert load().table == tmp_path / "here" / "from env" / "metadata" / "t.csv"
    assert load(GOOD, "output_dir=x").output_dir == tmp_path / "here" / "x"


def test_an_empty_environment_variable_counts_as_unset(load, tmp_path, monkeypatch):
    monkeypatch.setenv("IMAPP_OUTPUT_DIR", "")
    assert load().output_dir == tmp_path / "out"


@pytest.mark.parametrize("origin", ["file", "command line", "environment"])
def test_a_tilde_is_home_wherever_it_stands(load, tmp_path, monkeypatch, origin):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if origin == "environment":
        monkeypatch.setenv("IMAPP_OUTPUT_DIR", "~/o")
        found = load().output_dir
    elif origin == "file":
        found = load(GOOD + "extra: ~/o\n").extra
    else:
        found = load(GOOD, "extra=~/o").extra
    assert found == tmp_path / "home" / "o"


def test_a_tilde_before_nobody_is_part_of_a_name(load, tmp_path):
    assert load(GOOD + "extra: ~no-such-user/o\n").extra == tmp_path / "conf" / "~no-such-user" / "o"


def test_command_line_paths_may_refer_to_keys(load, tmp_path):
    assert load(GOOD, "table=${output_dir}/u.csv").table == tmp_path / "out" / "u.csv"


def test_overrides_are_typed(load):
    overrides = ["workers=2", "share=0.5", "verbose=true", "how=symlink", 'ids=["001", "5841e138"]', "name=1e5"]
    config = load(GOOD, *overrides)
    found = (config.workers, config.share, config.verbose, config.how, config.ids, config.name)
    assert found == (2, 0.5, True, Transfer.symlink, ["001", "5841e138"], "1e5")
    assert load(GOOD + "workers: 3\n", "workers=null").workers is None
    assert load(GOOD, "workers=1", "workers=2").workers == 2


def test_text_keeps_what_was_typed(load, tmp_path):
    assert load(GOOD, "output_dir=1e5").output_dir == tmp_path / "here" / "1e5"
    assert load(GOOD, "extra=2024=a: b#c").extra == tmp_path / "here" / "2024=a: b#c"
    assert load(GOOD, "extra=null").extra is None


@pytest.mark.parametrize("origin", ["file", "command line"])
def test_an_unknown_key_names_the_nearest(load, tmp_path, origin):
    if origin == "file":
        message, where = refusal(load, GOOD + "worker: 1\nnmae: x\n"), tmp_path / "conf" / "config.yaml"
    else:
        message, where = refusal(load, GOOD, "worker=1", "nmae=x"), "the command line"
    assert f"where:    {where}" in message
    assert "worker: no such key; the nearest is 'workers'" in message
    assert "nmae: no such key; the nearest is 'name'" in message


@pytest.mark.parametrize(
    ("line", "key", "reason"),
    [
        ("workers: many", "workers", "expected: a whole number"),
        ("workers: 1.5", "workers", "found:    1.5"),
        ("share: lots", "share", "expected: a number"),
        ("verbose: perhaps", "verbose", "expected: true or false"),
        ("how: move", "how", "copy, hardlink, symlink"),
        ("ids: one", "ids", "expected: a list, as in [text, text]"),
        ("folders: {jpg: one}", "folders.jpg", "expected: a map, as in {name: [folder, folder]}"),
        ("folders: [a]", "folders", "expected: a map, as in {name: [folder, folder]}"),
    ],
)
def test_a_wrong_type_names_file_key_and_reason(load, tmp_path, line, key, reason):
    message = refusal(load, GOOD + line + "\n")
    assert f"'{key}'" in message
    assert reason.lower() in message.lower()
    assert str(tmp_path / "conf" / "config.yaml") in message
    message = refusal(load, GOOD, line.replace(": ", "=", 1))
    assert f"'{key}'" in message
    assert "the command line" in message


@pytest.mark.parametrize("line", ["ids: [5841e138]", "ids: [x, 1]", "name: 007", "extra: 12", "folders: {jpg: [1e5]}"])
@pytest.mark.parametrize("origin", ["file", "command line"])
def test_unquoted_numbers_are_refused_where_text_belongs(load, line, origin):
    text_keys = ("name", "extra")
    if origin == "command line" and line.startswith(text_keys):
        pytest.skip("the command line takes these as they were typed")
    arguments = [GOOD + line + "\n"] if origin == "file" else [GOOD, line.replace(": ", "=", 1)]
    message = refusal(load, *arguments)
    assert "put it in quotes" in message
    assert '"5841e138"' in message
    assert f"- {line.split(':')[0]}: " in message


def test_all_missing_values_are_listed(load, tmp_path):
    message = refusal(load, "workers: 1\n")
    assert "have no value" in message
    assert "- output_dir" in message and "- table" in message
    assert str(tmp_path / "conf" / "config.yaml") in message
    assert "- table" in refusal(load, "output_dir: x\ntable: ???\n")


@pytest.mark.parametrize(
    "text",
    [
        "- a\n- b\n",
        "a: [\n",
        "a: 1\na: 2\n",
        "\tx: 1\n",
        "just text\n",
        "a: " + "[" * 10_000 + "]" * 10_000,
        "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(60)),
        "a: &a [*a]\n",
        "workers: " + "9" * 5000,
    ],
    ids=["list", "open bracket", "key twice", "tab", "text", "deep", "anchors", "an anchor in itself", "digits"],
)
def test_a_file_without_keys_and_values_is_named(load, tmp_path, text):
    message = refusal(load, text)
    assert str(tmp_path / "conf" / "config.yaml") in message
    assert "onfiguration" in message


@pytest.mark.parametrize("value", ["a.csv", "[a.csv]"])
def test_a_list_of_files_may_be_one_file(load, tmp_path, value):
    assert load(GOOD + f"files: {value}\n").files == [tmp_path / "conf" / "a.csv"]
    assert load(GOOD, f"files={value}").files == [tmp_path / "here" / "a.csv"]


def test_a_text_must_match_its_pattern(load):
    assert load(GOOD + 'ratio: "3:4"\n').ratio == "3:4"
    message = refusal(load, GOOD, "ratio=3 to 4")
    assert "'ratio'" in message and "two numbers" in message and "3 to 4" in message


def test_anchors_are_fine(load):
    assert load("output_dir: x\ntable: t\nfolders: {jpg: &a [b], JPG: *a}\n").folders["jpg"][0].name == "b"


def test_a_missing_config_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load_config(Schema, tmp_path / "none.yaml")
    assert str(tmp_path / "none.yaml") in str(caught.value)


@pytest.mark.parametrize(
    "argument", ["verbose", "=1", "ids=[", "--=", "output_dir=${nope}/x", "output_dir=${output_dir}"]
)
def test_an_argument_that_makes_no_sense_is_refused(load, argument):
    assert argument.partition("=")[0].strip("-") in refusal(load, GOOD, argument)


@pytest.mark.parametrize("argument", ["output_dir=", "output_dir.x=1", "folders.jpg=[1]", "output_dir.x=y"])
def test_a_path_must_be_a_path(load, argument):
    assert "output_dir" in (message := refusal(load, GOOD, argument)) or "folders" in message
