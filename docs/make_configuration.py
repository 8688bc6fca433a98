"""Write docs/configuration.md from utils/settings, the comments of the three config.yaml and the stages' keys.

Run it after a change of a key: ``python docs/make_configuration.py``.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from utils.configuration.leaves import NOT_KEYS
from utils.settings import SCHEMAS, CommonSettings, DatasetSettings
from utils.stage import COMMON_KEYS

TARGET = ROOT / "docs" / "configuration.md"
_INTRODUCTION = """\
# Configuration

<!-- Made by `python docs/make_configuration.py` from utils/settings, the comments of the three config.yaml and the
keys that each stage declares: edit those. -->

Each folder of stages has a `config.yaml`; as committed they run the embedded demo. There are three ways to say
otherwise, each stronger than the one before:

1. Edit the three files.
2. Write one file for a dataset, with keys of any stage: `bash overall_script.sh --config my_dataset.yaml`. One stage
   alone takes it as `--dataset my_dataset.yaml`.
3. Give `key=value` on the command line, to the chain or to a stage.

```yaml
# my_dataset.yaml: the raw ISIC files. The READMEs in dataset_creation/original_metadata_files/ and
# dataset_analysis/data_files/ say what the tables and lists hold.
output_dir: /data/imapp
orig_imgs_dirs: {jpg: ["/data/isic/images"]}
orig_segs_dir: /data/isic/segs
raw_img_metadata_path: /data/isic/raw_ISIC_images_metadata.csv.gz
raw_seg_masks_metadata_path: /data/isic/raw_ISIC_segmasks_metadata.csv
exclude_mskObjectIDs: []
other_datasets_dir: /data/isic/other_datasets    # id lists, one folder a dataset
```

Relative paths in a file start at the folder of that file; those on the command line, and in the environment variables
`IMAPP_OUTPUT_DIR` and `IMAPP_DEMO_DIR`, start at the current directory. Output tables that a file, yours or a
`config.yaml`, gives by a bare name lie in the folder of the metadata, or of the metrics; `./name.csv` lies beside the
file. Keys that a dataset's file leaves out are as in the three `config.yaml`, and keys that these leave out have
defaults, the raw input aside. An `output_dir` in a dataset's file or on the command line wins over `IMAPP_OUTPUT_DIR`.

All configuration is checked before the first stage. An unknown key, a wrong type, a missing value and one that no
stage could use, such as a number out of range, end it with exit code 2 and a message that says where it is and what is
expected. A key of the published implementation that is no longer needed is warned of, once a run. Put ids in quotes,
since YAML reads `5841e138` as a number.

`python <script>.py --help` lists the keys of one stage.
"""
_TABLE_HEAD = "| key | takes | as committed | meaning | used by |\n|---|---|---|---|---|"


@dataclass(frozen=True)
class Line:
    """A key of a config.yaml: the heading above it, its value there, and the comment right above it."""

    section: str
    value: str
    comment: str


def read_config(text: str) -> dict[str, Line]:
    """Return the keys of a config.yaml in their order; a comment above several keys goes to the first."""
    lines: dict[str, Line] = {}
    section, comment, key = "", [], ""
    for line in text.splitlines():
        if heading := re.fullmatch(r"# --- (.*?) -{3,}", line):
            section, comment = heading[1], []
        elif line.startswith("#"):
            comment.append(line[1:].strip())
        elif pair := re.fullmatch(r"(\w+): ?(.*)", line):
            key = pair[1]
            lines[key] = Line(section, pair[2], " ".join(comment))
            comment = []
        elif line.startswith(" "):
            lines[key] = dataclasses.replace(lines[key], value=line.strip())
        else:
            comment = []
    return lines


def read_stage_keys() -> dict[str, set[str]]:
    """Return the keys that each stage declares, by the name of its script, and those that the stage runner reads."""
    stages = {}
    for folder in SCHEMAS:
        for script in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.parse(script.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "KEYS":
                    stages[script.stem] = {*ast.literal_eval(node.value), *COMMON_KEYS}
    return stages


def accepted(hint: Any, limits: Mapping[str, Any]) -> str:
    """Say in words what a key takes.

    Parameters
    ----------
    hint : type
        Its type in the schema.
    limits : mapping
        The metadata of its field: `within`, the least and the greatest number, `above`, which is too small, and
        `matching`, whose second part says what a text is.
    """
    members = get_args(hint)
    if type(None) in members:
        (other,) = (member for member in members if member is not type(None))
        return f"{accepted(other, limits)}, or null"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return " \\| ".join(member.value for member in hint)
    if hint in (int, float):
        return _number(
            "whole number" if hint is int else "number", *(limits["within"] or (None, None)), limits["above"]
        )
    if limits["matching"]:
        return limits["matching"][1]
    return {
        Path: "path",
        list[Path]: "path, or list of paths",
        str: "text",
        bool: "true \\| false",
        list[str]: "list of texts",
        dict[str, str]: "texts by text",
        dict[str, list[str]]: "lists of paths by extension",
    }[hint]


def _number(kind: str, least: float | None, greatest: float | None, above: float | None) -> str:
    parts = [f"from {least}"] * (least is not None) + [f"above {above}"] * (above is not None)
    return " ".join([kind, *parts, *[f"to {greatest}"] * (greatest is not None)])


def table(schema: type, lines: Mapping[str, Line], stages: Mapping[str, Iterable[str]]) -> str:
    """Return the table of some keys of a config.yaml."""
    fields = {item.name: item for item in dataclasses.fields(schema)}
    hints = get_type_hints(schema)
    rows = [_TABLE_HEAD]
    for key, line in lines.items():
        metadata = fields[key].metadata
        meaning = line.comment or metadata["help"].removeprefix(f"{_only_user(key, stages)}: ")
        cells = [f"`{key}`", accepted(hints[key], metadata), f"`{line.value}`", _sentence(meaning)]
        rows.append(f"| {' | '.join([*cells, _users(key, stages)])} |")
    return "\n".join(rows)


def _users(key: str, stages: Mapping[str, Iterable[str]]) -> str:
    users = [name for name, keys in stages.items() if key in keys]
    if len(users) == len(stages):
        return "all"
    return ", ".join(f"`{name}`" for name in users) or "paths of other keys"


def _only_user(key: str, stages: Mapping[str, Iterable[str]]) -> str:
    users = [name for name, keys in stages.items() if key in keys]
    return users[0] if len(users) == 1 else ""


def _sentence(text: str) -> str:
    """End with a full stop and begin with a capital, a value aside; escape what Markdown would take for its own."""
    is_value = re.match(r"\w+(:| \|)", text)
    text = text if is_value else text[0].upper() + text[1:]
    return (text if text.endswith(".") else f"{text}.").replace("|", "\\|").replace("*", "\\*")


def read_files() -> dict[str, str]:
    """Return the text of the config.yaml of each folder."""
    return {folder: (ROOT / folder / "config.yaml").read_text(encoding="utf-8") for folder in SCHEMAS}


def page(texts: Mapping[str, str]) -> str:
    """Return the page for the text of the config.yaml of each folder."""
    configs = {folder: read_config(text) for folder, text in texts.items()}
    stages = read_stage_keys()
    shared = {
        "All three files": (CommonSettings, configs["multiannotator_analysis"]),
        "Both analyses": (DatasetSettings, configs["multiannotator_analysis"]),
    }
    parts = [_INTRODUCTION]
    shown: set[str] = set(NOT_KEYS)
    for title, (schema, lines) in shared.items():
        names = {item.name for item in dataclasses.fields(schema)} - shown
        shown |= names
        chosen = {key: line for key, line in lines.items() if key in names}
        parts.append(f"## {title}\n\n{table(schema, chosen, stages)}\n")
    for folder, schema in SCHEMAS.items():
        parts.append(f"## `{folder}/config.yaml`\n")
        own = {key: line for key, line in configs[folder].items() if key not in shown}
        for section in dict.fromkeys(line.section for line in own.values()):
            chosen = {key: line for key, line in own.items() if line.section == section}
            heading = f"### {section}\n\n" if section else ""
            parts.append(f"{heading}{table(schema, chosen, stages)}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(page(read_files()), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
