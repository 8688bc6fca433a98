"""Packages that take long to import, loaded at their first use: a stage's --help must not wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import cv2
    import imagecodecs
    import kornia_rs
    import pandas as pd
    from loguru import logger
else:
    import lazy_loader

    cv2 = lazy_loader.load("cv2")
    imagecodecs = lazy_loader.load("imagecodecs")
    kornia_rs = lazy_loader.load("kornia_rs")
    pd = lazy_loader.load("pandas")

    class _Logger:
        """Stands for loguru's logger, which is an object of a module and no module."""

        def __getattr__(self, name: str) -> Any:
            from loguru import logger

            return getattr(logger, name)

    logger = _Logger()
