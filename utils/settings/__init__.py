"""The typed keys of the three config.yaml files: types and meaning here, values there."""

from .analysis import AnalysisSettings
from .choices import EmptyMasks, Executor, OverlaySelection, PredictionKind, Transfer
from .common import CommonSettings, DatasetSettings
from .creation import CreationSettings
from .multiannotator import MultiannotatorSettings

__all__ = [
    "RETIRED_KEYS",
    "SCHEMAS",
    "AnalysisSettings",
    "CommonSettings",
    "CreationSettings",
    "DatasetSettings",
    "EmptyMasks",
    "Executor",
    "MultiannotatorSettings",
    "OverlaySelection",
    "PredictionKind",
    "Transfer",
]

# The configuration of each folder of stages.
SCHEMAS: dict[str, type[CommonSettings]] = {
    "dataset_creation": CreationSettings,
    "dataset_analysis": AnalysisSettings,
    "multiannotator_analysis": MultiannotatorSettings,
}
# Keys of the published implementation that are no longer needed, and why.
RETIRED_KEYS = {
    "missing_metrics_ISIC_ids": "pairs with an empty mask are computed with all others",
}
