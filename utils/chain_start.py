"""What overall_script.sh does before its first stage: check every configuration, and say where the lock file is.

Its arguments are ``[--dataset FILE] [key=value ...]``. Prints the lock file of the output folder, and on stderr what
there is to warn of, once for all stages; exits with 2 when a configuration is wrong, whichever stage it belongs to.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .config import configs_of_folders
from .errors import ConfigError
from .running.run_lock import lock_file


def check_configurations(dataset_file: Path | None, overrides: Sequence[str]) -> tuple[Path, list[str]]:
    """Load the configuration of every folder of stages; return the output folder, and warnings, each once.

    Raises
    ------
    ConfigError
        If one is wrong, or if they name several output folders.
    """
    output_dirs = {}
    notes: dict[str, None] = {}
    for folder, config in configs_of_folders(overrides, dataset_file).items():
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
    return next(iter(output_dirs)), list(notes)


def main() -> None:
    """Check the configurations that the command line names, and print the lock file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_intermixed_args()
    try:
        output_dir, notes = check_configurations(arguments.dataset, arguments.overrides)
    except ConfigError as error:
        print(f"overall_script.sh: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    for note in notes:
        print(f"overall_script.sh: warning: {note}", file=sys.stderr)
    print(lock_file(output_dir))


if __name__ == "__main__":
    main()
