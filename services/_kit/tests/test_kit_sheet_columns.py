"""Two columns of a sheet for one field are refused, since nobody can say which is meant."""

from service_kit.sheet.columns import contested


def test_columns_for_different_fields_do_not_compete():
    assert contested([("Sum", "amount"), ("Day", "occurred_at")]) == ""


def test_two_columns_for_one_field_are_named():
    told = contested([("Sum", "amount"), ("Day", "occurred_at"), ("Total", "amount")])

    assert told == "the columns 'Sum' and 'Total' both fill amount; say in `mapping` which one does"


def test_a_field_of_which_a_row_may_say_several_things_takes_several_columns():
    named = [("Phone", "phone"), ("Mobile", "phone")]

    assert contested(named, several={"phone"}) == ""
    assert contested(named) != ""
