"""Least squares with clustered errors, and Holm's method, computed by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from utils.statistics.regression import clustered_least_squares, effective_clusters, holm, variance_shares


def test_errors_are_those_of_the_sandwich_of_cluster_sums():
    generator = np.random.default_rng(1)
    design, response, weights = generator.random((30, 2)), generator.random(30), generator.random(30)
    clusters = pd.Series(generator.integers(0, 8, 30)).map("c{}".format)

    fitted = clustered_least_squares(response, design, clusters, weights)

    bread = np.linalg.inv(design.T @ (weights[:, None] * design))
    estimate = bread @ design.T @ (weights * response)
    scores = (weights * (response - design @ estimate))[:, None] * design
    sums = pd.DataFrame(scores).groupby(clusters.to_numpy()).sum().to_numpy()
    groups = len(sums)
    expected = groups / (groups - 1) * 29 / 28 * bread @ sums.T @ sums @ bread
    np.testing.assert_allclose(fitted.params, estimate, rtol=1e-10)
    np.testing.assert_allclose(fitted.cov_params(), expected, rtol=1e-10)
    half = 1.959963984540054 * np.sqrt(np.diag(expected))
    np.testing.assert_allclose(fitted.conf_int(), np.column_stack([estimate - half, estimate + half]), rtol=1e-9)


@pytest.mark.parametrize(("rows", "clusters"), [(6, ["p"] * 6), (2, ["p", "q"])])
def test_one_cluster_or_as_many_coefficients_as_rows_have_coefficients_without_a_warning(rows, clusters):
    design = np.column_stack([np.ones(rows), np.arange(rows)])

    fitted = clustered_least_squares(design @ [1.0, 2.0], design, pd.Series(clusters))

    assert fitted.params == pytest.approx([1, 2])


def test_shares_of_variance_are_those_of_the_weights_that_rows_have_in_an_estimate():
    generator = np.random.default_rng(2)
    design, response, weights = generator.random((12, 2)), generator.random(12), generator.random(12)
    terms = np.array([[1.0, 0.0], [1.0, -2.0]])
    clusters = pd.Series(list("aabbccddeeff"))

    found = variance_shares(clustered_least_squares(response, design, clusters, weights), terms)

    # What an estimate gains when the response of one row is larger by 1.
    gains = [
        terms @ (np.linalg.lstsq(design * np.sqrt(weights)[:, None], np.sqrt(weights) * row, rcond=None)[0])
        for row in np.eye(12)
    ]
    expected = np.array(gains).T ** 2 / weights
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)


def test_effective_clusters_are_as_many_as_supply_alike():
    clusters = pd.Series(list("aabcd"))
    shares = np.array([[0.125, 0.125, 0.25, 0.25, 0.25], [0.0, 0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 0.0, 0.0, 0.0]])
    assert effective_clusters(shares, clusters) == pytest.approx([4, 2, 1])


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_leaves_what_is_none():
    adjusted = holm(np.array([0.01, np.nan, 0.04, 0.03]))

    assert adjusted[[0, 2, 3]] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(adjusted[1])
    assert np.isnan(holm(np.array([np.nan]))).all()
    assert holm(np.array([])).size == 0
