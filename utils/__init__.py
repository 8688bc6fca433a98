"""What the stages of IMA++ share, in rooms by subject; `pip install .` installs it as the package ``imaplusplus``.

Importing it changes nothing in the process. ``Dataset`` opens a finished run. The rooms, and which may import which,
are in docs/architecture.md.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Import ``Dataset`` when it is first asked for, since stages and workers start without it."""
    if name == "Dataset":
        from .dataset.dataset import Dataset

        return Dataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
