"""A letter as PDF."""

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pydantic_core import to_json

from complaints.letter.document import Letter

if TYPE_CHECKING:
    import typst


def render_pdf(letter: Letter) -> bytes:
    """The bytes of the file, with the fonts in it.
    The text travels as a value beside the page's source, never inside it.
    """
    import typst

    lang, _, region = letter.language.partition("-")
    blocks = [{"kind": block.kind, "lines": block.lines} for block in letter.blocks]
    values = {
        "title": letter.title,
        "author": letter.author,
        "lang": lang,
        "region": region if len(region) == 2 else None,
        "blocks": blocks,
    }
    source = resources.files("complaints.letter").joinpath("templates/layout.typ").read_bytes()
    return typst.compile(
        source,
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"letter": to_json(values).decode()},
        # typst refuses parts of a second.
        timestamp=letter.written_at.replace(microsecond=0),
    )


@cache
def _fonts() -> "typst.Fonts":
    import pylopdf_fonts_zh_cn
    import typst

    return typst.Fonts(
        include_system_fonts=False, font_paths=[pylopdf_fonts_zh_cn.sans_path().parent]
    )
