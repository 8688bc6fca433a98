"""Where the raw images and masks are, and what images are called in the dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import ConfigError, PipelineError, some_of
from ..files import place_of
from ..lazy import logger
from ..naming import ALSO_SPELT, cited_id
from ..settings import CreationSettings
from .file_search import NEARLY_FOUND, FolderSearch

_JPEG_EXTENSIONS = ("jpg", "jpeg")


def require_apart_from_targets(folders: Iterable[Path], config: CreationSettings) -> None:
    """Refuse raw input in the folders that receive the dataset's copies, which would take its place.

    Raises
    ------
    ConfigError
        Listing the folders.
    """
    targets = {folder.resolve() for folder in target_folders(config)}
    inside = [str(folder) for folder in folders if folder.resolve() in targets]
    if inside:
        raise ConfigError(
            "Raw files lie where the dataset's copies go, and would be overwritten.",
            where=place_of(config, "output_dir", "target_data_dir"),
            expected="a dataset in folders of its own",
            hint="set another output_dir or target_data_dir",
            offenders=inside,
        )


def image_folders(config: CreationSettings) -> dict[str, list[FolderSearch]]:
    """Return what to look for raw images in, by file extension; a warning names folders that do not exist."""
    require_apart_from_targets([Path(folder) for some in config.orig_imgs_dirs.values() for folder in some], config)
    missing = missing_folders(config)
    if missing:
        logger.warning("folders of orig_imgs_dirs that do not exist: {}", ", ".join(missing))
    # Masks may lie below the images, and have their names.
    masks = [folder for folder in (config.orig_segs_dir, config.own_masks_dir) if folder]
    leave_out = [*outputs_of(config), *masks]
    folders = dict.fromkeys(Path(folder) for several in config.orig_imgs_dirs.values() for folder in several)
    # One for all extensions: a folder is read, and warned of, once.
    searches = {folder: FolderSearch(folder, leave_out) for folder in folders}
    return {
        extension: [searches[Path(folder)] for folder in several]
        for extension, several in config.orig_imgs_dirs.items()
    }


def missing_folders(config: CreationSettings) -> list[str]:
    """Return the folders of raw images that do not exist."""
    folders = dict.fromkeys(folder for several in config.orig_imgs_dirs.values() for folder in several)
    return [str(folder) for folder in folders if not Path(folder).is_dir()]


def mask_folder(config: CreationSettings) -> FolderSearch:
    """Return what to look for raw masks in."""
    require_apart_from_targets([config.orig_segs_dir], config)
    return FolderSearch(config.orig_segs_dir, outputs_of(config))


def outputs_of(config: CreationSettings) -> list[Path]:
    """Return the folders that this pipeline fills, where raw files are not looked for."""
    return [config.output_dir, config.target_data_dir, config.new_dataset_metadata_output_dir, *target_folders(config)]


def target_folders(config: CreationSettings) -> tuple[Path, Path]:
    """Return the folders of the dataset that receive images and masks."""
    target = config.target_data_dir
    return (target / "images", target / "seg_masks") if config.separate_images_and_masks else (target, target)


def find_images(isic_ids: Iterable[str], folders: Mapping[str, Sequence[FolderSearch]]) -> dict[str, Path]:
    """Find the raw image of each id.

    Parameters
    ----------
    isic_ids : iterable of str
        Image ids.
    folders : mapping of str to sequence of FolderSearch
        Folders to look in, by file extension; the first that has ``{isic_id}.{extension}`` in it or below it wins,
        the extension in whatever case; ``jpeg`` and ``tiff`` will do where ``jpg`` and ``tif`` are asked for.

    Returns
    -------
    dict of str to Path
        The ids that were found.

    Raises
    ------
    PipelineError
        If a folder has several files for one id; lists all of them.
    """
    found: dict[str, Path] = {}
    several = []
    for isic_id in isic_ids:
        paths, folder = _candidates(isic_id, folders)
        if paths:
            found[isic_id] = paths[0]
        if len(paths) > 1:
            # Not the paths: masks with the names of images may lie in folders with the names of annotators.
            several.append(f"image {cited_id(isic_id)}: {len(paths)} files in {folder} and below it")
    if several:
        hint = "put the folder to take them from first in orig_imgs_dirs"
        raise PipelineError("Images are there more than once.", where="orig_imgs_dirs", hint=hint, offenders=several)
    return found


def nearly_image(isic_id: str, folders: Mapping[str, Sequence[FolderSearch]]) -> str:
    """Say which files of nearly the name of a missing image are there; nothing where there are none."""
    searched = {folder.folder: folder for some in folders.values() for folder in some}
    # By its name, which is nearly the id, and not by its path, which may lead through the folder of an annotator.
    near = sorted({path.name for folder in searched.values() for path in folder.find_nearly(isic_id)})
    return f"{NEARLY_FOUND}: {some_of([repr(name) for name in near], 3)}" if near else ""


def require_found(images: Iterable[Path], search: FolderSearch, extensions: Iterable[str]) -> None:
    """Check that `find_images`, with this search for each extension, finds these images and no other files.

    Raises
    ------
    PipelineError
        Listing every image in whose place another file would be taken, such as a mask of its name.
    """
    folders = {extension: [search] for extension in extensions}
    others = sorted(path.stem for path in images if _candidates(path.stem, folders)[0] != [path])
    if others:
        raise PipelineError(
            "Other files have the names of images.",
            where=search.folder,
            expected="one file {id}.{extension} in it and below it, in the extensions that images have",
            hint="keep the images in a folder of their own, which may lie beside the folders of masks",
            offenders=[f"image {cited_id(isic_id)}" for isic_id in others],
        )


def _candidates(isic_id: str, folders: Mapping[str, Sequence[FolderSearch]]) -> tuple[list[Path], Path | None]:
    """Return the files of an image in the first folder that has any, and that folder."""
    for extension, some in folders.items():
        spellings = [extension, *ALSO_SPELT.get(extension.lower(), ())]
        for folder in some:
            if paths := [path for spelling in spellings for path in folder.find(f"{isic_id}.{spelling}")]:
                return paths, folder.folder
    return [], None


def img_filename(isic_id: str, raw_image: Path | None) -> str:
    """Return an image's name in the dataset: JPEG becomes .JPG, another format keeps its own extension.

    An image that was not found counts as JPEG, like all images of the ISIC Archive.
    """
    extension = raw_image.suffix[1:] if raw_image else "jpg"
    return f"{isic_id}.JPG" if extension.lower() in _JPEG_EXTENSIONS else f"{isic_id}.{extension}"
