"""Which state of the dataset an output was made of: the present one or an earlier one, by the run manifest.

The stamp of a dataset changes with its masks. A record holds the stamp of its outputs and, in ``earlier``, those of
outputs that an earlier run of the stage made and that were kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import some_of
from ..lazy import logger
from .output_places import OutputPlaces

if TYPE_CHECKING:
    from ..settings import CommonSettings

Manifest = dict[str, Any]
_NAMED = 5


def stamp_of(record: Mapping[str, Any], name: str) -> str | None:
    """Return the stamp of the dataset that an output was made of; None for one made before there was a dataset."""
    return record.get("earlier", {}).get(name, record.get("dataset"))


def current_outputs(manifest: Manifest) -> set[str]:
    """Return the names of what stages made of the dataset that the output folder holds now."""
    return {name for _, record, name in _outputs(manifest) if _is_current(manifest, record, name)}


def outdated_outputs(manifest: Manifest) -> dict[str, str]:
    """Return what was made of an earlier state of the dataset: its stage by name."""
    return {name: stage for stage, record, name in _outputs(manifest) if not _is_current(manifest, record, name)}


def stamp_of_inputs(config: CommonSettings, manifest: Manifest) -> str | None:
    """Return the stamp of the earlier state that a stage has read tables of; None where all are of the present one."""
    stamps = [stamp_of(manifest["stages"][stage], name) for name, stage in _outdated_inputs(config, manifest).items()]
    return next(iter(stamps), None)


def warn_of_outdated_inputs(config: CommonSettings, manifest: Manifest) -> None:
    """Warn of tables that a stage has read and that were made of an earlier state of the dataset."""
    for name, stage in _outdated_inputs(config, manifest).items():
        logger.warning(
            "{} is of an earlier state of the dataset, as is what comes of it: run {} and the stages after it again",
            name,
            stage,
        )


def warn_of_outdated_outputs(manifest: Manifest, stage: str) -> None:
    """Warn of what an earlier run of a stage made of an earlier state of the dataset, and this one kept."""
    kept = manifest["stages"][stage]["earlier"]
    names = [name for name in outdated_outputs(manifest) if name in kept]
    if names:
        logger.warning(
            "{} of an earlier state of the dataset {} as before, and {} not shown: {}",
            *("1 file", "stays", "is") if len(names) == 1 else (f"{len(names)} files", "stay", "are"),
            some_of(names, _NAMED),
        )


def _outdated_inputs(config: CommonSettings, manifest: Manifest) -> dict[str, str]:
    places, outdated = OutputPlaces(config), outdated_outputs(manifest)
    paths = (getattr(config, key, None) for key in config.inputs_read)
    names = [places.name_of(path) for path in paths if isinstance(path, Path)]
    return {name: outdated[name] for name in names if name in outdated}


def _outputs(manifest: Manifest) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    for stage, record in manifest["stages"].items():
        yield from ((stage, record, name) for name in record["outputs"])


def _is_current(manifest: Manifest, record: Mapping[str, Any], name: str) -> bool:
    stamp = manifest.get("dataset", {}).get("stamp")
    return stamp is None or stamp_of(record, name) in (None, stamp)
