"""Merge patches: laid over the document member by member,
and checked as the whole that comes of it.
"""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from service_kit.words.errors import Conflict, escaped
from service_kit.words.merging import merged
from service_kit.words.wording import worded

Whole = TypeVar("Whole", bound=BaseModel)
MOST_ERRORS = 50


class PatchedDocumentIncomplete(Conflict):
    """What would come of this change lacks something that the document needs;
    `errors` says what.
    """


def patched(model: type[Whole], present: BaseModel, patch: BaseModel) -> Whole:
    """The document as callers would send it whole, after the patch.

    Raises PatchedDocumentIncomplete where the patch gives only a part of something that was not
    there.
    """
    document = present.model_dump(mode="json", include=set(model.model_fields))
    try:
        return model.model_validate_json(
            to_json(merged(document, patch.model_dump(mode="json", exclude_unset=True)))
        )
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
        errors = [
            {
                "pointer": "".join(f"/{escaped(str(place))}" for place in each["loc"]),
                "detail": worded(each),
            }
            for each in found
        ]
        raise PatchedDocumentIncomplete(errors=errors) from error
