"""What the stages of IMA++ share, in rooms by subject; `pip install .` installs it as the package ``imaplusplus``.

Importing it changes nothing in the process. ``Dataset`` opens a finished run. The rooms, and which may import which,
are in docs/architecture.md.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """Import ``Dataset`` when it is first asked for: stages start without it, and no result depends on it."""
    if name == "Dataset":
        return import_module(".dataset.dataset", __name__).Dataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
