"""What a stage's process hands to the processes that it starts."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from utils.running import process_start

# Pages that the system gave for twenty images of three masks each, which are freed in between.
FAULTS = """
import resource
for _ in range(20):
    masks = [bytearray(20_000_000) for _ in range(3)]
    del masks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such settings")
def test_processes_that_are_started_keep_the_memory_that_they_free(monkeypatch):
    for name in process_start._MEMORY_KEPT:
        monkeypatch.delenv(name, raising=False)

    def faults() -> int:
        done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
        return int(done.stdout)

    given_back = faults()
    process_start.keep_freed_memory()
    assert faults() < given_back / 3


def test_what_the_environment_says_of_memory_stays(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1")
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "2")
    process_start.keep_freed_memory()
    assert (os.environ["MALLOC_TRIM_THRESHOLD_"], os.environ["MALLOC_MMAP_THRESHOLD_"]) == ("1", "2")
