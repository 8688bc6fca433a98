"""What the browser opens: the page, its data as scripts, style sheets, scripts and copies of the figures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from ..files import remove_to_replace, write_bytes_atomically
from .figure_captions import caption_of, is_overlay, place_of
from .report_folder import script_json

_PAGE = "index.html"
TEMPLATES = Path(__file__).resolve().parent / "templates"
_FIGURE_WIDTH = 1600  # pixels
_MAX_OVERLAYS = 12


def digest(*parts: bytes) -> str:
    """Return the sha256 of all parts and of where each ends, as 64 hexadecimal digits."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def copy_assets(report_dir: Path, templates: Path = TEMPLATES) -> dict[Path, bytes]:
    """Copy the page's style sheets and scripts, and return the bytes of each copy."""
    sources = sorted(path for path in (templates / "assets").glob("*") if path.is_file())
    copies = {report_dir / "assets" / source.name: source.read_bytes() for source in sources}
    for path, content in copies.items():
        write_bytes_atomically(path, content)
    return copies


def copy_figures(
    paths: Iterable[Path], visualizations_dir: Path, report_dir: Path
) -> tuple[dict[str, list[tuple[str, str, str]]], list[str]]:
    """Copy PNG figures, most of them from below a folder, at most 1600 pixels wide.

    Returns
    -------
    figures : dict of str to list of (url, caption, alternative text)
        By the page that they are for. URLs relative to the report's folder; overlays of single images last, and not
        more than 12.
    missing : list of str
        What was left out, and why.
    """
    found = sorted(paths, key=place_of)
    overlays = [path for path in found if is_overlay(path)]
    chosen = [path for path in found if path not in overlays[_MAX_OVERLAYS:]]
    figures: dict[str, list[tuple[str, str, str]]] = {}
    missing = []
    for path in chosen:
        is_below = path.is_relative_to(visualizations_dir)
        name = "-".join(path.relative_to(visualizations_dir).parts if is_below else path.parts[-2:])
        try:
            write_bytes_atomically(report_dir / "assets" / "figures" / name, _downscaled(path))
        except Exception as error:  # decoders raise errors of many kinds on damaged files
            missing.append(f"figure {name}: {error}")
            continue
        caption = caption_of(path)
        figure = (f"assets/figures/{quote(name)}", caption.text, caption.alternative)
        figures.setdefault(caption.page, []).append(figure)
    if not found:
        missing.append(f"no figures: no PNG files in {visualizations_dir.name}")
    if len(overlays) > _MAX_OVERLAYS:
        missing.append(f"{len(overlays) - _MAX_OVERLAYS} overlay figures: at most {_MAX_OVERLAYS} are shown")
    return figures, missing


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


def write_data(report_dir: Path, images: list[dict], quality: dict, known: dict, stamp: str) -> list[Path]:
    """Write the browser's index with the stamp of the data, the quality tables, and what the scripts know of both."""
    texts = {
        "images.js": f"IMAPP.stamp = {script_json(stamp)};\nIMAPP.images = {_lines(images)};\n",
        "known.js": f"IMAPP.known = {script_json(known)};\n",
        "quality.js": f"IMAPP.quality = {script_json(quality)};\n",
    }
    for name, text in texts.items():
        write_bytes_atomically(report_dir / "data" / name, text.encode())
    return [report_dir / "data" / name for name in texts]


def _lines(rows: Iterable[dict]) -> str:
    return "[\n" + ",\n".join(map(script_json, rows)) + "\n]"


def withdraw_page(report_dir: Path) -> None:
    """Remove the page before files of the report change, so that a killed run leaves none that does not fit them."""
    remove_to_replace(report_dir / _PAGE)


def write_page(report_dir: Path, report: dict, templates: Path = TEMPLATES) -> Path:
    """Render index.html; every text from a table is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("index.html.j2").render(report=report)
    write_bytes_atomically(report_dir / _PAGE, page.encode())
    return report_dir / _PAGE
