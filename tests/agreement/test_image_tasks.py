"""One image's consensus: its files hold the masks that were decided, and equal masks are made once."""

from __future__ import annotations

import numpy as np
import pytest
from support.drawing import box, write_png

from utils.agreement import image_tasks
from utils.agreement.image_tasks import ImageTask, consensus_of_image
from utils.data import decode_mask
from utils.md5 import md5_of_bytes

LEFT, RIGHT = box(4, 4, 14, 16), box(4, 18, 14, 30)


@pytest.mark.parametrize(
    ("masks", "times", "foreground"),
    [
        ([LEFT, LEFT], 1, {"ST": LEFT, "MV": LEFT}),
        # Disjoint masks leave STAPLE without foreground; of two votes, one is at least half.
        ([LEFT, RIGHT], 2, {"ST": np.zeros_like(LEFT), "MV": LEFT | RIGHT}),
    ],
    ids=["equal", "different"],
)
def test_equal_consensus_masks_are_encoded_once(tmp_path, monkeypatch, masks, times, foreground):
    encoded, encode_mask = [], image_tasks.encode_mask
    monkeypatch.setattr(image_tasks, "encode_mask", lambda mask: encoded.append(mask) or encode_mask(mask))
    for name, mask in zip("ab", masks, strict=True):
        write_png(tmp_path / f"{name}.png", mask)

    paths = (tmp_path / "a.png", tmp_path / "b.png")
    result = consensus_of_image(ImageTask("IMG", "IMG.JPG", paths, ("A00", "A01"), audited=True))

    assert len(encoded) == times
    assert result.differences == []
    for label, mask in foreground.items():
        assert np.array_equal(decode_mask(result.pngs[label], label), mask)
        assert result.png_md5s[label] == md5_of_bytes(result.pngs[label])
