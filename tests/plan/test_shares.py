from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.plan.final_gates import CoverageRule, DurationRule
from ci_orchestrator.plan.shares import format_percent


@given(st.integers(0, 1_000_000))
def test_a_lock_has_a_share_exactly_as_it_was_written(millionths: int) -> None:
    written = f"{Decimal(millionths) / 10_000:f}%"
    rule = CoverageRule.model_validate({"max-drop": written})
    assert rule.max_drop == pytest.approx(millionths / 1_000_000)
    kept = rule.model_dump(mode="json", by_alias=True)
    assert Decimal(kept["max-drop"].removesuffix("%")) * 10_000 == millionths
    assert CoverageRule.model_validate(kept) == rule


def test_growth_may_be_more_than_all() -> None:
    rule = DurationRule.model_validate({"max-growth": "1000%"})
    assert (rule.max_growth, format_percent(rule.max_growth)) == (10.0, "1000%")
    with pytest.raises(ValueError, match="not such a share"):
        DurationRule.model_validate({"max-growth": "1000.5%"})
