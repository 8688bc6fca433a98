"""The stage: what it writes, lists, compares and takes from the cache, and what ends it."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from support.drawing import box, write_png
from support.files import table_rows
from support.run import run_here, succeed
from support.trees import tree

from utils.dataset.dataset import Dataset

THREE, DISJOINT, FULL, TWO = "IMG_01", "IMG 02 ü", "IMG_03", "IMG_05"
PATTERN = "prediction_pattern={image}.*"


@pytest.fixture
def predictions(rerun, tmp_path):
    """Folder of a model that predicts the majority vote for three of the four images."""
    dataset = Dataset(rerun)
    for isic_id in (THREE, DISJOINT, FULL):
        write_png(tmp_path / "net" / f"{isic_id}.png", dataset[isic_id].consensus("MV"))
    return tmp_path / "net"


def scores(output, name="net", table="scores_by_image") -> pd.DataFrame:
    return pd.read_csv(output / "predictions" / name / f"{table}.csv").set_index("ISIC_id")


def reasons(output, name="net") -> dict[str, str]:
    return {row["img_id"]: row["reason"] for row in table_rows(output / "predictions" / name / "failures.csv")}


def test_a_model_is_scored_against_everybody(rerun, predictions):
    text = succeed("score_predictions", rerun, f"predictions_dir={predictions}", PATTERN)
    references = scores(rerun, table="scores_by_reference")
    assert list(references.loc[THREE, "reference"]) == ["A00", "A01", "A02", "ST", "MV"]
    assert references.loc[THREE].set_index("reference").loc["MV", "dice_score"] == 1
    found = scores(rerun)
    assert list(found.index) == [THREE, DISJOINT, FULL]
    assert found.loc[FULL, "dice_score_mean"] == 1 and np.isnan(found.loc[FULL, "human_dice_score_mean"])
    assert found.loc[DISJOINT, "human_dice_score_mean"] == 0
    assert reasons(rerun) == {TWO: "no prediction"}
    assert "net: 1 not scored (no prediction): IMG_05; see" in text
    assert "on 3 images" in text and ", 1 not scored, " in text


def test_the_human_level_is_that_of_the_table_of_pairs(rerun, predictions):
    succeed("score_predictions", rerun, f"predictions_dir={predictions}", PATTERN)
    per_image = pd.read_csv(rerun / "metadata" / "IMAplusplus_multiannotator_subset_image_level_metrics.csv")
    pairs = per_image.set_index("ISIC_id")
    for isic_id in (THREE, DISJOINT):  # one mask a person, so that each pair counts alike
        for metric in ("dice_score", "nsd_score", "assd_score_normalized"):
            found = scores(rerun).loc[isic_id, f"human_{metric}_mean"]
            assert found == pytest.approx(pairs.loc[isic_id, f"{metric}_mean"], rel=1e-15)


def test_what_cannot_be_scored_is_listed(rerun, predictions):
    write_png(predictions / "IMG_05.png", box(0, 0, 4, 4, shape=(12, 16)))
    write_png(predictions / "stranger.png", box(0, 0, 4, 4))
    arguments = (f"predictions_dir={predictions}", PATTERN)
    succeed("score_predictions", rerun, *arguments)
    found = reasons(rerun)
    assert found["stranger.png"] == "the dataset has no such image: stranger"
    assert "another size" in found[TWO] and "32 x 24" in found[TWO] and "16 x 12" in found[TWO]
    code, text = run_here("score_predictions", rerun, *arguments, "max_failures=1")
    assert code == 1 and "at most 1 of each model (max_failures)" in text
    assert run_here("score_predictions", rerun, *arguments, "max_failures=2")[0] == 0


def test_failures_are_told_by_kind_with_their_numbers(rerun, tmp_path):
    for isic_id in (THREE, DISJOINT, FULL):
        write_png(tmp_path / "net" / f"{isic_id}.png", box(0, 0, 4, 4, shape=(12, 16)))
    (tmp_path / "net" / "photo.jpg").write_bytes(b"")
    code, text = run_here("score_predictions", rerun, f"predictions_dir={tmp_path / 'net'}", PATTERN)
    size = "A prediction has another size than the masks of its image"
    assert f"net: 3 not scored ({size}): {THREE}, {DISJOINT}, {FULL}; see" in text
    assert "net: 1 not scored (no prediction): IMG_05" in text
    assert "net: 1 not scored (not in a format of predictions): photo.jpg" in text
    assert code == 1 and "No prediction could be scored" in text and "net: 5 not scored" in text


def test_beyond_max_failures_the_tables_of_all_models_are_of_this_run(rerun, predictions, tmp_path):
    models = tmp_path / "models"
    arguments = (f"predictions_dir={models}", "prediction_pattern={model}/{image}.*")
    shutil.copytree(predictions, models / "net")
    write_png(models / "other" / f"{THREE}.png", box(0, 0, 4, 4))
    succeed("score_predictions", rerun, *arguments)
    (models / "net" / f"{DISJOINT}.png").unlink()
    code, text = run_here("score_predictions", rerun, *arguments, "max_failures=1")
    assert code == 1 and "net: 2 not scored" in text and "other: 3 not scored" in text
    assert set(scores(rerun).index) == {THREE, FULL} and len(reasons(rerun)) == 2
    assert list(scores(rerun, "other").index) == [THREE]


def test_scores_are_taken_from_the_cache_until_a_file_changes(rerun, predictions):
    arguments = (f"predictions_dir={predictions}", PATTERN)
    assert "0 of 3 taken from the cache" in succeed("score_predictions", rerun, *arguments)
    before = tree(rerun / "predictions")
    (predictions / f"{THREE}.png").write_bytes((predictions / f"{THREE}.png").read_bytes())
    assert "3 of 3 taken from the cache" in succeed("score_predictions", rerun, *arguments)
    assert tree(rerun / "predictions") == before
    write_png(predictions / f"{THREE}.png", box(4, 4, 14, 20))
    assert "2 of 3 taken from the cache" in succeed("score_predictions", rerun, *arguments)
    assert scores(rerun).loc[THREE, "dice_score_max"] == 1
    assert tree(rerun / "predictions") != before


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_workers_make_no_difference(rerun, predictions, executor):
    arguments = (f"predictions_dir={predictions}", PATTERN, "cache_dir=null")
    succeed("score_predictions", rerun, *arguments)
    before = tree(rerun / "predictions")
    succeed("score_predictions", rerun, *arguments, f"executor={executor}", "num_workers=2")
    assert tree(rerun / "predictions") == before


def test_models_of_several_runs_are_compared(rerun, predictions):
    succeed("score_predictions", rerun, f"predictions_dir={predictions}", PATTERN)
    other = shutil.copytree(predictions, predictions.with_name("other"))
    write_png(other / f"{FULL}.png", box(0, 0, 12, 32))
    succeed("score_predictions", rerun, f"predictions_dir={other}", PATTERN)
    rows = pd.read_csv(rerun / "predictions" / "comparison.csv", keep_default_na=False)
    dice = rows[(rows["metric"] == "dice_score") & (rows["partition"] == "all")].set_index(["model", "less"])
    assert float(dice.loc[("net", "other"), "mean"]) == pytest.approx((1 - 2 / 3) / 3)
    assert (rerun / "predictions" / "net" / "scores_by_image.csv").is_file()


def test_models_scored_with_other_settings_or_masks_are_not_compared(rerun, predictions):
    arguments = (f"predictions_dir={predictions}", PATTERN)
    succeed("score_predictions", rerun, *arguments, "prediction_name=a", "nsd_tolerance=0.05")
    text = succeed("score_predictions", rerun, *arguments, "prediction_name=b")
    compared = rerun / "predictions" / "comparison.csv"
    assert "so not compared; score it again: a\n" in text
    assert {row["model"] for row in table_rows(compared)} == {"b"}
    assert "not compared" not in succeed("score_predictions", rerun, *arguments, "prediction_name=a")
    assert {row["model"] for row in table_rows(compared)} == {"a", "b"}
    table = rerun / "metadata" / "IMAplusplus_seg_metadata.csv"
    table.write_text(table.read_text("utf-8").replace(table_rows(table)[0]["mask_md5"], "0" * 32), "utf-8")
    assert "score it again: a\n" in succeed("score_predictions", rerun, *arguments, "prediction_name=b")


def test_a_folder_a_model_and_samples(rerun, predictions):
    for number in (1, 2):
        write_png(predictions / "deep" / f"{THREE}_{number}.png", box(4, 4, 14, 20 + number))
    succeed("score_predictions", rerun, f"predictions_dir={predictions}", "prediction_pattern={model}/{image}_{n}.png")
    assert scores(rerun, "deep").loc[THREE, "num_samples"] == 2
    assert list(scores(rerun, "deep", "scores_by_reference")["sample"]) == [1] * 5 + [2] * 5


def test_without_predictions_there_is_nothing_to_do(rerun):
    assert "no predictions to score" in succeed("score_predictions", rerun)
    assert not (rerun / "predictions").exists()


def test_predictions_of_the_demo_are_left_alone_by_another_dataset(rerun, tmp_path):
    write_png(tmp_path / "demo" / "predictions" / "net" / "ISIC_9000001.png", box(0, 0, 4, 4))
    demo = (f"demo_dir={tmp_path / 'demo'}", f"predictions_dir={tmp_path / 'demo' / 'predictions'}")
    text = succeed("score_predictions", rerun, *demo, "prediction_pattern={model}/{image}.*")
    assert "no predictions to score" in text and not (rerun / "predictions").exists()


@pytest.mark.parametrize("name", ["..", "a/b"])
def test_a_model_needs_a_name_that_a_folder_can_have(rerun, predictions, name):
    arguments = (f"predictions_dir={predictions}", PATTERN, f"prediction_name={name}")
    code, text = run_here("score_predictions", rerun, *arguments)
    assert code == 2 and "prediction_name" in text


def test_a_missing_folder_is_named(rerun, tmp_path):
    code, text = run_here("score_predictions", rerun, f"predictions_dir={tmp_path / 'none'}", PATTERN)
    assert code == 1 and "predictions_dir" in text


def test_figures_of_models_are_drawn(rerun, predictions):
    assert "no scored predictions" in succeed("plot_prediction_scores", rerun)
    shutil.copytree(predictions, predictions.with_name("other"))
    for folder in (predictions, predictions.with_name("other")):
        succeed("score_predictions", rerun, f"predictions_dir={folder}", PATTERN)
    succeed("plot_prediction_scores", rerun)
    drawn = {path.name for path in (rerun / "visualizations" / "predictions").iterdir()}
    assert drawn == {f"{name}.{form}" for name in ("net", "other", "models_compared") for form in ("png", "svg", "pdf")}
