"""Proves all that a service has written append-only:
every chain, every other sealed row, every seal.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, MetaData, String, Table, insert, literal_column, select

from service_kit.digests import is_erasure, row_hash, values_digest
from service_kit.process.secrets import Sealer
from service_kit.store import audit
from service_kit.store.database import Database
from service_kit.store.running import Reader
from service_kit.store.seals import HEAD, head_mac, mac_of
from service_kit.store.sqlstates import TRANSLATED
from service_kit.store.statements import Statements
from service_kit.store.tables import audit_entry, audit_seal, audit_seal_head, audit_unsealed

PAGE = 2_000
MOST_NAMED = 20
# One reading of everything, for as long as it takes.
WITHIN_SECONDS = 6 * 3600.0
HEADS = select(audit_seal_head).where(audit_seal_head.c.name == HEAD)
SEALS = select(audit_seal).order_by(audit_seal.c.number)
UNSEALED = select(audit_unsealed).order_by(
    audit_unsealed.c.subject, audit_unsealed.c.kind, audit_unsealed.c.sequence
)
TAKE_IN = insert(audit_unsealed)
# The server sorts and spills to its own disk; here only one subject at a time is held.
SEALED = """
SELECT (entry ->> 0)::uuid AS subject, entry ->> 1 AS kind, (entry ->> 2)::integer AS sequence,
decode(entry ->> 3, 'hex') AS hash,
       entry ->> 4 AS taken
FROM "{schema}".audit_seal, jsonb_array_elements(entries) AS entry
ORDER BY 1, 2, 3
"""
LAST_SEAL_UNKNOWN = "the head of the seals does not know this as the last"
Tell = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A row that does not hold; `kind` is its table, `subject` None for a seal."""

    subject: UUID | None
    kind: str
    sequence: int
    reason: str

    def __str__(self) -> str:
        place = (
            f"seal {self.sequence}"
            if self.subject is None
            else f"{self.kind} of {self.subject}, row {self.sequence}"
        )
        return f"{place}: {self.reason}"


@dataclass
class Findings:
    """What a verification saw; of many faults only the first are named."""

    rows: int = 0
    subjects: int = 0
    seals: int = 0
    found_later: int = 0
    unsealed: int = 0
    faults: list[Fault] = field(default_factory=list)
    # The notes that the rows lack which no seal knows: of a chain, that of its last row stands for
    # all.
    lacking: dict[tuple[UUID, str, int], bytes] = field(default_factory=dict)
    faulty: int = 0

    def add(self, fault: Fault) -> None:
        self.faulty += 1
        if len(self.faults) < MOST_NAMED:
            self.faults.append(fault)


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a seal, or what waits for one, says of a row."""

    hash: bytes
    taken: str


async def verify_all(
    database: Database, sealer: Sealer, tables: MetaData, *, tell: Tell = lambda _rows: None
) -> Findings:
    """Walk everything as of one moment. `tell` hears the number of rows from time to time."""
    findings = Findings()
    async with database.snapshot(statement_within=WITHIN_SECONDS) as reader:
        await _verify_seals(reader, database.statements, sealer, findings)
        async for subject, found in _by_subject(_streams(reader, database.statements, tables)):
            findings.subjects += 1
            _verify_subject(subject, found, tables, findings)
            tell(findings.rows)
    return findings


def _streams(
    reader: Reader, statements: Statements, tables: MetaData
) -> dict[str, AsyncIterator[Any]]:
    """Everything by subject:
    the audit, what other tables have sealed, what is sealed and what waits for it.
    """
    asked = {
        table.name: statements.compiled(_ordered(table), {}).sql
        for table in [audit_entry, *sealed_tables(tables)]
    }
    asked |= {
        "sealed": SEALED.format(schema=statements.schema),
        "unsealed": statements.compiled(UNSEALED, {}).sql,
    }
    return {name: _cursor(reader, f"of_{name}", sql) for name, sql in asked.items()}


def sealed_tables(tables: MetaData) -> list[Table]:
    """The append-only tables beside the audit whose rows are sealed,
    each with its subject's and its number's column.
    """
    return [table for table in tables.sorted_tables if "sealed" in table.info]


def _ordered(table: Table) -> Executable:
    subject, sequence = table.info.get("sealed", ("subject", "sequence"))
    keys = [table.c[subject].label("of_subject"), table.c[sequence].label("of_sequence")]
    return select(
        *keys, literal_column(f"'{table.name}'", String).label("of_kind"), table
    ).order_by(table.c[subject], table.c[sequence])


async def _cursor(reader: Reader, name: str, sql: str) -> AsyncIterator[Any]:
    """All rows, page by page, as of the moment of the snapshot."""
    with TRANSLATED:
        await reader.connection.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}")
    while page := await _page(reader, name):
        for row in page:
            yield row


async def _page(reader: Reader, name: str) -> list[Any]:
    with TRANSLATED:
        return list(await reader.connection.fetch(f"FETCH {PAGE} FROM {name}"))


async def _by_subject(
    streams: Mapping[str, AsyncIterator[Any]],
) -> AsyncIterator[tuple[UUID, dict[str, list[Any]]]]:
    """Streams that are in order of their subjects, merged:
    what each of them has of one subject, and then of the next.
    """
    heads = {
        name: row
        for name, stream in streams.items()
        if (row := await anext(stream, None)) is not None
    }
    while heads:
        subject = min(row[0] for row in heads.values())
        found: dict[str, list[Any]] = {}
        for name in list(heads):
            row = heads.pop(name)
            while row is not None and row[0] == subject:
                found.setdefault(name, []).append(row)
                row = await anext(streams[name], None)
            if row is not None:
                heads[name] = row
        yield subject, found


def _verify_subject(
    subject: UUID, found: Mapping[str, list[Any]], tables: MetaData, findings: Findings
) -> None:
    """All rows of one subject against their own digests and against what was noted of them."""
    notes, doubled = _notes(found)
    findings.unsealed += len(found.get("unsealed", ()))
    findings.found_later += sum(note.taken != "written" for note in notes.values())
    chain = found.get(audit_entry.name, [])
    faults = [*_faults_of_chain(chain, notes), *_faults_of_others(found, tables, chain, notes)]
    findings.lacking |= _lacking(subject, found, tables, notes)
    present = {
        (row["of_kind"], row["of_sequence"])
        for name in found
        if name not in ("sealed", "unsealed")
        for row in found[name]
    }
    findings.rows += len(present)
    faults += [
        (kind, sequence, "the row was removed")
        for kind, sequence in notes
        if (kind, sequence) not in present
    ]
    faults += [
        (kind, sequence, "the row was noted twice, so one note is forged")
        for kind, sequence in doubled
    ]
    for (kind, sequence), group in groupby(sorted(faults), key=lambda fault: fault[:2]):
        findings.add(Fault(subject=subject, kind=kind, sequence=sequence, reason=next(group)[2]))


def _notes(
    found: Mapping[str, list[Any]],
) -> tuple[dict[tuple[str, int], Note], set[tuple[str, int]]]:
    """What is noted of each row, and which rows are noted more than once:
    a row is noted when it is written, and never again.
    """
    notes: dict[tuple[str, int], Note] = {}
    doubled = set()
    for name in ("sealed", "unsealed"):
        for row in found.get(name, ()):
            key = (row["kind"], row["sequence"])
            if key in notes:
                doubled.add(key)
            notes.setdefault(key, Note(hash=bytes(row["hash"]), taken=row["taken"]))
    return notes, doubled


def _lacking(
    subject: UUID,
    found: Mapping[str, list[Any]],
    tables: MetaData,
    notes: Mapping[tuple[str, int], Note],
) -> dict[tuple[UUID, str, int], bytes]:
    ends = found.get(audit_entry.name, [])[-1:]
    lacking = {(subject, audit_entry.name, row["sequence"]): bytes(row["hash"]) for row in ends}
    for table in sealed_tables(tables):
        lacking |= {
            (subject, table.name, row["of_sequence"]): row_hash(table, row)
            for row in found.get(table.name, ())
        }
    return {key: hash_ for key, hash_ in lacking.items() if key[1:] not in notes}


async def take_in(database: Database, lacking: Mapping[tuple[UUID, str, int], bytes]) -> None:
    """Have these rows sealed as they are found:
    for whoever knows that the previous release wrote them during an upgrade.
    """
    notes = [
        {"subject": subject, "kind": kind, "sequence": sequence, "hash": hash_, "taken": "found"}
        for (subject, kind, sequence), hash_ in lacking.items()
    ]
    async with database.transaction(statement_within=WITHIN_SECONDS) as tx:
        await tx.execute_many(TAKE_IN, notes)


def _faults_of_chain(
    chain: Sequence[Any], notes: Mapping[tuple[str, int], Note]
) -> Iterator[tuple[str, int, str]]:
    kind = audit_entry.name
    try:
        audit.verify(chain)
    except audit.ChainBroken as broken:
        yield kind, broken.sequence, broken.reason
    sealed_to = max((sequence for of, sequence in notes if of == kind), default=0)
    last_erasure = _last_erasure(chain)
    for row in chain:
        note = notes.get((kind, row["sequence"]))
        if note is not None and note.hash != bytes(row["hash"]):
            yield kind, row["sequence"], "the row is not the one that was sealed"
        if row["sequence"] > sealed_to:
            yield kind, row["sequence"], "no seal knows this row"
        is_emptied = row["salt"] is None and row["sequence"] >= last_erasure
        if is_emptied and (note is None or note.taken != "emptied"):
            yield kind, row["sequence"], "the values were emptied without a record of an erasure"


def _last_erasure(chain: Sequence[Any]) -> int:
    """The sequence of the last row that says that an erasure took place:
    below it rows may be empty.
    """
    return max((row["sequence"] for row in chain if is_erasure(row["action"])), default=0)


def _faults_of_others(
    found: Mapping[str, list[Any]],
    tables: MetaData,
    chain: Sequence[Any],
    notes: Mapping[tuple[str, int], Note],
) -> Iterator[tuple[str, int, str]]:
    was_erased = _last_erasure(chain) > 0
    for table in sealed_tables(tables):
        for row in found.get(table.name, ()):
            key = (table.name, row["of_sequence"])
            if reason := _fault_of(table, row, notes.get(key), was_erased=was_erased):
                yield *key, reason


def _fault_of(table: Table, row: Any, note: Note | None, *, was_erased: bool) -> str | None:
    value, salt = table.info["erasable"]
    if note is None:
        return "no seal knows this row"
    if note.hash != row_hash(table, row):
        return "the row is not the one that was sealed"
    if row["digest"] is None:
        # The previous release wrote it, and it was taken in: its facts are sealed, its record never
        # was.
        return None if note.taken == "found" else "the values were changed"
    if row[salt] is not None:
        return (
            None
            if values_digest(bytes(row[salt]), row[value]) == bytes(row["digest"])
            else "the values were changed"
        )
    if row[value] != table.info["emptied"]:
        return "the values were changed"
    return (
        None
        if was_erased or note.taken == "emptied"
        else "the values were emptied without a record of an erasure"
    )


async def _verify_seals(
    reader: Reader, statements: Statements, sealer: Sealer, findings: Findings
) -> None:
    """Each seal stands on the one before it, and the head knows the last."""
    last = b""
    async for row in _cursor(reader, "of_seals", statements.compiled(SEALS, {}).sql):
        findings.seals += 1
        reason = _fault_of_seal(row, findings.seals, last, sealer)
        last = bytes(row["mac"])
        if reason:
            findings.add(
                Fault(subject=None, kind=audit_seal.name, sequence=row["number"], reason=reason)
            )
            findings.seals = row["number"]
    head = await reader.fetch_one(HEADS)
    if head is None:
        if findings.seals:
            findings.add(
                Fault(
                    subject=None,
                    kind=audit_seal.name,
                    sequence=findings.seals,
                    reason="the head of the seals was removed",
                )
            )
    elif head["number"] != findings.seals or bytes(head["mac"]) != head_mac(
        sealer, findings.seals, last
    ):
        number = max(head["number"], findings.seals)
        findings.add(
            Fault(subject=None, kind=audit_seal.name, sequence=number, reason=LAST_SEAL_UNKNOWN)
        )


def _fault_of_seal(row: Any, number: int, last: bytes, sealer: Sealer) -> str | None:
    if row["number"] != number:
        return "a seal before it was removed"
    made = mac_of(
        sealer, number=number, sealed_at=row["sealed_at"], previous=last, entries=row["entries"]
    )
    return (
        None
        if made == bytes(row["mac"])
        else "the seal was changed, or GUANXI_SECRET_KEY is another one"
    )
