"""What of an output folder belongs to the dataset that it holds now, by the run manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import some_of
from ..running.dataset_state import Manifest, current_outputs, outdated_outputs
from ..running.output_places import OutputPlaces
from ..running.run_manifest import outputs_of, read_manifest

if TYPE_CHECKING:
    from ..settings import MultiannotatorSettings

_NAMED = 5
_OVERLAP_PLOTS = ("other_datasets_overlap", "imaplusplus_annotator_overlap")


def figures_of_run(config: MultiannotatorSettings) -> tuple[list[Path], list[str]]:
    """Return the PNG figures that stages made of the present dataset, and say which others lie among them."""
    manifest, places = read_manifest(config.output_dir), OutputPlaces(config)
    folder, current = config.visualizations_dir, current_outputs(manifest)
    found = {path for path in folder.rglob("*.png") if config.report_dir not in path.parents}
    others = sorted(path.relative_to(folder).as_posix() for path in found if places.name_of(path) not in current)
    # The plots of overlaps have a folder of their own, which need not lie in that of the figures.
    plots = {name for stage in _OVERLAP_PLOTS for name in outputs_of(manifest, stage) if name.endswith(".png")}
    found |= {path for name in plots if (path := places.path_of(name)) and path.is_file()}
    shown = [path for path in found if places.name_of(path) in current]
    outdated = outdated_outputs(manifest)
    earlier = [name for name in others if places.name_of(folder / name) in outdated]
    kinds = {
        "figure of an earlier state of the dataset": earlier,
        "figure of another dataset, or that no stage has recorded": [name for name in others if name not in earlier],
    }
    return shown, [f"{what} ({len(some):,}): {some_of(some, _NAMED)}" for what, some in kinds.items() if some]


class Outdated:
    """Tells which tables were made of an earlier state of the dataset, and by which stage."""

    def __init__(self, config: MultiannotatorSettings):
        self._places = OutputPlaces(config)
        manifest: Manifest = read_manifest(config.output_dir)
        self._stages = outdated_outputs(manifest)
        self._recorded = {name for record in manifest["stages"].values() for name in record["outputs"]}

    def is_unrecorded(self, path: Path) -> bool:
        """Tell whether no stage has recorded a file."""
        return self._places.name_of(path) not in self._recorded

    def stage_of(self, path: Path) -> str | None:
        """Return the stage that made a table of an earlier state; None for one of the present state, or unrecorded."""
        return self._stages.get(self._places.name_of(path) or "")
