"""The course of complaints over HTTP."""

from typing import Annotated

from service_kit.web.routing import Router, requires
from starlette.responses import Response

from complaints.call import Call
from complaints.course.schemas import CourseView, course_view

router = Router(tags=["complaints"])


@router.get("/v1/complaint-course", response_model=CourseView)
async def read_complaint_course(call: Annotated[Call, requires("complaints:read")]) -> Response:
    """Read the table by which complaints move: states, moves, whose they are, and where they lead.

    Labels are in the language of the request.
    """
    return call.answer(course_view(call.language))
