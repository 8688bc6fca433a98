"""Lists of the image ids of other datasets, ``<Dataset>/<list>.txt`` below a folder, one id a line."""

from __future__ import annotations

from pathlib import Path

from .errors import PipelineError


def read_id_list(path: Path) -> set[str]:
    """Read a list of ids, one a line, as text; blank lines and blanks around an id do not count.

    Raises
    ------
    PipelineError
        If the file cannot be read or is not UTF-8 (with or without a byte order mark).
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PipelineError(
            "A list of ids cannot be read.", where=path, expected="text in UTF-8", found=error
        ) from error
    return {line.strip() for line in lines} - {""}


def read_lists(folder: Path) -> dict[str, dict[str, set[str]]]:
    """Read the id lists of all datasets.

    Parameters
    ----------
    folder : Path
        Holds one folder for each dataset, with ``*.txt`` lists; hidden files and folders do not count.

    Returns
    -------
    dict of str to dict of str to set of str
        Ids by dataset and by list (its file's name without suffix), both in order of name; a dataset may have no list.
    """
    datasets = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    return {
        dataset.name: {
            path.stem: read_id_list(path)
            for path in sorted(dataset.glob("*.txt"))
            if path.is_file() and path.name[0] != "."
        }
        for dataset in datasets
    }


def read_datasets(folder: Path) -> tuple[dict[str, set[str]], list[str]]:
    """Read the ids of all datasets, each the union of its lists.

    Parameters
    ----------
    folder : Path
        As `read_lists` takes it.

    Returns
    -------
    dict of str to set of str, list of str
        Ids by dataset, and the datasets without any id; both in order of name.
    """
    found = {name: set().union(*lists.values()) for name, lists in read_lists(folder).items()}
    return {name: ids for name, ids in found.items() if ids}, [name for name, ids in found.items() if not ids]
