"""The stage runner: command line, configuration, logging, errors and exit codes, once for all stages."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .config import describe_keys, load_config
from .errors import PipelineError
from .lazy import logger
from .running.interrupts import Interrupted, interrupts_wait, orderly_interrupts
from .running.run_lock import exclusive_run

if TYPE_CHECKING:
    from .running.run_manifest import DatasetIdentity

EXIT_OK, EXIT_DATA = 0, 1


@dataclass
class Outcome:
    """What a stage has done.

    Attributes
    ----------
    counts : str
        In words, for the closing line.
    files : sequence of Path
        Files and folders that it wrote, for the closing lines; the files go into the run manifest.
    checksums : mapping of Path to str or None
        Further files for the run manifest, with their md5 (None: to be computed): the contents of folders,
        and files that were moved away.
    dataset : DatasetIdentity, optional
        Which dataset the output folder holds from now on, said by the stages that begin one.
    adds : bool
        What earlier runs of the stage made stays, though this one did not make it.
    """

    counts: str
    files: Sequence[Path] = field(default_factory=list)
    checksums: Mapping[Path, str | None] = field(default_factory=dict)
    dataset: DatasetIdentity | None = None
    adds: bool = False


def run_stage(main: Callable[..., Outcome], schema: type) -> None:
    """Run a stage script and exit with 0 (done), 1 (data or file wrong) or 2 (command line or config wrong).

    Parameters
    ----------
    main : callable
        Takes an instance of `schema`, returns an `Outcome`. Its module's docstring is the help text, whose
        last paragraph ``Keys: a, b`` names the keys that the stage uses.
    schema : type
        Dataclass of the configuration, see utils.settings.
    """
    script = Path(main.__code__.co_filename).resolve()
    help_text, keys = _parse_docstring(main.__globals__["__doc__"])
    arguments = _parse_arguments(help_text, keys, script, schema)
    try:
        with orderly_interrupts():
            config = load_config(schema, arguments.config, arguments.overrides)
            log_file = _start_logging(script.stem, config)
            code = _run(lambda: _work(main, config, script, keys), config, script.stem, log_file)
    except PipelineError as error:
        print(f"{script.stem}: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except Interrupted as interrupted:
        print(f"{script.stem}: interrupted", file=sys.stderr)
        raise SystemExit(interrupted.exit_code) from None
    raise SystemExit(code)


def _parse_docstring(docstring: str) -> tuple[str, list[str]]:
    text, _, names = docstring.strip().rpartition("\nKeys:")
    return text, [name.strip() for name in names.rstrip(".").split(",")]


def _parse_arguments(help_text: str, keys: Sequence[str], script: Path, schema: type) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=script.name,
        description=help_text,
        epilog=f"keys:\n{describe_keys(schema, keys)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = script.parent / "config.yaml"
    if not default.is_file():
        # Scripts in a subfolder, as those of the figures are, share the configuration of the folder above.
        default = script.parent.parent / "config.yaml"
    parser.add_argument("--config", type=Path, default=default, metavar="FILE", help="default: beside the script")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="overrides a key of the config file")
    # Intermixed, because options may stand between the keys.
    return parser.parse_intermixed_args()


def _start_logging(stage: str, config: object) -> Path:
    log_file = config.output_dir / "logs" / f"{stage}_{datetime.now():%Y%m%d-%H%M%S}_{os.getpid()}.log"
    logger.remove()
    console_level = "DEBUG" if config.verbose else "INFO"
    # diagnose=False: tracebacks must not show values, among them creators' names.
    quiet = {"diagnose": False, "backtrace": False}
    logger.add(
        _show,
        level=console_level,
        format="{time:HH:mm:ss} {level: <7} {message}",
        filter=lambda record: "log_only" not in record["extra"],
        **quiet,
    )
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        log_file.touch()
    except OSError as error:
        raise PipelineError(
            "The log file cannot be written.",
            where=log_file,
            expected="a writable output_dir",
            found=error.strerror,
        ) from error
    log_format = "{time:YYYY-MM-DD HH:mm:ss.SSS} {level: <7} {message}"
    logger.add(lambda line: _append(line, log_file), level="DEBUG", format=log_format, **quiet)
    return log_file


def _show(line: str) -> None:
    from tqdm import tqdm

    # Interrupted while it waits for its lock, tqdm ends with another error, and the interrupt would be lost.
    with interrupts_wait():
        tqdm.write(line, file=sys.stderr, end="")


def _append(line: str, log_file: Path) -> None:
    # On a full disk the console alone reports the error; a second one, about the log, would hide it.
    with suppress(OSError), open(log_file, "a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(line)


def _work(main: Callable[..., Outcome], config: object, script: Path, keys: Sequence[str]) -> Outcome:
    from .pictures.pixel_limit import allow_pixels
    from .running.leftovers import remove_unmade
    from .running.run_manifest import outputs_of, read_manifest, record_stage

    allow_pixels(config.max_image_pixels)
    with exclusive_run(config.output_dir, script.stem):
        read_manifest(config.output_dir)  # an unusable one is better known before the work than after it
        outcome = main(config)
        outputs = {path: None for path in outcome.files if not path.is_dir()} | dict(outcome.checksums)
        earlier = outputs_of(read_manifest(config.output_dir), script.stem)
        if outcome.adds:
            outputs = {config.output_dir / name: None for name in earlier} | outputs
        if outputs or earlier:
            made = record_stage(script, keys, config, outputs, outcome.dataset)
            remove_unmade(config.output_dir, earlier, made)
    return outcome


def _run(work: Callable[[], Outcome], config: object, stage: str, log_file: Path) -> int:
    logger.debug("{} with {}", stage, config)
    started = time.monotonic()
    try:
        outcome = work()
    except PipelineError as error:
        logger.error("{}: {}", stage, error)
        return error.exit_code
    except Interrupted as interrupted:
        return _report_interrupt(interrupted, stage)
    except Exception as error:
        if interrupted := _interrupt_behind(error):
            return _report_interrupt(interrupted, stage)
        logger.bind(log_only=True).exception("{} failed", stage)
        fault = "a file cannot be used" if isinstance(error, OSError) else "a fault of the pipeline"
        logger.error("{}: {}: {}: {} (details in {})", stage, fault, type(error).__name__, error, log_file)
        return EXIT_DATA
    seconds = time.monotonic() - started
    logger.info("{}: {} in {:.1f} s", stage, outcome.counts, seconds)
    for path in outcome.files:
        logger.info("  wrote {}", path)
    return EXIT_OK


def _report_interrupt(interrupted: Interrupted, stage: str) -> int:
    logger.error("{}: interrupted; what was finished is kept, nothing is half written", stage)
    return interrupted.exit_code


def _interrupt_behind(error: BaseException | None) -> Interrupted | None:
    """Return the interrupt that led to an error: one amid an import leaves a module that lacks attributes."""
    while error is not None and not isinstance(error, Interrupted):
        error = error.__cause__ or error.__context__
    return error
