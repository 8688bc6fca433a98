"""Code that several stages share.

Importing it settles three things before anything heavy is loaded: whether the requirements are there, how many
threads the libraries may start (one each, since work is spread over processes), and that an interrupt while
modules are still being imported shows no traceback.
"""

import os as _os
import sys as _sys
from importlib.util import find_spec as _find_spec

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

_missing = [name for name in _REQUIRED if _find_spec(name) is None]
if _missing:
    raise SystemExit(
        f"This Python lacks {', '.join(_missing)}: run 'python -m pip install -r requirements.txt' in the "
        "project's folder, or 'bash overall_script.sh', which sets up everything."
    )

for _name in _THREAD_LIMITS:
    _os.environ[_name] = "1"

_show_exception = _sys.excepthook


def _hide_interrupts(kind, error, trace) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=_sys.stderr)
    else:
        _show_exception(kind, error, trace)


_sys.excepthook = _hide_interrupts
