"""All images of a release recomputed: the tables that they give, against the released ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .. import naming
from ..errors import PipelineError
from ..lazy import pd
from ..tables import read_input
from .compare_tables import compare_tables
from .differences import Difference
from .metadata import several_humans
from .verify_image import ImageClaim, ImageVerdict

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import CreationSettings

_MASK_KEY = {"image": "img_filename", "file": "seg_filename"}
_METRICS = (*naming.METRIC_COLUMNS, *naming.BOUNDARY_COLUMNS)
_PAIR_KEY = {"image": "img_id", "file": "mask1", "second_file": "mask2"}
# The columns of the image level that every release has; others are compared where they are there.
_IMAGE_LEVEL = [f"{metric}_{statistic}" for metric in naming.METRIC_COLUMNS[:6] for statistic in ("mean", "std")]


class Recomputed:
    """Recomputed tables, and the images that they lack because a mask of theirs is missing or unusable.

    Attributes
    ----------
    rows : DataFrame
        Metadata rows of consensus masks.
    pairs : DataFrame
        Agreement of all pairs, `naming.PAIR_COLUMNS`.
    left_out : set of str
        img_filename of images that could not be recomputed.
    isic_ids : dict of str to str
        ISIC_id of each image by img_filename.
    lacking : list of str
        Metrics that the compared tables of the release do not have.
    """

    def __init__(self, claims: Sequence[ImageClaim], verdicts: Sequence[ImageVerdict]):
        rows, pairs = [], []
        self.left_out: set[str] = set()
        self.lacking: list[str] = []
        self.isic_ids = {claim.img_filename: claim.isic_id for claim in claims}
        for claim, verdict in zip(claims, verdicts, strict=True):
            if verdict.rows is None or verdict.pairs is None:
                self.left_out.add(claim.img_filename)
                continue
            rows += verdict.rows
            if verdict.pairs:
                labels = naming.pair_labels([*claim.humans, *verdict.rows])
                pairs += [label | values for label, values in zip(labels, verdict.pairs, strict=True)]
        self.rows = pd.DataFrame(rows, columns=naming.SEG_COLUMNS)
        self.pairs = pd.DataFrame(pairs, columns=naming.PAIR_COLUMNS)

    def differences_of_tables(
        self, segmentations: DataFrame, config: CreationSettings
    ) -> tuple[list[Difference], list[str]]:
        """Compare every released table that a key names.

        Returns
        -------
        differences : list of Difference
            Of the consensus rows in the metadata, the subset, the pairs, the image level and the summary.
        not_compared : list of str
            Keys of the tables that have no value.
        """
        checks = {
            "release_subset_metadata_path": lambda key: self._subset(segmentations, config, key),
            "release_pairwise_metrics_path": lambda key: self._pairs(config, key),
            "release_image_level_metrics_path": lambda key: self._image_level(config, key),
            "release_metrics_summary_path": lambda key: self._summary(config, key),
        }
        released = segmentations[segmentations["annotator"].isin(naming.CONSENSUS)]
        differences = self._compare("consensus row", self.rows, released, _MASK_KEY)
        for key, check in checks.items():
            if getattr(config, key) is not None:
                differences += check(key)
        return differences, [key for key in checks if getattr(config, key) is None]

    def _subset(self, segmentations: DataFrame, config: CreationSettings, key: str) -> list[Difference]:
        humans = naming.humans_only(segmentations)
        humans = humans[humans["ISIC_id"].isin(several_humans(segmentations))]
        found = read_input(config, key, naming.SEG_COLUMNS)
        return self._compare("subset row", pd.concat([humans, self.rows]), found, _MASK_KEY)

    def _pairs(self, config: CreationSettings, key: str) -> list[Difference]:
        text = [name for name in naming.RELEASED_PAIR_COLUMNS if name not in naming.METRIC_COLUMNS]
        found = self._read_metrics(config, key, text)
        return self._compare("pair", self.pairs, found, _PAIR_KEY, _METRICS)

    def _image_level(self, config: CreationSettings, key: str) -> list[Difference]:
        from ..agreement.aggregate import metrics_per_image

        expected = metrics_per_image(self.pairs, self.isic_ids)
        # Read twice: which columns are numbers depends on which are there.
        released = read_input(config, key, ["img_id", *_IMAGE_LEVEL]).columns
        numbers = [name for name in expected.columns if name not in ("img_id", "ISIC_id") and name in released]
        found = read_input(config, key, numeric=numbers)
        return self._compare("image-level row", expected, found, {"image": "img_id"}, numbers)

    def _summary(self, config: CreationSettings, key: str) -> list[Difference]:
        from ..agreement.aggregate import summary_of_pairs

        found = self._read_metrics(config, key)
        label = found.columns[0]
        if label in _METRICS:
            where = getattr(config, key)
            raise PipelineError(
                "A summary has no labels of its rows.", where=where, expected="a first column with them"
            )
        if self.left_out:
            expected = f"a summary of all pairs; {len(self.left_out)} images were not recomputed"
            return [Difference("summary not recomputed", expected=expected, found=f"{len(found)} rows")]
        recomputed = summary_of_pairs(self.pairs).rename(columns={"": label})
        return compare_tables("summary", recomputed, found, {"file": label}, _METRICS)

    def _read_metrics(self, config: CreationSettings, key: str, text: Sequence[str] = ()) -> DataFrame:
        found = read_input(config, key, text, numeric=naming.METRIC_COLUMNS, numeric_if_there=naming.BOUNDARY_COLUMNS)
        self.lacking += [name for name in naming.BOUNDARY_COLUMNS if name not in found and name not in self.lacking]
        return found

    def _compare(
        self, kind: str, expected: DataFrame, found: DataFrame, keys: Mapping[str, str], numbers: Sequence[str] = ()
    ) -> list[Difference]:
        """Compare what concerns the images that were recomputed."""
        ours, theirs = (table[~table[keys["image"]].isin(self.left_out)] for table in (expected, found))
        return compare_tables(kind, ours, theirs, keys, numbers)
