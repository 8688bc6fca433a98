"""Compare the output folder with the run manifest: which outputs are no longer what the run made.

Reads:  metadata/run_manifest.json, every file that it names, and the config.yaml of each stage's folder.
Writes: nothing but its log.
Rules:  An output that is missing or changed is an error, and so is a file that no stage has recorded, one that was
        made of an earlier state of the dataset or of a table, and a raw table or raw file that changed since.
        Settings, code and packages that are not those of the run are warnings, and so are raw files that are no
        longer there. Logs and the cache are not compared.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.config import configs_of_folders
from utils.errors import Failure, PipelineError
from utils.lazy import logger
from utils.md5 import md5_of_file
from utils.naming import REPLACED_FOLDER, SEG_COLUMNS, humans_only
from utils.raw.moves import pair_with_raw_files
from utils.raw.raw_tables import read_raw_masks
from utils.raw.shipped_bytes import md5_as_shipped
from utils.running.dataset_state import outdated_outputs
from utils.running.leftovers import MOVING_STAGES, is_of_file_manager
from utils.running.output_places import OutputPlaces
from utils.running.run_manifest import (
    PROJECT_ROOT,
    environment_now,
    manifest_file,
    outputs_of,
    read_manifest,
    settings_of,
)
from utils.settings import CreationSettings, MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import md5_of_input, read_table
from utils.workers.parallel import map_items
from utils.workers.workplace import Workplace, local_workplace

KEYS = (
    "num_workers",
    "executor",
)

NOT_COMPARED = ("logs", "cache")
SETTLING_STAGES = (*MOVING_STAGES, "mask_qa")
CHAIN = "overall_script.sh"


def compare_outputs(stages: dict[str, Any], places: OutputPlaces, workplace: Workplace) -> list[str]:
    """Return a line for every recorded output that is missing or changed."""
    differences, recorded, paths = [], [], []
    for stage, record in stages.items():
        for name, md5 in record["outputs"].items():
            path = places.path_of(name)
            if path is None:
                differences.append(f"{name}: in a folder that no config names now (made by {stage})")
            else:
                recorded.append((name, md5, stage))
                paths.append(path)
    found = map_items(md5_of_file, paths, workplace, label="checksums", unit="file", batched=True)
    for (name, md5, stage), now in zip(recorded, found, strict=True):
        if isinstance(now, Failure):
            differences.append(f"{name}: missing or unreadable (made by {stage})")
        elif now != md5:
            differences.append(f"{name}: changed (made by {stage})")
    return differences


def compare_inputs(stages: dict[str, Any], configs: dict[str, Any], places: OutputPlaces) -> Iterator[str]:
    """Yield a line for every table that is not the one a stage has read; none for a changed output."""
    made = {name: md5 for record in stages.values() for name, md5 in record["outputs"].items()}
    for stage, record in stages.items():
        for key, md5 in record["inputs"].items():
            path = getattr(configs[folder_of(record)], key, None)
            name = places.name_of(path) if path else None
            # What these have read is changed by the last of them itself, which takes unusable masks out.
            if path is None or not path.is_file() or (name in made and stage in SETTLING_STAGES):
                continue
            if md5_of_input(path) == md5:
                continue
            if name not in made:
                yield f"the file that {key} names in the config is not the one that {stage} has read"
            elif md5_of_file(path) == made[name]:
                yield f"{stage}: made from an earlier {name}; run it again"


def compare_raw_files(stages: dict[str, Any], config: CreationSettings, workplace: Workplace) -> tuple[list[str], int]:
    """Return a line for every image and mask whose raw file changed since, and how many raw files are gone."""
    tables = (config.output_seg_masks_metadata_path, config.raw_seg_masks_metadata_path)
    if "move_dataset" not in stages or not all(path.is_file() for path in tables):
        return [], 0
    metadata = humans_only(read_table(config.output_seg_masks_metadata_path, SEG_COLUMNS))
    raw = read_raw_masks(config, ["ISIC_id", "mskObjectID", "filename"])
    moves, missing = pair_with_raw_files(metadata, raw, config)
    places = OutputPlaces(config)
    keep = bool(stages["move_dataset"]["settings"].get("keep_embedded_metadata"))
    md5_of_raw = partial(md5_as_shipped, keep_embedded_metadata=keep)
    sources = [move.source for move in moves]
    found = map_items(md5_of_raw, sources, workplace, label="raw files", unit="file", batched=True)
    recorded = stages["move_dataset"]["outputs"]
    changed = []
    for move, now in zip(moves, found, strict=True):
        before = recorded.get(places.name_of(move.target) or "")
        if before is not None and now != before:
            changed.append(f"{move.subject}: its raw file changed since move_dataset ran")
    return changed, len(missing)


def compare_settings(stages: dict[str, Any], configs: dict[str, Any]) -> Iterator[str]:
    """Yield a line for every setting that is not what it was when its stage ran.

    Of a stage beside the chain, what was given to that call alone is in no config that is there now.
    """
    chain_scripts = re.findall(r"^    (\S+\.py)$", (PROJECT_ROOT / CHAIN).read_text(encoding="utf-8"), re.MULTILINE)
    for stage, record in stages.items():
        now = settings_of(configs[folder_of(record)], record["settings"])
        given = () if record["script"] in chain_scripts else record.get("given", ())
        for key, value in record["settings"].items():
            if now[key] != value and key not in given:
                yield f"{stage} ran with {key}: {value}; its config says {now[key]}"


def compare_environment(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield a line for every stage that ran with other code, another Python or other packages."""
    now = environment_now()
    for stage, record in manifest["stages"].items():
        before = manifest["environments"][record["environment"]]
        parts = {"code_md5": "code", "version": "version", "python": "Python", "packages": "packages"}
        differing = [label for name, label in parts.items() if before[name] != now[name]]
        if differing:
            yield f"{stage} ran with other {', '.join(differing)}"


def unrecorded_files(stages: dict[str, Any], places: OutputPlaces) -> list[str]:
    """Return the files that no stage has recorded, below the output folder and beside images and masks elsewhere."""
    root = places.root
    recorded = {name for record in stages.values() for name in record["outputs"]}
    recorded.add(manifest_file(root).relative_to(root).as_posix())
    found: list[Path] = []
    for place, folders, names in os.walk(root):
        if Path(place) == root:
            folders[:] = [name for name in folders if name not in NOT_COMPARED]
            names = [name for name in names if name not in ("README.md", ".gitkeep")]
        folders[:] = [name for name in folders if Path(place, name) != root / REPLACED_FOLDER]
        found += [Path(place, name) for name in names]
    brought = [places.path_of(name) for stage in MOVING_STAGES for name in outputs_of({"stages": stages}, stage)]
    for folder in {path.parent for path in brought if path and not path.is_relative_to(root)}:
        found += [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    there = {places.name_of(path) or "" for path in found if not is_of_file_manager(path.name)}
    return sorted(there - recorded)


def folder_of(record: dict[str, Any]) -> str:
    """Return the folder of a recorded stage's configuration."""
    return record["script"].partition("/")[0]


def main(config: MultiannotatorSettings) -> Outcome:
    """Compare everything; fail when an output is not what it was."""
    root = config.output_dir
    if not manifest_file(root).is_file():
        raise PipelineError(
            "There is no run manifest.", where=manifest_file(root), hint="run overall_script.sh first; it writes one"
        )
    manifest = read_manifest(root)
    stages = manifest["stages"]
    configs = configs_of_folders(config.overrides, config.dataset_file)
    places = OutputPlaces(config, *configs.values())
    workplace = local_workplace(config)
    raw_files, gone = compare_raw_files(stages, configs["dataset_creation"], workplace)
    for line in chain(compare_settings(stages, configs), compare_environment(manifest)):
        logger.warning("{}", line)
    if gone:
        logger.warning("{} raw files are no longer where the config says", gone)
    outdated = outdated_outputs(manifest)
    differences = [
        *compare_outputs(stages, places, workplace),
        *(f"{name}: made by {stage} of an earlier state of the dataset" for name, stage in outdated.items()),
        *(f"{name}: no stage has recorded it" for name in unrecorded_files(stages, places)),
        *compare_inputs(stages, configs, places),
        *raw_files,
    ]
    if differences:
        raise PipelineError("Not everything is as the run left it.", where=manifest_file(root), offenders=differences)
    count = sum(len(record["outputs"]) for record in stages.values())
    return Outcome(f"{count} outputs of {len(stages)} stages are as the run left them")


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
