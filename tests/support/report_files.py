"""What the data files of a report say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from utils.running.run_manifest import read_manifest, write_manifest


def report_data(report: Path, name: str) -> Any:
    """Return what ``data/{name}.js`` assigns to ``IMAPP.{name}``."""
    text = (report / "data" / f"{name}.js").read_text(encoding="ascii")
    return json.loads(text.partition(f"IMAPP.{name} = ")[2].rstrip(";\n"))


def report_details(report: Path, key: str) -> dict:
    """Return the data of one image, which ``details/{key}.js`` hands over with that key."""
    text = (report / "details" / f"{key}.js").read_text(encoding="ascii")
    named, data = re.fullmatch(r'IMAPP\.receiveDetail\("([0-9a-f]{16})", (.*)\);\n', text).groups()
    assert named == key
    return json.loads(data)


def record_figures(output: Path, stamp: str | None = None) -> None:
    """Enter all figures into the run manifest, as a stage does that drew them of a dataset with a stamp."""
    manifest = read_manifest(output)
    figures = {path.relative_to(output).as_posix(): "" for path in (output / "visualizations").rglob("*.png")}
    record = dict.fromkeys(("script", "settings", "inputs", "counts"), {})
    manifest["environments"]["drawn"] = {}
    manifest["stages"]["draw"] = {**record, "environment": "drawn", "dataset": stamp, "outputs": figures}
    write_manifest(output, manifest)
