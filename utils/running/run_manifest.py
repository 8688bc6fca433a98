"""The run manifest: from which code, packages, settings and inputs each output was made."""

from __future__ import annotations

import csv
import dataclasses
import enum
import json
import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PipelineError
from ..files import write_bytes_atomically
from ..md5 import md5_of_bytes, md5_of_file
from .code_and_versions import installed_versions
from .dataset_state import Manifest, stamp_of, stamp_of_inputs
from .output_places import OutputPlaces

if TYPE_CHECKING:
    from ..settings import CommonSettings

PROJECT_ROOT = Path(__file__).resolve().parents[2]
_FORMAT = 1
_RECORD = {"script", "environment", "settings", "inputs", "counts", "outputs"}
_OUTSIDE = "(outside the output folder)"
# What changes how fast or how loud a run is, or what it may do, but no byte of its outputs.
_WITHOUT_EFFECT = {"num_workers", "verbose", "output_dir", "executor", "dask_scheduler", "cache_dir", "replace_output"}
_CODE_FOLDERS = ("dataset_creation", "dataset_analysis", "multiannotator_analysis", "utils")


@dataclasses.dataclass(frozen=True)
class DatasetIdentity:
    """Which dataset an output folder holds: `stamp` changes with its masks; `is_demo` for the embedded demo."""

    stamp: str
    is_demo: bool


def manifest_file(output_dir: Path) -> Path:
    """Return the manifest of an output folder."""
    return output_dir / "metadata" / "run_manifest.json"


def read_manifest(output_dir: Path) -> Manifest:
    """Return the manifest; a new one when there is none.

    Raises
    ------
    PipelineError
        The file is not a manifest of this version of the code.
    """
    path = manifest_file(output_dir)
    if not path.exists():
        return {"format": _FORMAT, "dataset": {}, "environments": {}, "stages": {}}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        environments, stages = manifest["environments"], manifest["stages"].values()
        whole = all(set(stage) >= _RECORD and stage["environment"] in environments for stage in stages)
        if manifest["format"] == _FORMAT and whole:
            return manifest
        found: object = f"format {manifest['format']}, or records that lack parts"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = error
    raise PipelineError(
        "The run manifest cannot be read.",
        where=path,
        expected=f"a manifest of format {_FORMAT}",
        found=found,
        hint="remove it and run the chain again",
    )


def write_manifest(output_dir: Path, manifest: Manifest) -> None:
    """Write the manifest of an output folder."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    write_bytes_atomically(manifest_file(output_dir), text.encode())


def outputs_of(manifest: Manifest, stage: str) -> dict[str, str]:
    """Return what a stage made, md5 by name (see `OutputPlaces`); nothing for one that has not run."""
    return manifest["stages"].get(stage, {}).get("outputs", {})


def record_stage(
    script: Path,
    keys: Sequence[str],
    config: CommonSettings,
    outputs: Mapping[Path, str | None],
    dataset: DatasetIdentity | None = None,
    kept: Collection[Path] = (),
) -> set[str]:
    """Write what a stage that has just ended was made from into the manifest.

    Parameters
    ----------
    script : Path
        The stage's script.
    keys : sequence of str
        Configuration keys that it uses.
    config : CommonSettings
        Its configuration; `config.inputs_read` holds the md5 of the tables it read.
    outputs : mapping of Path to str or None
        Files that it wrote, with their md5 where it is known, and files that it moved away. What lies in no place of
        the pipeline's is left out.
    dataset : DatasetIdentity, optional
        Which dataset the folder holds from now on, said by the stages that begin one.
    kept : collection of Path
        Outputs that an earlier run of the stage made, and this one did not: they are of the dataset of that run.

    Returns
    -------
    set of str
        Names of what it wrote.

    Notes
    -----
    What was made from a table of an earlier state of the dataset is of that state too.
    """
    root, places = config.output_dir, OutputPlaces(config)
    manifest = read_manifest(root)
    if dataset is not None:
        manifest["dataset"] = dataclasses.asdict(dataset)
    names = {name: path for path in outputs if (name := places.name_of(path)) is not None}
    # What has a checksum was just written.
    stamp = stamp_of_inputs(config, manifest) or manifest.get("dataset", {}).get("stamp")
    before = manifest["stages"].get(script.stem, {})
    stamps = {name: stamp_of(before, name) for path in kept if (name := places.name_of(path)) in names}
    present = {
        name: outputs[path] or md5_of_file(path) for name, path in names.items() if outputs[path] or path.is_file()
    }
    for other in manifest["stages"].values():
        # A file belongs to the stage that wrote it last; one that was moved away belongs to none.
        other["outputs"] = {name: md5 for name, md5 in other["outputs"].items() if name not in names}
    settings = settings_of(config, [key for key in keys if key not in _WITHOUT_EFFECT])
    environment = environment_now()
    label = md5_of_bytes(json.dumps(environment, sort_keys=True).encode())[:12]
    manifest["environments"][label] = environment
    manifest["stages"][script.stem] = {
        "script": script.relative_to(PROJECT_ROOT).as_posix(),
        "environment": label,
        "dataset": stamp,
        "earlier": {name: of for name, of in sorted(stamps.items()) if of not in (None, stamp)},
        "settings": settings,
        # On the command line or in a dataset's file, rather than in the config file of the stage's folder.
        "given": sorted(key for key in settings if config.key_places[key] != f"in {config.config_file}"),
        "inputs": dict(sorted(config.inputs_read.items())),
        "counts": {"files": len(present), "rows": _row_counts({name: names[name] for name in present})},
        "outputs": dict(sorted(present.items())),
    }
    used = {stage["environment"] for stage in manifest["stages"].values()}
    manifest["environments"] = {name: manifest["environments"][name] for name in sorted(used)}
    write_manifest(root, manifest)
    return set(present)


def _row_counts(outputs: Mapping[str, Path]) -> dict[str, int]:
    """Return how many rows each table among the outputs has, its header aside."""
    counts = {}
    for name in sorted(name for name in outputs if name.endswith(".csv")):
        with open(outputs[name], encoding="utf-8", newline="") as stream:
            counts[name] = max(sum(1 for _ in csv.reader(stream)) - 1, 0)
    return counts


def environment_now() -> dict[str, Any]:
    """Return the version and checksum of the code, and the versions of Python and of the pinned packages."""
    import yaml

    citation = yaml.safe_load((PROJECT_ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return {
        "version": citation["version"],
        "code_md5": _md5_of_code(),
        "python": platform.python_version(),
        "packages": _package_versions(PROJECT_ROOT / "requirements.txt"),
    }


def settings_of(config: CommonSettings, keys: Iterable[str]) -> dict[str, Any]:
    """Return the values of keys, of paths only what lies below the output folder.

    A key that there is not, or no longer, has the value None.
    """
    return {key: _plain(getattr(config, key, None), config.output_dir) for key in keys}


def _plain(value: Any, root: Path) -> Any:
    if isinstance(value, Path):
        return value.relative_to(root).as_posix() if value.is_relative_to(root) else _OUTSIDE
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item, root) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, root) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value), root)
    return value


def _md5_of_code() -> str:
    files = sorted(path for folder in _CODE_FOLDERS for path in (PROJECT_ROOT / folder).rglob("*.py"))
    lines = [f"{path.relative_to(PROJECT_ROOT).as_posix()} {md5_of_file(path)}\n" for path in files]
    return md5_of_bytes("".join(lines).encode())


def _package_versions(requirements: Path) -> dict[str, str]:
    names = [line.partition("==")[0] for line in requirements.read_text(encoding="utf-8").splitlines() if "==" in line]
    # One that is not there is needed on another system only.
    return {name: version for name, version in installed_versions(names).items() if version}
