"""What the run manifest says of the run: title, version, settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..naming import IMAPP, dataset_name
from ..running.dataset_state import Manifest
from ..running.run_manifest import read_manifest

if TYPE_CHECKING:
    from ..settings import MultiannotatorSettings

_THIS_STAGE, _OWN_MASKS = "make_report", "make_raw_tables"
_PLACES = ("_dir", "_dirs", "_path", "own_config")  # ends of keys that say where files lie


def run_facts(config: MultiannotatorSettings, isic_ids: Iterable[str]) -> dict[str, Any]:
    """Return what the page says of the run.

    Returns
    -------
    dict
        ``title``; ``versions`` and ``pythons``: of the stages that made what is shown; ``settings``: key and value of
        what these stages were told, but where files lie, by key. A key that stages were told differently has a row for
        each value, with the stages.
    """
    manifest = read_manifest(config.output_dir)
    stages = {name: record for name, record in manifest["stages"].items() if name != _THIS_STAGE}
    made_with = [manifest["environments"][record["environment"]] for record in stages.values()]
    return {
        "title": config.report_title or _title(manifest, isic_ids),
        "versions": sorted({environment["version"] for environment in made_with if "version" in environment}),
        "pythons": sorted({environment["python"] for environment in made_with if "python" in environment}),
        "settings": _settings({name: record["settings"] for name, record in stages.items()}),
    }


def _title(manifest: Manifest, isic_ids: Iterable[str]) -> str:
    if manifest.get("dataset", {}).get("is_demo"):
        return "Embedded demo: agreement of annotators"
    if _OWN_MASKS in manifest["stages"] or dataset_name(isic_ids) != IMAPP:
        return "Agreement of annotators"
    return f"{IMAPP}: agreement of annotators"


def _settings(by_stage: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    told: dict[str, dict[str, list[str]]] = {}
    for stage, settings in by_stage.items():
        for key, value in settings.items():
            if not key.endswith(_PLACES):
                told.setdefault(key, {}).setdefault(_text(value), []).append(stage)
    return [
        (key, value if len(values) == 1 else f"{value} ({', '.join(stages)})")
        for key, values in sorted(told.items())
        for value, stages in values.items()
    ]


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items()) or "none"
    return str(value)
