"""Code that several stages share.

Importing it answers two questions before anything heavy is loaded: are the requirements there, and how many
threads may the libraries start. Work is spread over processes, so each library keeps to one thread.
"""

import os as _os
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
    "PIL",
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
