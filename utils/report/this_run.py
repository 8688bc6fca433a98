"""What of an output folder belongs to the dataset that it holds now, by the run manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import some_of
from ..running.output_places import OutputPlaces
from ..running.run_manifest import Manifest, current_outputs, outdated_outputs, read_manifest

if TYPE_CHECKING:
    from ..settings import MultiannotatorSettings

_NAMED = 5


def figures_of_run(config: MultiannotatorSettings) -> tuple[list[Path], list[str]]:
    """Return the PNG figures that stages made of the present dataset, and say which others lie among them."""
    folder, current = config.visualizations_dir, current_outputs(read_manifest(config.output_dir))
    places = OutputPlaces(config)
    found = [path for path in folder.rglob("*.png") if config.report_dir not in path.parents]
    shown = [path for path in found if places.name_of(path) in current]
    others = sorted(path.relative_to(folder).as_posix() for path in set(found) - set(shown))
    if not others:
        return shown, []
    what = f"figure of another dataset, or that no stage has recorded ({len(others):,})"
    return shown, [f"{what}: {some_of(others, _NAMED)}"]


class Outdated:
    """Tells which tables were made of an earlier state of the dataset, and by which stage."""

    def __init__(self, config: MultiannotatorSettings):
        self._places = OutputPlaces(config)
        manifest: Manifest = read_manifest(config.output_dir)
        self._stages = outdated_outputs(manifest)

    def stage_of(self, path: Path) -> str | None:
        """Return the stage that made a table of an earlier state; None for one of the present state, or unrecorded."""
        return self._stages.get(self._places.name_of(path) or "")
