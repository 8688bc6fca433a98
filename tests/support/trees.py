"""Output folders compared as a whole."""

from __future__ import annotations

from pathlib import Path

# Folders of an output tree that hold no results.
NO_RESULTS = {"logs", "cache"}


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder as relative name -> bytes; logs, cache and run manifest aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run_manifest.json" and not NO_RESULTS & {*path.relative_to(folder).parts}
    }
