"""Make the list of a dataset's image ids, for other_datasets_overlap.py.

Reads: the names of the image files in a folder, or a column of a csv or csv.gz file (ids_from).
Writes: ids_output, one id a line, sorted, each once.
Rules: an id is a file's name without its suffix, or a cell, less ids_strip_suffix. Hidden files, subfolders
and files that are not images do not count.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.errors import ConfigError, PipelineError
from utils.files import missing_input
from utils.lazy import logger
from utils.naming import IMAGE_EXTENSIONS
from utils.settings import AnalysisSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_table, write_lines

KEYS = (
    "ids_from",
    "ids_column",
    "ids_strip_suffix",
    "ids_output",
)

# Files are not read here, so they may be of formats that other stages do not decode.
IMAGE_SUFFIXES = {f".{extension}" for extension in (*IMAGE_EXTENSIONS, "dcm", "jp2")}


def image_names(folder: Path) -> list[str]:
    """Return the names, without suffix, of the image files directly in a folder; hidden ones do not count."""
    files = (path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    return [path.stem for path in files if path.name[0] != "."]


def make_ids(names: Iterable[str], strip_suffix: str) -> list[str]:
    """Cut `strip_suffix` off the end of names that have it; return what is not blank, sorted, each once.

    Raises
    ------
    PipelineError
        If an id has a line break in it: a list has one id a line.
    """
    ids = {name.strip().removesuffix(strip_suffix).strip() for name in names} - {""}
    broken = sorted(repr(name) for name in ids if len(name.splitlines()) > 1)
    if broken:
        raise PipelineError("An id has a line break in it.", expected="ids of one line", offenders=broken)
    return sorted(ids)


def _require_keys(config: AnalysisSettings) -> tuple[Path, Path]:
    """Return the paths of the source and of the list."""
    source, output = config.ids_from, config.ids_output
    given: dict[str, object] = {"ids_from": source, "ids_output": output}
    if source is not None and source.is_file():
        given["ids_column"] = config.ids_column
    missing = [f"{key}=..." for key, value in given.items() if value is None]
    if source is None or output is None or missing:
        raise ConfigError(
            "Keys that this stage needs have no value.",
            where=config.config_file,
            expected="a value, here or on the command line",
            offenders=missing,
        )
    if source == output:
        raise ConfigError("The list would replace its own input.", where=f"ids_output={output}")
    return source, output


def _read_names(source: Path, config: AnalysisSettings) -> list[str]:
    if source.is_dir():
        return image_names(source)
    if not source.is_file():
        raise missing_input(config, "ids_from", source, None, kind="file or folder")
    column = str(config.ids_column)
    return list(read_table(source, [column])[column])


def main(config: AnalysisSettings) -> Outcome:
    """Write the list of a dataset's image ids."""
    source, output = _require_keys(config)
    names, suffix = _read_names(source, config), config.ids_strip_suffix
    ids = make_ids(names, suffix)
    if not ids:
        raise PipelineError("There are no ids.", where=source, expected="image files or cells")
    uncut = sum(not name.strip().endswith(suffix) for name in names)
    if uncut:
        logger.warning("{} of {} names do not end in {!r} and stay whole", uncut, len(names), suffix)
    return Outcome(f"{len(ids)} ids", [write_lines(ids, output)], adds=True)


if __name__ == "__main__":
    run_stage(main, AnalysisSettings, KEYS)
