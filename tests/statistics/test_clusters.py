"""Clusters of images: drawn by hand, by another library, and those of the released tables."""

from __future__ import annotations

import networkx as nx
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from utils.naming import humans_only
from utils.statistics.clusters import image_clusters

ROWS = st.lists(st.tuples(*[st.sampled_from(["", "a", "b", "c", "d"])] * 2), max_size=12)


def table(rows) -> pd.DataFrame:
    """Return images I0, I1, ... with the given patient and lesion ids."""
    ids = [f"I{number}" for number in range(len(rows))]
    return pd.DataFrame(rows, columns=["patient_id", "lesion_id"], dtype=object).assign(
        isic_id=pd.Series(ids, dtype=object)
    )


def test_shared_patients_and_lesions_join_images_over_others():
    rows = [("p", ""), ("", "x"), ("p", "y"), ("q", "y"), ("", ""), ("", "")]
    assert image_clusters(table(rows)).to_dict() == {
        "I0": "I0", "I1": "I1", "I2": "I0", "I3": "I0", "I4": "I4", "I5": "I5",
    }  # fmt: skip


def test_a_patient_and_a_lesion_of_one_name_are_not_the_same():
    assert image_clusters(table([("x", ""), ("", "x")])).tolist() == ["I0", "I1"]


def test_blanks_are_no_id():
    assert image_clusters(table([(" ", ""), (" ", "")])).nunique() == 2


def test_a_table_without_ids_or_without_images_has_clusters_of_one():
    assert image_clusters(pd.DataFrame({"isic_id": ["b", "a"]})).to_dict() == {"b": "b", "a": "a"}
    assert image_clusters(table([])).empty


@given(ROWS, st.randoms())
def test_clusters_are_the_components_of_the_graph_whatever_the_order(rows, random):
    images = table(rows)
    graph = nx.Graph()
    graph.add_nodes_from(images["isic_id"])
    for row in images.itertuples():
        graph.add_edges_from([(row.isic_id, ("patient", row.patient_id))] if row.patient_id else [])
        graph.add_edges_from([(row.isic_id, ("lesion", row.lesion_id))] if row.lesion_id else [])
    expected = {}
    for component in nx.connected_components(graph):
        members = {name for name in component if isinstance(name, str)}
        expected |= dict.fromkeys(members, min(members))
    shuffled = images.sample(frac=1, random_state=random.randrange(1000))

    assert image_clusters(images).to_dict() == expected
    assert image_clusters(shuffled).to_dict() == expected
    assert image_clusters(shuffled).index.tolist() == shuffled["isic_id"].tolist()


def test_clusters_of_the_released_images(reference):
    read = {"dtype": str, "keep_default_na": False}
    images = pd.read_csv(reference / "published" / "IMAplusplus_img_metadata.csv.gz", **read)
    subset = pd.read_csv(reference / "published" / "IMAplusplus_multiannotator_subset_seg_metadata.csv.gz", **read)
    partitions = pd.read_csv(reference / "reference_statistics" / "partitions_seed_0.csv.gz", **read)

    clusters = image_clusters(images)

    assert clusters.nunique() == 14099
    assert clusters.to_dict() == partitions.set_index("ISIC_id")["cluster"].to_dict()
    sizes = clusters[humans_only(subset)["ISIC_id"].unique()].value_counts()
    assert len(sizes) == 2226
    assert (sizes[sizes > 1].sum(), sizes.max()) == (284, 8)
