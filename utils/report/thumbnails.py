"""The report's pictures: thumbnails, vote maps and outlines.

Photo and masks are taken as stored, on one grid of pixels: masks are drawn on the rows of the file, so that an
EXIF orientation is not applied to the photo.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import PipelineError
from ..lazy import cv2
from ..masks.bounding_box import Box, bounding_box, union_box
from ..masks.outlines import framed, simplify, svg_path, trace
from ..pictures.deep_photos import decode_photo, has_deep_colours, stretched
from ..pictures.header_size import size_in_header
from ..pictures.orientation import opened_as_stored
from ..pictures.pixel_limit import pillow_within_limit

if TYPE_CHECKING:
    from PIL import Image

# How far an outline may move, in pixels of the thumbnail; below a half.
TOLERANCE = 0.45
_JPEG_QUALITY = 82
# How far the aspect ratios of photo and masks may be apart, since sides of a downscaled photo are rounded.
_PROPORTION_SLACK = 0.01
# Viridis (Smith and van der Walt, 2015) in five even steps: even in lightness, for every kind of colour vision.
_VIRIDIS = np.array([(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)])
_MAX_VOTES = 255  # entries of a palette beside the one for no votes


@dataclass(frozen=True)
class MaskView:
    """What the report shows of a mask.

    Attributes
    ----------
    size : (int, int)
        Width and height in pixels.
    area : int
        Foreground pixels.
    path : str
        Its outline as SVG path data in original pixels; '' for an empty mask.
    small : ndarray of bool
        The mask at the size of the thumbnail.
    """

    size: tuple[int, int]
    area: int
    path: str
    small: np.ndarray


def view_of_mask(mask: np.ndarray, thumbnail_pixels: int) -> MaskView:
    """Reduce a mask to what the report shows of it.

    The outline is within half a pixel of the thumbnail, or of the mask where that is smaller than a thumbnail.

    Parameters
    ----------
    mask : ndarray of bool or uint8, shape (H, W)
        Any mask; of uint8, every value above 0 is foreground.
    thumbnail_pixels : int
        Longest side of the thumbnail.
    """
    scale = max(1.0, max(mask.shape) / thumbnail_pixels)
    box = union_box([bounding_box(mask)])
    cut = framed(mask, box)  # small beside the mask: all that follows goes through it alone
    return MaskView(
        size=(mask.shape[1], mask.shape[0]),
        area=int(np.count_nonzero(cut)),
        path=svg_path(simplify(trace(cut, box), TOLERANCE * scale)),
        small=_reduced(cut, box, mask.shape, thumbnail_pixels),
    )


def _reduced(cut: np.ndarray, box: Box, shape: tuple[int, ...], thumbnail_pixels: int) -> np.ndarray:
    """Return a mask at the size of the thumbnail: of each of its pixels, what lies in its middle.

    `cut` is what `framed` cut out of the mask, and `shape` that of the whole.
    """
    small = np.zeros(thumbnail_size(shape[1], shape[0], thumbnail_pixels)[::-1], dtype=bool)
    rows, columns = map(_middles, shape, small.shape)
    fitting = tuple(
        slice(*np.searchsorted(places, (side.start, side.stop)))
        for places, side in zip((rows, columns), box, strict=True)
    )
    rows, columns = rows[fitting[0]] - box[0].start + 1, columns[fitting[1]] - box[1].start + 1
    small[fitting] = cut.take(rows, axis=0).take(columns, axis=1)  # a quarter of the time of both at once
    return small


def _middles(size: int, small_size: int) -> np.ndarray:
    return (2 * np.arange(small_size) + 1) * size // (2 * small_size)


def thumbnail_size(width: int, height: int, thumbnail_pixels: int) -> tuple[int, int]:
    """Return width and height of the thumbnail of an image; one that is small keeps its size."""
    shrink = max(1.0, max(width, height) / thumbnail_pixels)
    return max(1, round(width / shrink)), max(1, round(height / shrink))


def image_size(photo: bytes) -> tuple[int, int]:
    """Return width and height as the header of an image file gives them.

    Raises
    ------
    PipelineError
        If it is not an image.
    """
    try:
        return size_in_header(io.BytesIO(photo))
    except Exception as error:
        raise PipelineError("photo that cannot be decoded") from error


def encode_thumbnail(photo: bytes, size: tuple[int, int], thumbnail_pixels: int) -> bytes:
    """Make the thumbnail of a photo, on which the outlines of its masks are drawn.

    Parameters
    ----------
    photo : bytes
        An image file of any format and size.
    size : (int, int)
        Width and height of the masks.
    thumbnail_pixels : int
        Longest side of the thumbnail.

    Returns
    -------
    bytes
        JPEG.

    Raises
    ------
    PipelineError
        If the photo cannot be decoded, claims too many pixels, or has another aspect ratio than the masks.
    """
    width, height = image_size(photo)
    if abs(width * size[1] / (height * size[0]) - 1) > _PROPORTION_SLACK:
        raise PipelineError("photo with another aspect ratio than its masks")
    target = thumbnail_size(*size, thumbnail_pixels)
    buffer = io.BytesIO()
    try:
        with pillow_within_limit(), opened_as_stored(photo) as image:
            image.draft("RGB", target)  # JPEG is decoded at a half, quarter or eighth, not below the target
            small = _resized(_eight_bits(image, photo).convert("RGB"), target)
            small.save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError("photo that cannot be decoded") from error
    return buffer.getvalue()


def _resized(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a photo at another size, without what its file says beside pixels.

    Means of whole blocks leave less than a factor of two to linear interpolation, which takes a third of the time of
    Pillow's filters.
    """
    from PIL import Image

    block = min(photo.width // size[0], photo.height // size[1])
    means = photo.reduce(block) if block > 1 else photo
    return Image.fromarray(cv2.resize(np.asarray(means), size, interpolation=cv2.INTER_LINEAR))


def _eight_bits(image: Image.Image, photo: bytes) -> Image.Image:
    """Return a picture of a file whose values Pillow would cut off, or make dark, with them stretched to 0 to 255."""
    from PIL import Image

    if has_deep_colours(image, photo):
        return Image.fromarray(decode_photo(photo))
    is_deep = image.mode == "F" or image.mode.startswith("I")
    return Image.fromarray(stretched(np.asarray(image))) if is_deep else image


def vote_colours(most: int) -> list[str]:
    """Return the colour of 1 to `most` votes as #rrggbb, from dark to bright."""
    steps = np.linspace(0, len(_VIRIDIS) - 1, most) if most > 1 else np.full(most, len(_VIRIDIS) - 1.0)
    channels = [np.interp(steps, np.arange(len(_VIRIDIS)), channel) for channel in _VIRIDIS.T]
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in np.rint(channels).astype(int).T]


def encode_votes(small_masks: Sequence[np.ndarray], colours: Sequence[str]) -> bytes | None:
    """Draw how many masks cover each pixel.

    Parameters
    ----------
    small_masks : sequence of ndarray of bool, all of one shape
        Annotators' masks at thumbnail size.
    colours : sequence of str
        Colour of 1, 2, ... votes, as `vote_colours` gives them.

    Returns
    -------
    bytes or None
        PNG with these colours as its palette, transparent where there are no votes; None when there are none
        anywhere.
    """
    from PIL import Image

    votes = sum(small_masks, np.zeros(small_masks[0].shape if small_masks else 0, np.uint16))
    if not votes.any():
        return None
    image = Image.fromarray(np.minimum(votes, _MAX_VOTES).astype(np.uint8))
    image.putpalette(bytes(3) + b"".join(bytes.fromhex(colour[1:]) for colour in colours[:_MAX_VOTES]))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", transparency=0, compress_type=zlib.Z_RLE)  # half the time, and smaller
    return buffer.getvalue()
