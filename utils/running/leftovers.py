"""What earlier runs left in an output folder: removed, withdrawn or named, and never mixed with the present dataset."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..config import configs_of_folders
from ..errors import PipelineError, some_of
from ..lazy import logger
from ..md5 import md5_of_file
from ..naming import QUARANTINE_FOLDER, WITHDRAWN_FOLDER, subject_of_file
from .dataset_state import Manifest
from .output_places import OutputPlaces
from .run_manifest import outputs_of, read_manifest, write_manifest

if TYPE_CHECKING:
    from ..settings import CreationSettings

# These bring images and masks from elsewhere into the dataset: what they made is moved away, never deleted.
MOVING_STAGES = ("move_dataset", "import_release")
_NAMED = 5
_ELSEWHERE = "got a new name or place; what was there before moved"


def remove_unmade(places: OutputPlaces, earlier: Mapping[str, str], made: Collection[str]) -> None:
    """Remove files that a stage made in an earlier run and did not make now.

    Parameters
    ----------
    places : OutputPlaces
        Where outputs lie now; what an earlier run put elsewhere is left alone.
    earlier : mapping of str to str
        What the stage made before: md5 by name.
    made : collection of str
        What it made now.

    Notes
    -----
    A file whose md5 is no longer the recorded one is somebody's work: it is named and left alone.
    """
    unchanged, changed = _split_by_md5(places, {name: md5 for name, md5 in earlier.items() if name not in made})
    for path in unchanged.values():
        _remove(path, places.root)
    if unchanged:
        logger.info(
            "removed {} of an earlier run that this one did not make: {}",
            _files(unchanged),
            some_of(list(unchanged), _NAMED),
        )
    _name_changed(changed)


def withdraw_unmade(places: OutputPlaces, made: Mapping[str, str | None]) -> dict[Path, str | None]:
    """Move images and masks that left the metadata to the folder of withdrawn files.

    Parameters
    ----------
    places : OutputPlaces
        Where outputs lie now; what an earlier run put elsewhere is left alone.
    made : mapping of str to (str or None)
        Images and masks that are part of the dataset now: md5 by name.

    Returns
    -------
    dict of Path to (str or None)
        For the run manifest: the places that they have left, and all that is withdrawn, with its md5 where it was
        moved just now.
    """
    present = {_subject_of(name) for name in made}
    earlier = brought_files(read_manifest(places.root))
    gone = {name: md5 for name, md5 in earlier.items() if name not in made and not name.startswith(WITHDRAWN_FOLDER)}
    unchanged, changed = _split_by_md5(places, gone)
    moved: dict[Path, str | None] = {path: None for path in unchanged.values()}
    for name, path in unchanged.items():
        target = _move_away(path, places.root, gone[name])
        moved[target] = gone[name] if target != path else None
    folder = places.root / WITHDRAWN_FOLDER
    kept = {name for name in gone if _subject_of(name) in present}
    for is_kept, why in ((False, "left the metadata and moved"), (True, _ELSEWHERE)):
        names = [name for name in unchanged if (name in kept) == is_kept]
        if names:
            logger.warning("{} {} to {}: {}", _files(names), why, folder, some_of(names, _NAMED))
    _name_changed(changed)
    there = {path: None for path in folder.iterdir()} if folder.is_dir() else {}
    return there | moved


def brought_files(manifest: Manifest) -> dict[str, str]:
    """Return the images and masks that stages brought into the dataset, md5 by name; those withdrawn are among them."""
    recorded = {name: md5 for stage in MOVING_STAGES for name, md5 in outputs_of(manifest, stage).items()}
    # A release is imported with its tables.
    return {name: md5 for name, md5 in recorded.items() if not name.endswith((".csv", ".txt"))}


def _subject_of(name: str) -> str:
    return subject_of_file(PurePosixPath(name).name)


def withdrawn_files(manifest: Manifest) -> list[str]:
    """Return the withdrawn images and masks that are part of the dataset no longer, under another name neither."""
    brought = brought_files(manifest)
    withdrawn = {name for name in brought if name.startswith(f"{WITHDRAWN_FOLDER}/")}
    present = {_subject_of(name) for name in brought.keys() - withdrawn}
    return sorted(name for name in withdrawn if _subject_of(name) not in present)


def name_unrecorded(folder: Path, places: OutputPlaces, made: Collection[str]) -> None:
    """Warn of files in a folder of the dataset that no stage has recorded; they are left alone and not shown."""
    if not folder.is_dir():
        return
    recorded = {name for stage in read_manifest(places.root)["stages"].values() for name in stage["outputs"]}
    names = {places.name_of(folder / entry.name) for entry in os.scandir(folder) if not entry.is_dir()}
    extra = sorted({name for name in names if name and not is_of_file_manager(name)} - recorded - set(made))
    if extra:
        logger.warning(
            "{} that no stage has recorded {} left alone and not shown: {}",
            _files(extra),
            "is" if len(extra) == 1 else "are",
            some_of(extra, _NAMED),
        )


def is_of_file_manager(name: str) -> bool:
    """Tell whether a file is one that file managers write into folders that are looked at."""
    name = PurePosixPath(name).name
    return name in (".DS_Store", "Thumbs.db", "desktop.ini", ".directory") or name.startswith("._")


def take_over_output(config: CreationSettings, earlier_ids: Collection[str], isic_ids: Collection[str]) -> None:
    """Make sure that the output folder is this dataset's.

    Parameters
    ----------
    config : CreationSettings
        Its `output_dir` and `replace_output` are used.
    earlier_ids, isic_ids : collection of str
        Images of the dataset that the folder holds, and of this one.

    Raises
    ------
    PipelineError
        If the folder holds another dataset, without an image in common, and that is not the embedded demo.
    """
    if not earlier_ids or not set(earlier_ids).isdisjoint(isic_ids):
        return
    root = config.output_dir
    manifest = read_manifest(root)
    is_demo = bool(manifest.get("dataset", {}).get("is_demo"))
    if not is_demo and not config.replace_output:
        raise PipelineError(
            "The output folder holds another dataset.",
            where=root,
            expected="no dataset, or one that has images in common with this one",
            found=f"{len(earlier_ids)} images, none of which is in this dataset",
            hint="set another output_dir; or replace_output=true, which removes the tables and figures of the other "
            f"dataset and moves its images and masks to {WITHDRAWN_FOLDER}",
        )
    # Figures and report lie where the other folders' configurations say.
    places = OutputPlaces(config, *configs_of_folders(config.overrides, config.dataset_file).values())
    left = clear_outputs(places, manifest, keep_masks=not is_demo)
    what = "the embedded demo" if is_demo else f"another dataset ({len(earlier_ids)} images)"
    logger.info("the outputs of {} gave way to this dataset{}", what, f"; {left} changed files stay" if left else "")


def clear_outputs(places: OutputPlaces, manifest: Manifest, keep_masks: bool) -> int:
    """Remove every recorded output, or withdraw images and masks, and forget the stages; return how many files stay."""
    left, brought = 0, brought_files(manifest)
    for stage in list(manifest["stages"]):
        outputs = outputs_of(manifest, stage)
        unchanged, changed = _split_by_md5(places, outputs)
        left += len(changed)
        for name, path in unchanged.items():
            # Quarantined masks are recorded as mask_qa's.
            is_brought = name in brought or (name.startswith(f"{QUARANTINE_FOLDER}/") and name[-4:] != ".csv")
            if keep_masks and is_brought:
                _move_away(path, places.root, outputs[name])
            else:
                _remove(path, places.root)
        _name_changed(changed)
    write_manifest(places.root, {**manifest, "environments": {}, "stages": {}, "dataset": {}})
    return left


def _split_by_md5(places: OutputPlaces, recorded: Mapping[str, str]) -> tuple[dict[str, Path], list[str]]:
    """Return which files are as they were recorded, and which have changed; those that are gone are neither."""
    unchanged: dict[str, Path] = {}
    changed: list[str] = []
    for name, md5 in recorded.items():
        path = places.path_of(name)
        with suppress(OSError):
            if path is None:
                continue
            if _is_dead_link(path) or md5_of_file(path) == md5:
                unchanged[name] = path
            else:
                changed.append(name)
    return unchanged, changed


def _is_dead_link(path: Path) -> bool:
    """Tell whether a link into the raw files, as transfer=symlink makes, points at a file that is gone."""
    return path.is_symlink() and not path.exists()


def _remove(path: Path, root: Path) -> None:
    """Remove a file, and the folders below the output folder that it leaves empty."""
    path.unlink(missing_ok=True)
    with suppress(OSError):  # not empty
        while root in path.parents and path.parent != root:
            path = path.parent
            path.rmdir()


def _move_away(source: Path, root: Path, md5: str) -> Path:
    """Move a file to the withdrawn ones."""
    if _is_dead_link(source):
        source.unlink()  # there is nothing to keep
        return source
    return move_to(root / WITHDRAWN_FOLDER, source, md5)


def move_to(folder: Path, source: Path, md5: str) -> Path:
    """Move a file of this md5 to a folder; another file of its name that is there keeps its place."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    if target.exists() and md5_of_file(target) != md5:
        target = target.with_name(f"{target.stem}_{md5[:8]}{target.suffix}")
    return Path(shutil.move(source, target))


def _name_changed(names: Collection[str]) -> None:
    if names:
        logger.warning(
            "left alone {} of an earlier run that changed since: {}",
            _files(names),
            some_of(list(names), _NAMED),
        )


def _files(names: Collection[str]) -> str:
    return f"{len(names)} file{'s' if len(names) != 1 else ''}"
