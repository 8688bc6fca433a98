"""Limits on the time of the mask stages: from ratios to verdicts."""

from __future__ import annotations

import math
import sys

import pytest
from support.run import LONG_STAGES, ROOT

sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

from pipeline_table import Row
from stage_runs import Run
from throughput_limits import LIMITS, verdicts


@pytest.mark.parametrize("outlines", LIMITS)
def test_a_stage_keeps_its_limit_up_to_the_limit_itself(outlines):
    limits = LIMITS[outlines]
    assert set(limits) == set(LONG_STAGES)

    kept = verdicts(limits, outlines)
    passed = verdicts({stage: limit + 0.001 for stage, limit in limits.items()}, outlines)

    for stage, told, above in zip(limits, kept, passed, strict=True):
        assert told == f"{stage}: {limits[stage]:.3f} x libpng, at most {limits[stage]:.2f}"
        assert above == f"{stage}: {limits[stage] + 0.001:.3f} x libpng, ABOVE {limits[stage]:.2f}"


def test_a_verdict_needs_a_measured_ratio_and_a_limit():
    nothing = {"create_dataset + move_dataset": math.nan, "create_multiannotator_subset": 0.1}
    assert verdicts(nothing, "smooth") == []
    assert verdicts({"mask_qa": math.nan}, "ragged") == [
        "mask_qa: NOT MEASURED, the set is too small; at most 0.60 x libpng"
    ]
    with pytest.raises(KeyError, match="frayed"):
        verdicts({}, "frayed")


def test_a_stage_counts_by_the_clock_or_by_cpu_whichever_is_more():
    libpng = Run(10.0, 20.0, 0, 0)
    assert Row("mask_qa", Run(1.0, 5.0, 0, 0), libpng=libpng).ratio_to_libpng == 0.25
    assert Row("mask_qa", Run(3.0, 5.0, 0, 0), libpng=libpng).ratio_to_libpng == 0.3
    assert math.isnan(Row("mask_qa", Run(3.0, 5.0, 0, 0), libpng=Run(0.0, 0.0, 0, 0)).ratio_to_libpng)
