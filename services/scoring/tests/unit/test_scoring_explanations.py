"""Every score is the exact sum of its parts,
and one customer is scored as a run scores everybody.
"""

import json
from datetime import date
from decimal import Decimal
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.card.domain import CutPoints, Definition, ScoreName, card_of, day_number
from scoring.model.parameters import BgNbd, GammaGamma
from scoring.purchase.domain import Statistic
from scoring.score.domain import profit_alone, scores
from scoring.score_run import binary_copy, calculations
from scoring.score_run.copied_columns import CARD, INPUTS
from scoring.score_run.work import _told
from scoring.survey.domain import critical_reasons, satisfaction_parts, words_of
from service_kit.words.identity import new_id

FIGURES = {"log_likelihood": -1.0, "gradient_norm": 0.0, "customers": 2.0, "steps": 1}


def a_definition(**changes) -> Definition:
    given = {
        "run_id": new_id(),
        "currency": "USD",
        "as_of": date(1998, 6, 30),
        "time_unit": "week",
        "horizon_months": 12,
        "annual_discount": Decimal("0.10"),
        "margin": Decimal("0.30"),
        "cuts": CutPoints(
            last_day=[-900, -800, -700, -600],
            order_days=[2, 3, 4, 5],
            net=[10, 20, 30, 40],
            first_day=[700, 800, 900, 1000],
        ),
        "bg_nbd": BgNbd(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259, **FIGURES),
        "gamma_gamma": GammaGamma(p=6.25, q=3.74, gamma=15.44, **FIGURES),
    }
    return Definition(**{**given, **changes})


@st.composite
def statistics(draw) -> Statistic:
    first = draw(st.integers(0, 500))
    last = first + draw(st.integers(0, 40))
    order_days = draw(st.integers(2, 30)) if last > first else 1
    first_amount = draw(st.integers(0, 10**7))
    return Statistic(
        customer_id=new_id(),
        currency="USD",
        order_days=order_days,
        first_day=date.fromordinal(729_000 + first),
        last_day=date.fromordinal(729_000 + last),
        last_activity=date.fromordinal(729_000 + last),
        order_amount=first_amount + (draw(st.integers(0, 10**9)) if order_days > 1 else 0),
        order_cost=draw(st.integers(0, 10**8)),
        refund_amount=draw(st.integers(0, 10**7)),
        refund_cost=draw(st.integers(0, 10**6)),
        first_day_amount=first_amount,
    )


@settings(max_examples=150, deadline=None)
@given(statistics())
def test_every_score_is_the_exact_sum_of_its_parts(statistic):
    definition = a_definition()
    card = card_of(statistic, definition, id=new_id(), as_of=definition.as_of)

    found = {score.name: score for score in scores(card, definition)}

    assert set(found) == set(get_args(ScoreName))
    for name, score in found.items():
        assert sum((part.value for part in score.parts), Decimal(0)) == score.value
        assert card.value_of(name) == score.value


@settings(max_examples=60, deadline=None)
@given(st.lists(statistics(), min_size=1, max_size=20), st.sampled_from(["day", "week", "month"]))
def test_one_customer_is_scored_as_a_run_scores_everybody(many, unit):
    definition = a_definition(time_unit=unit)
    rows = {
        name: np.array(
            [day_number(v) if isinstance(v := getattr(each, name), date) else v for each in many]
        )
        for name in INPUTS
        if name != "customer_id"
    }
    rows["customer_id"] = np.array([np.void(each.customer_id.bytes) for each in many])

    told = json.loads(json.dumps(_told(definition)))
    made = binary_copy.read(
        calculations.cards(binary_copy.write(INPUTS, rows), definition=told, milliseconds=1), CARD
    )

    for place, statistic in enumerate(many):
        card = card_of(statistic, definition, id=new_id(), as_of=definition.as_of)
        assert bytes(made["customer_id"][place]) == statistic.customer_id.bytes
        for name in ("recency", "frequency", "monetary", "tenure"):
            assert made[name][place] == getattr(card, name), name
        for name, step in (
            ("p_alive", 1),
            ("expected_orders", 1),
            ("order_value", 100),
            ("clv", 100),
        ):
            assert abs(int(made[name][place]) - getattr(card, name)) <= step, name


def test_scores_without_models_are_rank_and_profit_alone():
    definition = a_definition(bg_nbd=None, gamma_gamma=None)
    statistic = a_statistic()

    found = [
        score.name
        for score in scores(
            card_of(statistic, definition, id=new_id(), as_of=definition.as_of), definition
        )
    ]

    assert found == ["rfm", "profit"]
    assert profit_alone(statistic).value == Decimal("100.00")


def a_statistic() -> Statistic:
    day = date(1998, 1, 1)
    sums = {
        "order_amount": 1_000_000,
        "order_cost": 0,
        "refund_amount": 0,
        "refund_cost": 0,
        "first_day_amount": 1_000_000,
    }
    return Statistic(
        customer_id=new_id(),
        currency="USD",
        order_days=1,
        first_day=day,
        last_day=day,
        last_activity=day,
        **sums,
    )


def test_columns_come_back_as_they_were_written_and_nulls_keep_their_place():
    rows = {
        "order_days": np.array([1, -2]),
        "net": np.array([2**40, -(2**40)]),
        "first_day": np.array([0, 9]),
        "last_day": np.array([5, 6]),
    }
    layout = {"last_day": "date", "order_days": "int4", "net": "int8", "first_day": "date"}

    back = binary_copy.read(binary_copy.write(layout, rows), layout)
    with_null = binary_copy.write(
        layout, {name: rows[name] for name in rows if name != "net"}, absent=["net"]
    )

    assert {name: back[name].tolist() for name in layout} == {
        name: rows[name].tolist() for name in layout
    }
    assert len(with_null) == len(binary_copy.write(layout, rows)) - 16
    with pytest.raises(ValueError, match="width"):
        binary_copy.read(with_null, layout)
    with pytest.raises(ValueError, match="COPY"):
        binary_copy.read(b"nonsense", layout)


def test_ids_made_for_many_cards_are_uuids_of_version_seven_of_their_moment():
    from uuid import UUID

    ids = [
        UUID(bytes=bytes(each)) for each in binary_copy.new_ids(50, milliseconds=1_700_000_000_123)
    ]

    assert len(set(ids)) == 50
    assert {id.version for id in ids} == {7}
    assert {id.int >> 80 for id in ids} == {1_700_000_000_123}


def test_a_remark_with_one_of_the_companys_words_is_critical_whatever_the_score():
    words = words_of("Lawyer, 投诉 ,")

    assert words == ["lawyer", "投诉"]
    assert critical_reasons("nps", 10, "my LAWYER will call", words) == ["remark"]
    assert critical_reasons("nps", 6, None, words) == ["low_score"]
    assert critical_reasons("csat", 3, "fine", words) == []


def test_satisfaction_weighs_answers_alike_on_a_hundred():
    assert satisfaction_parts([("csat", 5), ("nps", 5), ("nps", 0)]) == {
        "csat": Decimal("33.33"),
        "nps": Decimal("16.67"),
    }
