"""A letter as DOCX."""

from io import BytesIO
from typing import TYPE_CHECKING

from complaints.letter.document import Block, Letter

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle

FONT = "Noto Sans SC"
SIZES = {"head": 9, "title": 18, "section": 12}


def render_docx(letter: Letter) -> bytes:
    """The bytes of the file; text goes in as text, line by line."""
    # Imported at the first letter: the library and its XML engine cost a process that writes none
    # more than all else here.
    import docx

    document = docx.Document()
    _set_up(document, letter)
    for block in letter.blocks:
        _write(document, block)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _set_up(document: "Document", letter: Letter) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(26)
    style: ParagraphStyle = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(10.5)
    # Word keeps the font of Chinese text apart from that of Latin text.
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    properties = document.core_properties
    # The format allows 255 characters here.
    properties.title, properties.author = letter.title[:255], letter.author[:255]
    properties.language = letter.language
    properties.created = properties.modified = letter.written_at.replace(tzinfo=None)
    properties.comments = ""


def _write(document: "Document", block: Block) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    sides = {
        "head": WD_ALIGN_PARAGRAPH.RIGHT,
        "title": WD_ALIGN_PARAGRAPH.CENTER,
        "signature": WD_ALIGN_PARAGRAPH.RIGHT,
    }
    paragraph = document.add_paragraph(style="List Bullet" if block.kind == "item" else None)
    if block.kind in sides:
        paragraph.alignment = sides[block.kind]
    run = paragraph.add_run()
    for place, line in enumerate(block.lines):
        if place:
            run.add_break()
        run.add_text(line)
    if block.kind in SIZES:
        run.font.size = Pt(SIZES[block.kind])
