"""Quintiles: ties share the lowest, one value is placed as many are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.model import rfm


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=60))
def test_a_quintile_is_one_plus_five_times_the_share_of_those_strictly_worse(values):
    cuts = rfm.cut_points(np.array(values))

    for value in values:
        worse = sum(other < value for other in values)
        assert rfm.quintile(value, cuts) == 1 + 5 * worse // len(values)


def test_ten_different_values_fill_the_quintiles_by_two():
    values = np.arange(10)

    assert rfm.quintiles(values, rfm.cut_points(values)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_equal_values_share_the_lowest_quintile_of_theirs():
    values = np.array([1] * 6 + [2, 3, 4, 5])

    assert rfm.quintiles(values, rfm.cut_points(values)).tolist() == [1] * 6 + [4, 4, 5, 5]


def test_a_single_customer_is_in_the_first_quintile():
    assert rfm.quintile(7, rfm.cut_points(np.array([7]))) == 1


@pytest.mark.parametrize("value", [-100, 3, 100])
def test_one_value_is_placed_as_many_are(value):
    cuts = rfm.cut_points(np.array([1, 2, 3, 4, 5, 6, 7]))

    assert rfm.quintile(value, cuts) == rfm.quintiles(np.array([value]), cuts)[0]
