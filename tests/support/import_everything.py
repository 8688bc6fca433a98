"""Imports every module of a package, `stage_process` last, and prints as JSON what of the process has changed when.

Usage: import_everything.py PACKAGE FOLDER_TO_FIND_IT_IN
"""

from __future__ import annotations

import importlib
import json
import locale
import logging
import multiprocessing
import os
import pkgutil
import signal
import sys
import threading
import warnings
from importlib.util import find_spec
from itertools import pairwise

# Before anything of the package: what these settle when they are imported is their own.
import cv2
import imagecodecs  # noqa: F401
import loguru
import numpy
import pandas
import scipy.ndimage  # noqa: F401
from PIL import Image


def state() -> dict[str, str]:
    """Describe what a process has once, and what a library could change behind its user's back."""
    return {
        "environment": repr(sorted(os.environ.items())),
        "exception hooks": repr((sys.excepthook, sys.unraisablehook, threading.excepthook)),
        "signal handlers": repr({number: signal.getsignal(number) for number in signal.valid_signals()}),
        "warning filters": repr((warnings.filters, warnings.showwarning)),
        "loguru": repr(loguru.logger),
        "logging": repr((logging.root, logging.root.handlers, sorted(levels().items()))),
        "threads": repr(threading.enumerate()),
        "threads of OpenCV": str(cv2.getNumThreads()),
        "threads of ITK": str(threads_of_itk()),
        "numpy": repr((numpy.geterr(), numpy.get_printoptions())),
        "pandas": repr(pandas.options),
        "Pillow": repr(Image.MAX_IMAGE_PIXELS),
        "matplotlib": repr(settings_of_matplotlib()),
        "start method": repr(multiprocessing.get_start_method(allow_none=True)),
        "locale": locale.setlocale(locale.LC_ALL),
        "folder and path": repr((os.getcwd(), sys.path)),
    }


def levels() -> dict[str, int]:
    """Return the loggers whose level is set."""
    loggers = logging.root.manager.loggerDict.items()
    return {name: found.level for name, found in loggers if getattr(found, "level", logging.NOTSET)}


def threads_of_itk() -> int | None:
    """Return how many threads SimpleITK uses; None where it is not installed."""
    if find_spec("SimpleITK") is None:
        return None
    import SimpleITK

    return SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()


def settings_of_matplotlib() -> dict | None:
    """Return matplotlib's settings, the backend among them; None where it is not installed."""
    if find_spec("matplotlib") is None:
        return None
    import matplotlib

    return dict(matplotlib.rcParams)


def modules_of(package: str, but: str) -> list[str]:
    """Import all modules of a package but one; return their names."""
    names = [package]
    for name in names:  # which grows, since a package must be imported before its modules can be listed
        module = importlib.import_module(name)
        found = pkgutil.iter_modules(getattr(module, "__path__", []), f"{name}.")
        names += [each.name for each in found if each.name != but]
    return names


def main() -> None:
    package, folder = sys.argv[1:]
    for_stages = f"{package}.stage_process"
    sys.path.insert(0, folder)
    states = [state()]
    modules = modules_of(package, but=for_stages)
    states.append(state())
    importlib.import_module(for_stages)
    states.append(state())
    changed = [[what for what in after if after[what] != before[what]] for before, after in pairwise(states)]
    print(json.dumps({"modules": modules, "changed_by_them": changed[0], "changed_by_stage_process": changed[1]}))


if __name__ == "__main__":
    main()
