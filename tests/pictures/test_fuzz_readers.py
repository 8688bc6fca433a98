"""Damaged bytes of every kind into every reader: an answer or a PipelineError, never anything else."""

import gzip
import random
from functools import partial

import numpy as np
import pytest
from PIL import Image
from support.drawing import encoded
from support.mask_files import FORMATS
from support.run import CONFIGS

from utils.config import load_config
from utils.data import decode_mask
from utils.errors import PipelineError
from utils.settings import CreationSettings
from utils.tables import read_table

# Pieces that parsers trip over, spliced into valid files.
PIECES = (
    b"\0",
    b"\xff" * 4,
    b"\n",
    b'"',
    b",",
    b"\r",
    b"\xef\xbb\xbf",
    b"IHDR",
    b"\x7f\xff\xff\xff",
    b"${",
    b"&a *a",
    b"- " * 50,
)


TABLE = 'ISIC_id,creator,n\nIMG_01,"a, ""b""\nc",1\nIMG ü,NA,2.5\n'.encode()
YAML = (CONFIGS / "dataset_creation" / "config.yaml").read_bytes()


def read_mask(data: bytes, _folder) -> None:
    mask = decode_mask(data, "fuzz.png")
    assert mask.ndim == 2 and mask.dtype == bool


def read_csv(data: bytes, folder, name: str = "t.csv") -> None:
    (folder / name).write_bytes(data)
    table = read_table(folder / name)
    assert table.map(lambda cell: isinstance(cell, str)).all(axis=None)


def read_config(data: bytes, folder) -> None:
    (folder / "config.yaml").write_bytes(data)
    load_config(CreationSettings, folder / "config.yaml")


JPEG = encoded(Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)), "JPEG")
READERS = {
    "mask": (read_mask, [*FORMATS.values(), JPEG]),
    "csv": (read_csv, [TABLE]),
    "csv.gz": (partial(read_csv, name="t.csv.gz"), [gzip.compress(TABLE, mtime=0)]),
    "yaml": (read_config, [YAML]),
}
NUMBERS = {"mask": 60_000, "csv": 30_000, "csv.gz": 10_000, "yaml": 10_000}


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with a few bytes changed, cut out, repeated or spliced in."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(spoiled) + 1)
        stop = min(len(spoiled), start + chance.choice((1, 1, 2, 8, 64)))
        action = chance.randrange(5)
        if action == 0:
            spoiled[start:stop] = chance.randbytes(stop - start)
        elif action == 1:
            del spoiled[start:stop]
        elif action == 2:
            spoiled[start:start] = spoiled[start:stop]
        elif action == 3:
            spoiled[start:start] = chance.choice(PIECES)
        else:
            del spoiled[start:]
    return bytes(spoiled)


@pytest.mark.parametrize("reader", READERS)
def test_damaged_bytes_give_an_answer_or_a_clear_error(reader, tmp_path, full):
    read, valid = READERS[reader]
    for data in valid:
        read(data, tmp_path)
    refused = 0
    number = NUMBERS[reader] if full else NUMBERS[reader] // 100
    for seed in range(number):
        chance = random.Random(seed)
        data = damaged(chance.choice(valid), chance)
        try:
            read(data, tmp_path)
        except PipelineError as error:
            assert str(error)
            refused += 1
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {data[:200]!r}") from error
    assert refused > 0
