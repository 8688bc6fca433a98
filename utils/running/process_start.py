"""What a process settles before anything heavy is imported: stages and workers call it, a user's notebook does not."""

from __future__ import annotations

import codecs
import io
import os
import sys
from importlib.util import find_spec
from types import TracebackType

_REQUIRED = (
    "numpy",
    "pandas",
    "scipy",
    "omegaconf",
    "loguru",
    "tqdm",
    "lazy_loader",
    "cv2",
    "imagecodecs",
    "kornia_rs",
    "PIL",
    "pykdtree",
)
_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
# Of glibc, whose largest threshold for blocks of their own is 32 MB; elsewhere nothing reads these.
_MEMORY_KEPT = {"MALLOC_MMAP_THRESHOLD_": f"{32 << 20}", "MALLOC_TRIM_THRESHOLD_": f"{256 << 20}"}


def missing_packages() -> str:
    """Say which packages this Python lacks, and how to get them; empty when it has all."""
    missing = [name for name in _REQUIRED if find_spec(name) is None]
    if not missing:
        return ""
    return (
        f"This Python lacks {', '.join(missing)}: run 'python -m pip install -r requirements.txt' in the project's "
        "folder, or 'bash overall_script.sh', which sets up everything."
    )


def limit_threads() -> None:
    """Have libraries that are still to be loaded start one thread each, since work is spread over processes."""
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))


def keep_freed_memory() -> None:
    """Have processes that are still to be started keep what they free for their next image, as far as glibc can.

    To get pages anew from the system for each mask takes a tenth of the time of agreement. Other values that the
    environment has already are left as they are.
    """
    for name, value in _MEMORY_KEPT.items():
        os.environ.setdefault(name, value)


def read_file_names_as_utf8() -> None:
    """Start anew in UTF-8 mode where the locale reads file names as something else: ids would come out mangled."""
    is_utf8 = codecs.lookup(sys.getfilesystemencoding()).name == "utf-8"
    if not is_utf8 and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def accept_any_locale() -> None:
    """Have the console show what its encoding lacks as escapes: a message must not fail on an ellipsis or a name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def hide_interrupts() -> None:
    """Have an interrupt while modules are still being imported show one line instead of a traceback."""
    show_exception = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("interrupted", file=sys.stderr)
        else:
            show_exception(kind, error, trace)

    sys.excepthook = hook
