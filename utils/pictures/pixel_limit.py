"""How large a picture may be before it is refused, for every decoder of a process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from .size_text import size_text

# The largest released image has 36 megapixels; what claims far more is a mistake or an attack.
DEFAULT_MAX_PIXELS = 400_000_000

_most_pixels = DEFAULT_MAX_PIXELS
# A process has one limit of Pillow's and one list of warning filters, so its threads take turns at changing them.
_turn = RLock()


def max_pixels() -> int:
    """Return the most pixels that this process decodes."""
    return _most_pixels


def allow_pixels(number: int) -> None:
    """Set the most pixels that this process decodes; workers are told with each of their tasks."""
    global _most_pixels
    _most_pixels = number


def check_pixels(width: int, height: int) -> None:
    """Raise a ValueError for a picture that claims more pixels than are decoded, or none."""
    if not 0 < width * height <= _most_pixels:
        raise ValueError(
            f"it claims {size_text((height, width))} pixels; 1 to {_most_pixels} are read (max_image_pixels)"
        )


@contextmanager
def pillow_within_limit() -> Iterator[None]:
    """Have Pillow refuse what is above the limit, also where a file grows after its header, and keep it silent.

    Afterwards Pillow's own limit and the warning filters are those of before. One thread at a time is in the block.

    Raises
    ------
    ValueError
        When a file in the block turns out to be above the limit.
    """
    from PIL import Image

    with _turn, warnings.catch_warnings():
        # Pillow raises at twice its limit and warns below that; what it finds odd in a file is not for users.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        earlier, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, (_most_pixels + 1) // 2
        try:
            yield
        except Image.DecompressionBombError as error:
            raise ValueError(f"it has more than {_most_pixels} pixels (max_image_pixels)") from error
        finally:
            Image.MAX_IMAGE_PIXELS = earlier
