"""The tables of images and masks as the stage writes them: order, clusters, what is missing."""

from __future__ import annotations

from pathlib import Path

from support.drawing import box, write_png
from support.files import table_rows
from support.run import succeed

SUBSET = "IMAplusplus_multiannotator_subset_"
STAGE = "compute_IAA_metrics"


def table(rerun: Path, name: str) -> list[dict[str, str]]:
    return table_rows(rerun / "metadata" / f"{SUBSET}{name}.csv")


def edit_subset(rerun: Path, change) -> None:
    """Let `change` return the lines of the subset's metadata that stay, header aside, in their order."""
    path = rerun / "metadata" / f"{SUBSET}seg_metadata.csv"
    header, *lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, *change(lines)]) + "\n", "utf-8")


def test_images_of_one_patient_or_lesion_are_one_cluster(rerun):
    rows = ["isic_id,patient_id,lesion_id", "IMG_01,P1,", "IMG 02 ü,P2,", "IMG_03,P1,L1", "IMG_05,,L1"]
    (rerun / "metadata" / "IMAplusplus_img_metadata.csv").write_text("\n".join(rows) + "\n", "utf-8")
    succeed(STAGE, rerun)
    # IMG_03 has a single mask and joins two others all the same.
    clusters = {row["ISIC_id"]: row["cluster"] for row in table(rerun, "image_agreement")}
    assert clusters == {"IMG_01": "IMG_01", "IMG 02 ü": "IMG 02 ü", "IMG_05": "IMG_01"}


def test_an_image_that_the_metadata_lack_stands_alone(rerun):
    (rerun / "metadata" / "IMAplusplus_img_metadata.csv").write_text("isic_id\nIMG_01\n", "utf-8")
    succeed(STAGE, rerun)
    assert [row["cluster"] for row in table(rerun, "image_agreement")] == ["IMG_01", "IMG 02 ü", "IMG_05"]


def test_without_image_metadata_clusters_are_empty_and_one_line_says_so(rerun):
    (rerun / "metadata" / "IMAplusplus_img_metadata.csv").unlink()
    before = table(rerun, "image_agreement")
    text = succeed(STAGE, rerun)
    assert text.count("WARNING") == 1 and "clusters stay empty: there is no " in text
    assert table(rerun, "image_agreement") == [row | {"cluster": ""} for row in before]


def test_rows_are_in_the_order_of_the_metadata(rerun):
    before = {row["seg_filename"]: row for row in table(rerun, "mask_agreement")}
    # Masks of images in turn, each image's still in their order.
    edit_subset(rerun, lambda lines: sorted(lines, key=lambda line: line.split(",")[3]))
    succeed(STAGE, rerun)
    names = [row["seg_filename"] for row in table(rerun, "seg_metadata") if row["annotator"] not in ("ST", "MV")]
    rows = table(rerun, "mask_agreement")
    assert [row["seg_filename"] for row in rows] == names != list(before)
    assert {row["seg_filename"]: row for row in rows} == before
    assert [row["ISIC_id"] for row in table(rerun, "image_agreement")] == ["IMG_01", "IMG 02 ü", "IMG_05"]


def test_without_consensus_masks_only_the_distances_to_them_are_empty(rerun):
    before = table(rerun, "image_agreement"), table(rerun, "mask_agreement")
    edit_subset(rerun, lambda lines: [line for line in lines if ",ST,ST,ST," not in line])
    succeed(STAGE, rerun)
    assert table(rerun, "image_agreement") == [row | {"ged2_ST": ""} for row in before[0]]
    assert table(rerun, "mask_agreement") == before[1]


def test_failed_images_have_no_rows(rerun):
    write_png(rerun / "seg_masks" / "IMG_01_A02_T2_S1_NA.png", box(4, 6, 14, 24, shape=(25, 32)))
    before = {name: table(rerun, name) for name in ("image_agreement", "mask_agreement")}
    succeed(STAGE, rerun)
    for name, rows in before.items():
        assert table(rerun, name) == [row for row in rows if row["ISIC_id"] != "IMG_01"]


def test_an_image_of_empty_masks(rerun):
    for name in ("A02_T2_S1_f2", "A01_T3_S2_f3", "ST_ST_ST_ST", "MV_MV_MV_MV"):
        write_png(rerun / "seg_masks" / f"IMG_05_{name}.png", box(0, 0, 0, 0))
    succeed(STAGE, rerun)
    image = table(rerun, "image_agreement")[-1]
    assert (image["dice_pooled"], image["generalised_conformity_index"], image["kappa"]) == ("1.0", "1.0", "")
    assert (image["area_mean"], image["area_cv"], image["ged2_ST"]) == ("0.0", "", "0.0")
    mask = table(rerun, "mask_agreement")[-1]
    assert (mask["area"], mask["dice_to_others"], mask["log_area_ratio_to_others"]) == ("0", "1.0", "")
    assert [row["nsd_score"] for row in table(rerun, "IAA_metrics")][-6:] == ["1.0"] * 6
