"""Which columns of a sheet fill which fields: what all imports ask alike."""

from collections.abc import Collection, Iterable

from service_kit.words.messages import said

LONGEST_SHOWN = 60


def contested(named: Iterable[tuple[str, str]], *, several: Collection[str] = ()) -> str:
    """Why two of these columns cannot fill their field, since nobody can say which is meant; empty
    where none compete.

    `several` are fields of which a row may say several things.
    """
    first: dict[str, str] = {}
    for column, field in named:
        if field in first and field not in several:
            return said(
                "the columns '{one}' and '{other}' both fill {field}; say in `mapping` which one"
                " does",
                one=first[field][:LONGEST_SHOWN],
                other=column[:LONGEST_SHOWN],
                field=field,
            )
        first.setdefault(field, column)
    return ""
