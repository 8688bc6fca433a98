"""Calls and results between two processes in which the project's package has different names."""

from __future__ import annotations

import io
import pickle
from typing import Any

from ..running.code_and_versions import ROOT_PACKAGE


def answer(call: bytes) -> bytes:
    """Do a packed call, which is (function, arguments), and return its packed result."""
    function, args = unpack(call)
    return pack(function(*args))


def pack(value: object) -> bytes:
    """Return a pickle of the name that the package has here, followed by one of the value."""
    return pickle.dumps(ROOT_PACKAGE) + pickle.dumps(value)


def unpack(packed: bytes) -> Any:
    """Return what was packed; what the sender has from its package comes from the package here."""
    buffer = io.BytesIO(packed)
    return _Unpickler(buffer, pickle.load(buffer)).load()


class _Unpickler(pickle.Unpickler):
    def __init__(self, packed: io.BytesIO, sender: str):
        super().__init__(packed)
        self._sender = sender

    def find_class(self, module: str, name: str) -> Any:
        root, dot, rest = module.partition(".")
        return super().find_class(ROOT_PACKAGE + dot + rest if root == self._sender else module, name)
