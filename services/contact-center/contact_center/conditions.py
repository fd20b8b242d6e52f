"""The condition of a PUT that may create."""

from service_kit.words.errors import PreconditionFailed, PreconditionRequired

from contact_center.call import Call

EXISTS = "the document exists already: read it, then replace it with If-Match"


def creates(call: Call, present_version: int | None) -> bool:
    """Whether this PUT makes a new document: `If-None-Match: *` creates, `If-Match` replaces.

    Raises PreconditionRequired when the request says neither, PreconditionFailed when what it says
    does not hold.
    """
    if present_version is not None:
        if call.creates_only:
            raise PreconditionFailed(EXISTS)
        call.require_match(present_version)
        return False
    if call.creates_only:
        return True
    if call.request.headers.get("if-match") is not None:
        raise PreconditionFailed("there is no document to replace: create it with If-None-Match: *")
    raise PreconditionRequired("say If-None-Match: * to create this document")
