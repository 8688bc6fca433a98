"""What the report's folder holds beside what this run made: nothing of earlier runs, and all that is the user's."""

from __future__ import annotations

import json

from support.drawing import box, write_png
from support.run import succeed

from utils.running.run_manifest import manifest_file

FIGURE = "imaplusplus_annotator_overlap"


def recorded(output) -> set[str]:
    return set(json.loads(manifest_file(output).read_text("utf-8"))["stages"]["make_report"]["outputs"])


def test_copies_of_figures_and_tables_go_with_what_they_are_of(rerun):
    succeed(FIGURE, rerun)
    succeed("make_report", rerun)
    copy, pairs = f"report/assets/figures/upset_plots-{FIGURE}.png", "IMAplusplus_multiannotator_subset_IAA_metrics.csv"
    assert {copy, f"report/tables/{pairs}"} <= recorded(rerun)
    (rerun / "visualizations" / "upset_plots" / f"{FIGURE}.png").unlink()
    (rerun / "metadata" / pairs).unlink()
    succeed("make_report", rerun)
    assert not (rerun / copy).exists() and not (rerun / "report" / "tables" / pairs).exists()


def test_files_of_the_user_in_the_folder_are_never_recorded_or_removed(rerun):
    mine = [rerun / "report" / name for name in ("notes.txt", "tables/clinical.csv", "assets/figures/mine.png")]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, box(1, 1, 3, 3))
    before = {path: path.read_bytes() for path in rerun.rglob("*.png")} | {path: path.read_bytes() for path in mine}
    succeed("make_report", rerun)
    names = recorded(rerun)
    assert not [path for path in mine if path.relative_to(rerun).as_posix() in names]
    succeed("make_report", rerun, f"report_dir={rerun}")
    assert not {"images", "seg_masks", "metadata"} & {name.partition("/")[0] for name in recorded(rerun)}
    succeed("make_report", rerun)
    kept = {path for path, data in before.items() if path.is_file() and path.read_bytes() == data}
    assert {path for path in before if path.parent.name != "thumbnails"} - kept == set()


def test_the_plot_of_overlaps_is_shown_wherever_the_figures_lie(rerun):
    succeed(FIGURE, rerun)
    succeed("make_report", rerun, f"visualizations_dir={rerun.parent / 'figures'}")
    assert f"report/assets/figures/upset_plots-{FIGURE}.png" in recorded(rerun)
