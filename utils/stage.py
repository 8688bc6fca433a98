"""The stage runner: command line, configuration, logging, errors and exit codes, once for all stages."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .config import describe_keys, load_config
from .errors import PipelineError
from .lazy import logger
from .running.interrupts import Interrupted, interrupt_behind, orderly_interrupts
from .running.run_lock import exclusive_run
from .running.run_log import start_log

if TYPE_CHECKING:
    from .running.run_manifest import DatasetIdentity
    from .settings import CommonSettings

EXIT_OK, EXIT_DATA = 0, 1
# What the runner itself reads for every stage.
COMMON_KEYS = ("output_dir", "verbose")
Settings = TypeVar("Settings", bound="CommonSettings")


@dataclass
class Outcome:
    """What a stage has done.

    Attributes
    ----------
    counts : str
        In words, for the closing line; empty for a stage that has printed its own.
    files : sequence of Path
        Files and folders that it wrote, for the closing lines; the files go into the run manifest.
    checksums : mapping of Path to str or None
        Further files for the run manifest, with their md5 (None: to be computed): the contents of folders,
        and files that were moved away.
    dataset : DatasetIdentity, optional
        Which dataset the output folder holds from now on, said by the stages that begin one.
    last_lines : str
        Printed to standard output when all else is said.
    adds : bool
        What earlier runs of the stage made stays, though this one did not make it.
    """

    counts: str
    files: Sequence[Path] = field(default_factory=list)
    checksums: Mapping[Path, str | None] = field(default_factory=dict)
    dataset: DatasetIdentity | None = None
    last_lines: str = ""
    adds: bool = False


def run_stage(main: Callable[[Settings], Outcome], schema: type[Settings], keys: Sequence[str]) -> NoReturn:
    """Run a stage script and exit with 0 (done), 1 (data or file wrong) or 2 (command line or config wrong).

    Parameters
    ----------
    main : callable
        Takes an instance of `schema`, returns an `Outcome`. Its module's docstring is the help text.
    schema : type
        Dataclass of the configuration, see utils.settings.
    keys : sequence of str
        Keys of the configuration that the stage reads beside `COMMON_KEYS`, for its help and the run manifest;
        ``max_image_pixels`` among them when it opens images or masks, which the runner sees to.
    """
    script = Path(main.__code__.co_filename).resolve()
    keys = (*keys, *COMMON_KEYS)
    arguments = _parse_arguments(script, main.__globals__["__doc__"], schema, keys)
    with orderly_interrupts(), _ErrorReport(script.stem) as errors:
        config = load_config(
            schema, arguments.config, arguments.overrides, arguments.dataset, any_stage=arguments.any_stage
        )
        errors.log_file = start_log(script.stem, config.output_dir, config.verbose)
        logger.debug("{} with {}", script.stem, config)
        for note in config.notes:
            logger.log("DEBUG" if arguments.warned else "WARNING", "{}", note)
        started = time.monotonic()
        outcome = _run(main, config, script, keys)
        level = "INFO" if outcome.counts else "DEBUG"
        logger.log(level, "{}: {} in {:.1f} s", script.stem, outcome.counts or "done", time.monotonic() - started)
        for path in outcome.files:
            logger.debug("wrote {}", path)
        if outcome.last_lines:
            print(outcome.last_lines)
    raise SystemExit(EXIT_OK)


def _parse_arguments(script: Path, help_text: str | None, schema: type, keys: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=script.name,
        description=(help_text or "").strip(),  # python -OO drops it
        epilog=f"keys:\n{describe_keys(schema, keys)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = script.parent / "config.yaml"
    if not default.is_file():
        # Scripts in a subfolder, as those of the figures are, share the configuration of the folder above.
        default = script.parent.parent / "config.yaml"
    parser.add_argument(
        "--config", type=Path, action=_Once, default=default, metavar="FILE", help="default: beside the script"
    )
    parser.add_argument(
        "--dataset",
        type=Path,
        action=_Once,
        metavar="FILE",
        help="keys of any stage, over those of the config file: one file a dataset",
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="overrides a key of the files")
    # For overall_script.sh, which passes the same keys to all stages, and has said what there is to warn of in them.
    parser.add_argument("--any-stage", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--warned", action="store_true", help=argparse.SUPPRESS)
    # Intermixed, because options may stand between the keys.
    return parser.parse_intermixed_args()


class _Once(argparse.Action):
    """An option that may be given once: of two files one would be ignored."""

    _is_given = False

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        if self._is_given:
            parser.error(f"{self.option_strings[0]} is given twice")
        self._is_given = True
        setattr(namespace, self.dest, values)


class _ErrorReport:
    """Tells an error of the block, and ends the process with its exit code.

    Attributes
    ----------
    log_file : Path or None
        None until the log is started: so long errors go straight to the console.
    """

    def __init__(self, stage: str):
        self.stage = stage
        self.log_file: Path | None = None

    def __enter__(self) -> _ErrorReport:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception | Interrupted):
            raise SystemExit(self._tell(error)) from None

    def _tell(self, error: BaseException) -> int:
        if interrupted := interrupt_behind(error):
            self._say("interrupted; what was finished is kept, nothing is half written")
            return interrupted.exit_code
        if isinstance(error, PipelineError):
            self._say(str(error))
            return error.exit_code
        if self.log_file is None:
            raise error  # a fault of the code, with nothing but the console to show its traceback on
        logger.bind(log_only=True).opt(exception=error).error("{} failed", self.stage)
        fault = "a file cannot be used" if isinstance(error, OSError) else "a fault of the pipeline"
        self._say(f"{fault}: {type(error).__name__}: {error} (details in {self.log_file})")
        return EXIT_DATA

    def _say(self, text: str) -> None:
        if self.log_file is None:
            print(f"{self.stage}: {text}", file=sys.stderr)
        else:
            logger.error("{}: {}", self.stage, text)


def _run(main: Callable[[Settings], Outcome], config: Settings, script: Path, keys: Sequence[str]) -> Outcome:
    """Call a stage's function while no other run works in the output folder, and record what it made."""
    from .files import remove_half_written
    from .pictures.pixel_limit import allow_pixels
    from .running.output_places import OutputPlaces
    from .running.run_manifest import read_manifest
    from .running.strangers import strangers_kept

    allow_pixels(config.max_image_pixels)
    with exclusive_run(config.output_dir, script.stem):
        manifest = read_manifest(config.output_dir)  # an unusable one is better known before the work than after it
        places = OutputPlaces(config)
        remove_half_written(*places.folders)
        recorded = {name: md5 for it in manifest["stages"].values() for name, md5 in it["outputs"].items()}
        with strangers_kept(places, recorded):
            outcome = main(config)
        _record(outcome, config, script, keys)
    return outcome


def _record(outcome: Outcome, config: CommonSettings, script: Path, keys: Sequence[str]) -> None:
    """Write the run manifest, and remove what the stage made in an earlier run and did not make now."""
    from .running.dataset_state import warn_of_outdated_inputs, warn_of_outdated_outputs
    from .running.leftovers import remove_unmade
    from .running.output_places import OutputPlaces
    from .running.run_manifest import outputs_of, read_manifest, record_stage

    places = OutputPlaces(config)
    outputs: dict[Path, str | None] = {path: None for path in outcome.files if not path.is_dir()}
    outputs |= outcome.checksums
    manifest = read_manifest(config.output_dir)
    earlier = outputs_of(manifest, script.stem)
    kept: dict[Path, str | None] = {}
    if outcome.adds:
        # With the md5s that they had: a file that was changed since is somebody's, and a check of the run names it.
        there = {path: md5 for name, md5 in earlier.items() if (path := places.path_of(name)) and path.is_file()}
        kept = {path: md5 for path, md5 in there.items() if path not in outputs}
    warn_of_outdated_inputs(config, manifest)
    if outputs or earlier:
        made = record_stage(script, keys, config, {**kept, **outputs}, outcome.dataset, kept)
        remove_unmade(places, earlier, made)
        warn_of_outdated_outputs(read_manifest(config.output_dir), script.stem)
