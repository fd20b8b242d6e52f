"""How much a request may send:
files only where a route reads them, and nothing is read of what is refused anyway.
"""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import Response, UploadFile
from service_kit.testing import serving
from service_kit.web.call import Call
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Output

SMALL, LARGE = 2_000, 20_000
BOUNDARY = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


class Size(Output):
    """How large a file was."""

    size: int


router = Router(tags=["files"])


@router.post("/v1/files/{file_id}", response_model=Size, engine="fastapi")
async def take_file(
    file_id: str, file: UploadFile, call: Annotated[Call, requires("notes:write")]
) -> Response:
    """Take a file."""
    return call.answer(Size(size=len(await file.read())))


def form(size: int) -> bytes:
    return BOUNDARY + b"a" * size + b"\r\n--x--\r\n"


@pytest.fixture
async def api(compose, signing_keys):
    service = compose(router, work=False, largest_body_bytes=SMALL, largest_upload_bytes=LARGE)
    async with serving(service, signing_keys) as api:
        yield api


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    """Without a length that could be looked at beforehand."""
    for begin in range(0, len(content), 500):
        yield content[begin : begin + 500]


@pytest.mark.parametrize(("size", "status"), [(SMALL * 3, 200), (LARGE * 2, 413)])
async def test_a_route_that_reads_files_takes_those_up_to_the_limit_of_uploads(api, size, status):
    for content in (form(size), in_pieces(form(size))):
        assert (
            await api.request("POST", "/v1/files/1", content=content, headers=FORM)
        ).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/notes"), ("POST", "/v1/files"), ("PUT", "/v1/files/1"), ("POST", "/v1/none")],
)
async def test_calling_a_body_a_form_does_not_raise_the_limit_elsewhere(api, method, path):
    answer = await api.request(method, path, content=form(SMALL * 3), headers=FORM)

    assert answer.status_code == 413


async def test_a_wrong_content_type_is_told_before_the_body_is_read(api):
    answer = await api.request(
        "POST",
        "/v1/notes",
        content=in_pieces(b" " * SMALL * 3),
        headers={"Content-Type": "text/plain"},
    )

    assert answer.status_code == 415


async def test_a_form_is_as_strict_as_a_body_about_fields_it_does_not_know(api):
    content = b'--x\r\nContent-Disposition: form-data; name="color"\r\n\r\nred\r\n' + form(10)

    answer = await api.request("POST", "/v1/files/1", content=content, headers=FORM)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/color"]
