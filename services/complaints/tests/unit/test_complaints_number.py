"""Numbers that survive being read out on the telephone."""

from datetime import date
from uuid import UUID

from complaints.case.number import SIGNS, complaint_number, is_well_formed
from hypothesis import given
from hypothesis import strategies as st

DAY = date(2026, 11, 21)
ids = st.uuids()


@given(ids)
def test_a_number_names_its_day_and_checks_itself(complaint_id: UUID) -> None:
    number = complaint_number(complaint_id, day=DAY)

    assert number.startswith("C20261121-")
    assert is_well_formed(number)
    assert number == complaint_number(complaint_id, day=DAY)


@given(ids, st.data())
def test_one_wrong_sign_is_noticed(complaint_id: UUID, data: st.DataObject) -> None:
    number = complaint_number(complaint_id, day=DAY)
    place = data.draw(st.sampled_from([*range(1, 9), *range(10, len(number))]))
    others = "0123456789" if place < 9 else SIGNS
    wrong = data.draw(st.sampled_from(others.replace(number[place], "")))

    assert not is_well_formed(number[:place] + wrong + number[place + 1 :])


@given(ids, st.integers(10, 15))
def test_two_swapped_neighbors_are_noticed(complaint_id: UUID, place: int) -> None:
    number = complaint_number(complaint_id, day=DAY)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    assert swapped == number or not is_well_formed(swapped)


@given(ids)
def test_a_further_attempt_gives_another_number(complaint_id: UUID) -> None:
    assert (
        len({complaint_number(complaint_id, day=DAY, attempt=attempt) for attempt in range(20)})
        > 15
    )


@given(st.text(max_size=20))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert not is_well_formed(text) or text.startswith("C")
