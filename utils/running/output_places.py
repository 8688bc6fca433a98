"""Where outputs lie, and what the run manifest calls them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings import CommonSettings


class OutputPlaces:
    """The output folder, and the folders and tables of the pipeline that the configuration puts elsewhere.

    An output is called by its path from the output folder, parted by slashes: ``metadata/ISIC_ids.txt``, or
    ``../dataset/images/a.JPG`` of one that lies elsewhere. Whatever lies in no such place is none of the pipeline's:
    nothing there is recorded, removed or moved.

    Parameters
    ----------
    configs : CommonSettings
        One, or those of all stages.
    """

    def __init__(self, *configs: CommonSettings):
        self.root = configs[0].output_dir
        parts = {path: key for config in configs for key, path in config.output_parts().items()}
        self._elsewhere = {path: key for path, key in parts.items() if not path.is_relative_to(self.root)}
        self._prefixes = tuple(os.path.join(path, "") for path in self._elsewhere)

    @property
    def folders(self) -> list[Path]:
        """The folders among them, the output folder first."""
        return [self.root, *(path for path, key in self._elsewhere.items() if key.endswith("_dir"))]

    def name_of(self, path: Path) -> str | None:
        """Return what a file is called; None for one that lies in no place of the pipeline's."""
        # By text: Path.relative_to takes ten times as long, and a dataset has tens of thousands of files.
        root, text = os.path.join(self.root, ""), str(path)
        if text.startswith(root):
            return text[len(root) :].replace(os.sep, "/")
        return os.path.relpath(path, self.root).replace(os.sep, "/") if self._is_elsewhere(path) else None

    def path_of(self, name: str) -> Path | None:
        """Return where the file that is called so lies; None where the configuration has no such place now."""
        if not name.startswith("../"):
            return self.root / name
        path = Path(os.path.normpath(self.root / name))
        return path if self._is_elsewhere(path) else None

    def _is_elsewhere(self, path: Path) -> bool:
        return path in self._elsewhere or str(path).startswith(self._prefixes)
