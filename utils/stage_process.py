"""Imported first by every stage script: it settles what must be settled before numpy and the like are loaded.

Unlike the rest of the package it acts when it is imported: it starts the process anew where file names are not read as
UTF-8, ends it when packages are missing, limits the threads of libraries, has workers keep the memory that they free,
lets the console take any text, and shortens the traceback of an early interrupt.
"""

from .running.process_start import (
    accept_any_locale,
    hide_interrupts,
    keep_freed_memory,
    limit_threads,
    missing_packages,
    read_file_names_as_utf8,
)

read_file_names_as_utf8()
if _missing := missing_packages():
    raise SystemExit(_missing)
limit_threads()
keep_freed_memory()
accept_any_locale()
hide_interrupts()
