"""What schemathesis cannot know:
refusals of well-formed requests that the conventions of the API demand, each with its reason.
"""

import json
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

# A schema can say how a value looks, not whether it is the present one. The status is the one that
# the conventions name.
DEMANDED = {
    "precondition-failed": 412,  # A well-formed ETag that is not the resource's present one.
    # A change without ETag, where the contract cannot say that `*` or a tag has to be there.
    "precondition-required": 428,
    "cursor-invalid": 422,  # A cursor of the right shape that no list of ours has signed.
    "idempotency-key-reused": 422,  # The same key with another body.
    "encoding-unknown": 422,  # As a file that is no sheet.
    # A file whose bytes are no sheet: a schema sees a file only as bytes.
    "sheet-not-readable": 422,
    "mapping-not-usable": 422,  # A mapping that names no column of the file beside it.
    "event-type-unknown": 422,  # A well-formed type of events that nobody tells.
    "identifier-not-readable": 422,  # Digits in the form of a phone number that nobody could dial.
    # An address that does not resolve, or into a private range: no pattern can tell.
    "webhook-target-refused": 422,
}
# JSON Schema calls 1.0 an integer, which the API takes strictly; it lists no time zones of the
# world, and does not tell free JSON how deep it may be or how large its numbers.
BEYOND_SCHEMAS = (
    "a whole number is expected here",
    "a time zone is an IANA name",
    "nested deeper than",
    "an object or array in it has more than",
    "a text in it has more than",
    "numbers lie within what a double holds",
)


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Drop a failure only where a request got exactly the refusal that is demanded."""
    problem = problem_of(response)
    kind = str(problem.get("type", "")).rpartition("/")[2]
    if isinstance(failure, AcceptedNegativeData):
        # A body that is both wrong and beyond the limit of its size is refused by its size, which
        # is looked at first.
        return (kind, response.status_code) != ("too-large", 413)
    if not isinstance(failure, RejectedPositiveData):
        return True
    reasons = {fault["detail"] for fault in problem.get("errors", ())}
    is_beyond_schemas = bool(reasons) and all(
        reason.startswith(BEYOND_SCHEMAS) for reason in reasons
    )
    return DEMANDED.get(kind) != response.status_code and not is_beyond_schemas


def problem_of(response: Any) -> dict[str, Any]:
    try:
        problem = json.loads(response.content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
