"""Looks at an XLSX file before anything unpacks it:
what a zip bomb would cost is refused by its table of contents.
"""

import zipfile

from service_kit.sheet.domain import SheetNotReadable

MOST_ENTRIES = 2_000
LARGEST_UNPACKED = 400_000_000
LARGEST_RATIO = 150
RATIO_COUNTS_FROM = 20_000_000


def check_archive(path: str) -> None:
    """Raise SheetNotReadable for what is no workbook or would unpack to something unreasonable."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise SheetNotReadable(
            "the file looks like a workbook but its archive is broken"
        ) from error
    if not any(entry.filename.lower().endswith("workbook.xml") for entry in entries):
        raise SheetNotReadable("the archive holds no workbook")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    is_bomb = unpacked > RATIO_COUNTS_FROM and unpacked > LARGEST_RATIO * max(packed, 1)
    if len(entries) > MOST_ENTRIES or unpacked > LARGEST_UNPACKED or is_bomb:
        raise SheetNotReadable("the workbook would unpack to more than is accepted; save it as CSV")
    if any(entry.flag_bits & 1 for entry in entries):
        raise SheetNotReadable("the workbook is protected by a password")
