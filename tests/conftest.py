"""What all tests share: the project on the path, the size of the run, reference data, a small raw set."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

with warnings.catch_warnings():
    # SimpleITK's SWIG types warn while they are made, where a warning turned error ends the interpreter.
    warnings.filterwarnings("ignore", "builtin type .* has no __module__ attribute", DeprecationWarning)
    import SimpleITK  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "tests", ROOT / "dataset_creation"):
    sys.path.insert(0, str(folder))

pytest_plugins = ["embedded_demo", "figure_dataset", "report_browser", "stand_in_project"]

STAGES = {
    "create_dataset": "dataset_creation",
    "move_dataset": "dataset_creation",
    "mask_qa": "dataset_analysis",
    "create_multiannotator_subset": "multiannotator_analysis",
    "create_consensus_masks": "multiannotator_analysis",
    "compute_IAA_metrics": "multiannotator_analysis",
    "compute_image_level_metrics": "multiannotator_analysis",
}


# Folders of an output tree that hold no results.
NO_RESULTS = {"logs", "cache"}


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run every test at full size")


@pytest.fixture(scope="session")
def full(request) -> bool:
    """True when tests run at full size."""
    return request.config.getoption("--full")


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of the reference data."""
    folder = Path(os.environ.get("IMAPP_REFERENCE_DATA", ROOT.parent / "shared")).resolve()
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference data at {folder} (IMAPP_REFERENCE_DATA)")
    return folder


def run_script(script: str, *arguments, cwd: Path | None = None, env: dict | None = None):
    """Run a script of the project by subprocess; `script` is relative to the project's root."""
    return subprocess.run(
        [sys.executable, str(ROOT / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
        timeout=600,
    )


def run_stage(stage: str, output: Path, *arguments, **more):
    """Run one stage into an output folder, and return the finished process."""
    env = {"IMAPP_OUTPUT_DIR": str(output), **more.pop("env", {})}
    return run_script(f"{STAGES[stage]}/{stage}.py", *arguments, env=env, **more)


def raw_arguments(raw: Path) -> list[str]:
    """Return the command-line keys that point create_dataset and move_dataset at a raw set."""
    tables = sorted(raw.glob("raw_ISIC_images_metadata.csv*"))
    return [
        f"orig_imgs_dirs.jpg=[{raw / 'images'}]",
        f"orig_segs_dir={raw / 'segs'}",
        f"raw_img_metadata_path={tables[0]}",
        f"raw_seg_masks_metadata_path={raw / 'raw_ISIC_segmasks_metadata.csv'}",
        "exclude_mskObjectIDs=[]",
    ]


def run_chain(raw: Path, output: Path, *arguments, until: str | None = None) -> None:
    """Run all stages on a raw set, up to and including `until`; fail with the output of a failing stage."""
    for stage in STAGES:
        extra = raw_arguments(raw) if STAGES[stage] == "dataset_creation" else []
        done = run_stage(stage, output, *extra, *arguments)
        assert done.returncode == 0, f"{stage}:\n{done.stderr}"
        if stage == until:
            break


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder as relative name -> bytes; logs, cache and run manifest aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run_manifest.json" and not NO_RESULTS & {*path.relative_to(folder).parts}
    }


def write_png(path: Path, mask: np.ndarray) -> None:
    """Write a bool mask as 8-bit grey PNG."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)


def box(top: int, left: int, bottom: int, right: int, shape=(24, 32)) -> np.ndarray:
    """Return a mask with one filled rectangle; bottom and right are exclusive."""
    mask = np.zeros(shape, dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


# ISIC_id, creator, mskObjectID, source, skill, mask. One of each thing that the stages treat.
SMALL_ROWS = (
    ("IMG_01", "Nora Zeta", "5841e138", "manual pointlist", "expert", box(4, 4, 14, 20)),
    ("IMG_01", "Ola Psi", "001", "autofill", "novice", box(6, 4, 16, 20)),
    ("IMG_01", "Pia Chi", "NA", "", "expert", box(4, 6, 14, 24)),
    ("IMG 02 ü", "Ola Psi", "b2", "autofill", "novice", box(0, 0, 8, 8)),
    ("IMG 02 ü", "Nora Zeta", "b1", "manual pointlist", "expert", box(12, 16, 20, 30)),
    ("no_metadata", "Quin Phi", "c1", "", "expert", box(1, 1, 3, 3)),
    ("IMG_03", "Nora Zeta", "d1", "manual pointlist", "expert", box(0, 0, 24, 32)),
    ("IMG_04", "Ola Psi", "e1", "autofill", "novice", box(0, 0, 0, 0)),
    ("IMG_05", "Nora Zeta", "f1", "autofill", "expert", box(0, 0, 0, 0)),
    ("IMG_05", "Pia Chi", "f2", "", "expert", box(2, 2, 8, 8) | box(14, 14, 20, 20)),
    ("IMG_05", "Ola Psi", "f3", "autofill", "novice", box(2, 2, 9, 9)),
)
SMALL_CREATORS = ("Nora Zeta", "Ola Psi", "Pia Chi", "Quin Phi")


def make_small_raw_set(folder: Path) -> Path:
    """Draw a raw set of five images in raw ISIC form, and return its folder."""
    from PIL import Image

    folder.mkdir(exist_ok=True)
    lines = ["ISIC_id,creator,mskObjectID,filename,source,skill,comment"]
    for isic_id, creator, object_id, source, skill, mask in SMALL_ROWS:
        write_png(folder / "segs" / f"raw_{object_id}.png", mask)
        lines.append(f"{isic_id},{creator},{object_id},raw_{object_id}.png,{source},{skill},extra")
    (folder / "raw_ISIC_segmasks_metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "images").mkdir()
    ids = [row[0] for row in SMALL_ROWS if row[0] != "no_metadata"]
    rows = ["isic_id,diagnosis_1,note"]
    for number, isic_id in enumerate(dict.fromkeys(ids)):
        Image.new("RGB", (32, 24), (200, 150 + number, 120)).save(folder / "images" / f"{isic_id}.jpg")
        rows.append(f'{isic_id},{"Malignant" if number % 2 else "Benign"},"a, ""b"" NA"')
    rows.append("IMG_without_mask,Benign,")
    (folder / "raw_ISIC_images_metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def small_raw(tmp_path) -> Path:
    """Folder of a fresh small raw set."""
    return make_small_raw_set(tmp_path / "raw")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> Path:
    """Output folder of one whole chain on the small raw set; read only."""
    base = tmp_path_factory.mktemp("small")
    raw = base / "raw"
    run_chain(make_small_raw_set(raw), base / "output", "num_workers=1")
    return base / "output"
