"""What the browser opens: the page, its data as scripts, style sheets, scripts and copies of the figures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from ..files import write_bytes_atomically
from .report_folder import script_json

_PAGE = "index.html"
TEMPLATES = Path(__file__).resolve().parent / "templates"
_FIGURE_WIDTH = 1600  # pixels
_OVERLAYS = "overlaid_segs"
_MAX_OVERLAYS = 12

# Caption and alternative text of the figures, by file name.
_FIGURES = {
    "distribution": (
        "Images by number of masks, and masks by annotator, tool and skill level",
        "Bar charts of how many images have how many masks, and of masks by annotator, tool and skill level",
    ),
    "individual_metrics": (
        "Distributions of the agreement metrics over pairs of masks by two annotators",
        "Histograms of Dice, Jaccard and the normalised distances over pairs of masks by two annotators",
    ),
    "inter_intra_tool_agreement": (
        "Agreement within and between tools",
        "Heatmaps of mean Dice and mean normalised HD95 by pair of tools",
    ),
    "inter_intra_skill_agreement": (
        "Agreement within and between skill levels",
        "Heatmaps of mean Dice and mean normalised HD95 by pair of skill levels",
    ),
    "inter_intra_annotator_agreement": (
        "Agreement within and between annotators",
        "Heatmaps of mean Dice and mean normalised HD95 by pair of annotators; one annotator twice is framed",
    ),
    "all_annotator_intersections": (
        "Agreement in the most frequent sets of annotators",
        "Box and strip plots of Dice and HD95 for the most frequent sets of annotators",
    ),
    "iaa_cdfs": (
        "Agreement on malignant and on benign images",
        "Cumulative distributions of the mean Dice per image, and differences as it stands and by sets of annotators",
    ),
    "agreement_statistics": (
        "Agreement of groups of pairs, with intervals",
        "Forest plot of mean Dice and normalised HD95 by kind of pair, tools, skill levels, masks and diagnosis",
    ),
    "annotator_network": (
        "Who outlined the same images as whom",
        "Network of annotators, joined by the images that both outlined",
    ),
    "annotator_area_factors": (
        "How large each annotator draws, and with which tool and skill level",
        "Forest plot of area factors of annotators, tools and skill levels",
    ),
    "annotator_dice_with_others": (
        "Agreement of each annotator with the others",
        "Forest plot of the mean Dice of each annotator with the others, who are named",
    ),
    "partition_balance": (
        "Shares of the partitions for training, validation and test",
        "Dot plot of how far the share of each label in each partition is from its target",
    ),
    "other_datasets_overlap": (
        "Images shared with other datasets",
        "UpSet plot of the images that the dataset shares with other datasets",
    ),
    "imaplusplus_annotator_overlap": (
        "Images by the annotators who segmented them",
        "UpSet plot of the sets of annotators who segmented the same images",
    ),
}


def digest(*parts: bytes) -> str:
    """Return the sha256 of all parts and of where each ends, as 64 hexadecimal digits."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def copy_assets(report_dir: Path, templates: Path = TEMPLATES) -> bytes:
    """Copy the page's style sheets and scripts, and return all their bytes."""
    sources = sorted(path for path in (templates / "assets").glob("*") if path.is_file())
    contents = [path.read_bytes() for path in sources]
    for source, content in zip(sources, contents, strict=True):
        write_bytes_atomically(report_dir / "assets" / source.name, content)
    return b"".join(contents)


def copy_figures(
    paths: Iterable[Path], visualizations_dir: Path, report_dir: Path
) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Copy PNG figures from below a folder, at most 1600 pixels wide.

    Returns
    -------
    figures : list of (url, caption, alternative text)
        URLs relative to the report's folder; overlays of single images last, and not more than 12.
    missing : list of str
        What was left out, and why.
    """
    found = sorted(paths, key=lambda path: (_is_overlay(path), path.as_posix()))
    overlays = [path for path in found if _is_overlay(path)]
    chosen = [path for path in found if path not in overlays[_MAX_OVERLAYS:]]
    figures, missing = [], []
    for path in chosen:
        name = "-".join(path.relative_to(visualizations_dir).parts)
        try:
            write_bytes_atomically(report_dir / "assets" / "figures" / name, _downscaled(path))
        except Exception as error:  # decoders raise errors of many kinds on damaged files
            missing.append(f"figure {name}: {error}")
            continue
        figures.append((f"assets/figures/{quote(name)}", *_caption(path)))
    if not found:
        missing.append(f"no figures: no PNG files in {visualizations_dir.name}")
    if len(overlays) > _MAX_OVERLAYS:
        missing.append(f"{len(overlays) - _MAX_OVERLAYS} overlay figures: at most {_MAX_OVERLAYS} are shown")
    return figures, missing


def _is_overlay(path: Path) -> bool:
    return path.parent.name == _OVERLAYS


def _caption(path: Path) -> tuple[str, str]:
    if _is_overlay(path):
        return f"Outlines on {path.stem}", f"Image {path.stem} with the outlines of its annotators and consensus masks"
    words = path.stem.replace("_", " ")
    return _FIGURES.get(path.stem, (words, f"Figure: {words}"))


def _downscaled(path: Path) -> bytes:
    from PIL import Image

    with Image.open(path) as figure:
        if figure.width <= _FIGURE_WIDTH:
            return path.read_bytes()
        height = max(1, round(figure.height * _FIGURE_WIDTH / figure.width))
        small = figure.convert("RGBA" if figure.mode in ("P", "LA", "PA") else figure.mode)
        buffer = io.BytesIO()
        small.resize((_FIGURE_WIDTH, height), Image.Resampling.LANCZOS).save(buffer, format="PNG")
    return buffer.getvalue()


def write_data(report_dir: Path, images: list[dict], quality: dict, stamp: str) -> list[Path]:
    """Write the browser's index with the stamp of the data, and the quality tables."""
    texts = {
        "images.js": f"IMAPP.stamp = {script_json(stamp)};\nIMAPP.images = {_lines(images)};\n",
        "quality.js": f"IMAPP.quality = {script_json(quality)};\n",
    }
    for name, text in texts.items():
        write_bytes_atomically(report_dir / "data" / name, text.encode())
    return [report_dir / "data" / name for name in texts]


def _lines(rows: Iterable[dict]) -> str:
    return "[\n" + ",\n".join(map(script_json, rows)) + "\n]"


def withdraw_page(report_dir: Path) -> None:
    """Remove the page before files of the report change, so that a killed run leaves none that does not fit them."""
    (report_dir / _PAGE).unlink(missing_ok=True)


def write_page(report_dir: Path, report: dict, templates: Path = TEMPLATES) -> Path:
    """Render index.html; every text from a table is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("index.html.j2").render(report=report)
    write_bytes_atomically(report_dir / _PAGE, page.encode())
    return report_dir / _PAGE
