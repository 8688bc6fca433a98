"""What overall_script.sh does before its first stage: check every configuration, and say where the lock file is.

Its arguments are ``[--dataset FILE] [--from STAGE] [key=value ...]``. Prints the lock file of the output folder, and on
stderr what there is to warn of, once for all stages; exits with 2 when a configuration is wrong, whichever stage it
belongs to.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .config import configs_of_folders
from .errors import ConfigError, PipelineError
from .files import place_of
from .raw.raw_files import target_folders
from .running.run_lock import lock_file
from .running.run_manifest import read_manifest
from .tables import md5_of_input

# With one of these, a run makes the dataset that it takes.
_MAKE_METADATA = ("make_demo_dataset", "create_dataset")


def check_configurations(
    dataset_file: Path | None, overrides: Sequence[str], first_stage: str
) -> tuple[Path, list[str]]:
    """Load the configuration of every folder of stages; return the output folder, and warnings, each once.

    Raises
    ------
    ConfigError
        If one is wrong, or if they name several output folders, or several places of the dataset.
    """
    output_dirs = {}
    notes: dict[str, None] = {}
    configs = configs_of_folders(overrides, dataset_file)
    for folder, config in configs.items():
        output_dirs[config.output_dir] = f"{folder}: {config.output_dir}"
        notes |= dict.fromkeys(config.notes)
    if len(output_dirs) > 1:
        raise ConfigError(
            "The stages would write into several output folders.",
            where="output_dir",
            expected="one output_dir in all config.yaml files",
            hint="set output_dir in one file for overall_script.sh --config, or IMAPP_OUTPUT_DIR",
            offenders=output_dirs.values(),
        )
    _require_folders(configs)
    _require_tables_apart(configs)
    _require_one_dataset(configs)
    _require_private_mapping(configs)
    _require_predictions(configs)
    creation = configs["dataset_creation"]
    is_made = first_stage in _MAKE_METADATA
    notes |= dict.fromkeys(_note_on_demo(creation) if is_made else _note_on_other_data(creation, first_stage))
    return next(iter(output_dirs)), list(notes)


def _require_folders(configs: Mapping[str, Any]) -> None:
    """Refuse folders of outputs that cannot be made, for there is a file in their way, and tables that are folders."""
    wrong: dict[Path, str] = {}  # by what is in the way: it may be in that of many
    for config in configs.values():
        for key, path in {"output_dir": config.output_dir, **config.output_parts()}.items():
            folder = path if key.endswith("_dir") else path.parent
            existing = next(place for place in (folder, *folder.parents) if os.path.exists(place))
            if not existing.is_dir():
                wrong.setdefault(existing, f"{place_of(config, key)}: {path}, where {existing} is a file")
            elif folder is not path and path.is_dir():
                wrong.setdefault(path, f"{place_of(config, key)}: {path}, which is a folder and no table")
    if wrong:
        raise ConfigError("Outputs cannot be written where the configuration says.", offenders=wrong.values())


def _require_tables_apart(configs: Mapping[str, Any]) -> None:
    """Refuse two tables in one place: the later one would take that of the earlier, or of raw input."""
    keys: dict[Path, set[str]] = {}
    for config in configs.values():
        for key, path in config.output_parts().items():
            if key.endswith("_path"):
                keys.setdefault(path, set()).add(key)
    creation = configs["dataset_creation"]
    for key in ("raw_img_metadata_path", "raw_seg_masks_metadata_path"):
        keys.setdefault(getattr(creation, key), set()).add(key)
    shared = [f"{', '.join(sorted(names))}: {path}" for path, names in keys.items() if len(names) > 1]
    if shared:
        raise ConfigError("Several keys name the same table.", expected="a file for each", offenders=shared)


def _require_one_dataset(configs: Mapping[str, Any]) -> None:
    """Refuse a folder of the dataset, set for the stages that fill it, where those that read it look elsewhere."""
    creation = configs["dataset_creation"]
    expected = target_folders(creation)
    if creation.target_data_dir == creation.output_dir:
        return  # not set: a dataset that is there already may be analysed alone
    elsewhere = [
        f"{folder}: new_dataset_images_dir {config.new_dataset_images_dir}, new_dataset_masks_dir "
        f"{config.new_dataset_masks_dir}"
        for folder, config in configs.items()
        if config is not creation and (config.new_dataset_images_dir, config.new_dataset_masks_dir) != expected
    ]
    if elsewhere:
        raise ConfigError(
            "The stages would look for the dataset where it is not.",
            where=place_of(creation, "target_data_dir"),
            expected=f"images in {expected[0]}, masks in {expected[1]}",
            hint=f"set new_dataset_dir: {creation.target_data_dir}, or both folders",
            offenders=elsewhere,
        )


def _require_private_mapping(configs: Mapping[str, Any]) -> None:
    """Refuse names of annotators in any folder that stages fill, also where only another stage knows of it."""
    creation = configs["dataset_creation"]
    mapping = creation.creator_mapping_path
    parts = {key: path for config in configs.values() for key, path in config.output_parts().items()}
    shared = [
        f"{key}: {path}"
        for key, path in parts.items()
        if mapping is not None and key.endswith("_dir") and mapping.resolve().is_relative_to(path.resolve())
    ]
    if shared:
        raise ConfigError(
            "The configuration key 'creator_mapping_path' names a path within a folder of the output.",
            where=place_of(creation, "creator_mapping_path"),
            expected="a file that is not passed on with the dataset, its figures or its report",
            offenders=shared,
        )


def _require_predictions(configs: Mapping[str, Any]) -> None:
    """Refuse a folder of predictions that is not there; the demo makes its own."""
    config, demo = configs["multiannotator_analysis"], configs["dataset_creation"].demo_dir
    folder = config.predictions_dir
    if folder is not None and not folder.is_dir() and not folder.is_relative_to(demo):
        raise ConfigError(
            "There is no such folder of predictions.", where=place_of(config, "predictions_dir"), found=folder
        )


def _note_on_demo(creation: Any) -> list[str]:
    """Say that a dataset's file names no raw input, so that the run is on the demo.

    Raises
    ------
    ConfigError
        If it names masks of one's own, from which raw input has to be made first, or a release, which needs none.
    """
    if creation.dataset_file is None or not creation.orig_segs_dir.is_relative_to(creation.demo_dir):
        return []
    if creation.own_masks_dir is not None:
        raise ConfigError(
            "The configuration names masks of your own, but no raw input made from them.",
            where=creation.dataset_file,
            expected="raw_seg_masks_metadata_path, raw_img_metadata_path, orig_segs_dir and orig_imgs_dirs",
            hint="run make_raw_tables.py first, and then on the file that it writes (own_config)",
        )
    if creation.release_segs_zip is not None:
        raise ConfigError(
            "The configuration names a release, and no raw input to make a dataset from.",
            where=creation.dataset_file,
            hint="run import_release.py on it, then overall_script.sh with --from mask_qa",
        )
    return [f"{creation.dataset_file} names no raw input (orig_segs_dir, ...), so this is a run on the embedded demo"]


def _note_on_other_data(creation: Any, first_stage: str) -> list[str]:
    """Say that the dataset in the output folder, which a run from a later stage on takes, is of other raw tables."""
    try:
        record = read_manifest(creation.output_dir)["stages"].get("create_dataset", {"inputs": {}})
    except PipelineError:
        return []  # every stage says so
    others = [
        f"{key}: {path}"
        for key, md5 in record["inputs"].items()
        if (path := getattr(creation, key, None)) is not None and path.is_file() and md5_of_input(path) != md5
    ]
    if not others:
        return []
    return [
        f"the dataset in {creation.output_dir} was made of other raw tables than {' and '.join(others)}; a run from "
        f"{first_stage} on takes it as it is. Leave out --from to make it anew, or set another output_dir"
    ]


def main() -> None:
    """Check the configurations that the command line names, and print the lock file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--from", dest="first_stage", default=_MAKE_METADATA[0])
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_intermixed_args()
    try:
        output_dir, notes = check_configurations(arguments.dataset, arguments.overrides, arguments.first_stage)
    except ConfigError as error:
        print(f"overall_script.sh: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    for note in notes:
        print(f"overall_script.sh: warning: {note}", file=sys.stderr)
    print(lock_file(output_dir))


if __name__ == "__main__":
    main()
