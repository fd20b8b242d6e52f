"""What would break a client between two versions of a contract:
within v1 only additions are allowed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")
UPPER_LIMITS = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
LOWER_LIMITS = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


def breaking_changes(old: Document, new: Document) -> list[str]:
    """One line for each change that a client of the old contract would notice as a failure."""
    comparison = _Comparison(old, new)
    return [*comparison.operations("paths"), *comparison.operations("webhooks")]


class _Comparison:
    """Two documents side by side;
    a schema pair that is being compared already is not entered again.
    """

    def __init__(self, old: Document, new: Document) -> None:
        self._old = old
        self._new = new
        self._open: set[tuple[str, str, bool]] = set()

    def operations(self, section: str) -> Iterator[str]:
        for path, item in self._old.get(section, {}).items():
            present = self._new.get(section, {}).get(path, {})
            for method in METHODS:
                if method in item:
                    place = f"{method.upper()} {path}"
                    if method not in present:
                        yield f"{place} is gone"
                    else:
                        yield from self._operation(
                            place, item[method], present[method], is_told=section == "webhooks"
                        )

    def _operation(
        self, place: str, old: Document, new: Document, *, is_told: bool
    ) -> Iterator[str]:
        if more := _more_scopes(old, new):
            yield f"{place} asks for more scopes: {', '.join(sorted(more))}"
        yield from self._parameters(place, old, new)
        yield from self._bodies(
            place, old.get("requestBody"), new.get("requestBody"), is_told=is_told
        )
        for status, response in old["responses"].items():
            if not str(status).startswith("2"):
                continue
            if status not in new["responses"]:
                yield f"{place} no longer answers {status}"
                continue
            content = _resolved(self._new, new["responses"][status]).get("content", {})
            for media_type, body in _resolved(self._old, response).get("content", {}).items():
                if media_type not in content:
                    yield f"{place} {status} is no longer {media_type}"
                else:
                    yield from self.schemas(
                        f"{place} {status}",
                        body.get("schema", {}),
                        content[media_type].get("schema", {}),
                        is_input=False,
                    )

    def _parameters(self, place: str, old: Document, new: Document) -> Iterator[str]:
        before, after = _by_name(self._old, old), _by_name(self._new, new)
        for name, parameter in after.items():
            if parameter.get("required") and not before.get(name, {}).get("required"):
                yield f"{place} requires the parameter {name}"
        for name, parameter in before.items():
            if name not in after:
                yield f"{place} lost the parameter {name}"
            else:
                yield from self.schemas(
                    f"{place} {name}",
                    parameter.get("schema", {}),
                    after[name].get("schema", {}),
                    is_input=True,
                )

    def _bodies(
        self, place: str, old: Document | None, new: Document | None, *, is_told: bool
    ) -> Iterator[str]:
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield f"{place} requires a body"
        after = (new or {}).get("content", {})
        for media_type, body in (old or {}).get("content", {}).items():
            if media_type not in after:
                yield f"{place} no longer takes {media_type}"
            else:
                yield from self.schemas(
                    f"{place} body",
                    body.get("schema", {}),
                    after[media_type].get("schema", {}),
                    is_input=not is_told,
                )

    def schemas(self, place: str, old: Any, new: Any, *, is_input: bool) -> Iterator[str]:
        """What narrows an input, or widens an output."""
        pair = (str(old.get("$ref", id(old))), str(new.get("$ref", id(new))), is_input)
        if pair in self._open:
            return
        self._open.add(pair)
        found = list(
            self._resolved(
                place, _resolved(self._old, old), _resolved(self._new, new), is_input=is_input
            )
        )
        self._open.discard(pair)
        yield from found

    def _resolved(
        self, place: str, old: Document, new: Document, *, is_input: bool
    ) -> Iterator[str]:
        before, after = self._branches(self._old, old), self._branches(self._new, new)
        if len(before) == len(after) == 1:
            yield from self._single(place, before[0], after[0], is_input=is_input)
            return
        given, readers = (before, after) if is_input else (after, before)
        for branch in given:
            pairs = [(branch, reader) if is_input else (reader, branch) for reader in readers]
            if not any(not list(self._single(place, *pair, is_input=is_input)) for pair in pairs):
                verb = "no longer takes" if is_input else "may now be"
                yield f"{place} {verb} {_kind(branch)}"

    def _branches(self, document: Document, schema: Document) -> list[Document]:
        """A schema as its alternatives, each resolved;
        the members that stand beside anyOf belong to all of them.
        """
        for word in ("anyOf", "oneOf"):
            if word in schema:
                beside = {name: value for name, value in schema.items() if name != word}
                return [
                    {**beside, **branch}
                    for each in schema[word]
                    for branch in self._branches(document, _resolved(document, each))
                ]
        return [schema]

    def _single(self, place: str, old: Document, new: Document, *, is_input: bool) -> Iterator[str]:
        narrow, wide = (new, old) if is_input else (old, new)
        verb = "no longer takes" if is_input else "may now be"
        if more := _types(wide) - _types(narrow):
            yield f"{place} {verb} {', '.join(sorted(more))}"
            return
        narrow_values, wide_values = _values(narrow), _values(wide)
        if narrow_values is not None and (
            wide_values is None or (set(wide_values) - set(narrow_values))
        ):
            more_values = sorted(set(wide_values or ()) - set(narrow_values))
            yield f"{place} {verb} {', '.join(more_values) or 'other than its list of values'}"
        if is_input:
            yield from _narrowed_limits(place, old, new)
        yield from self._members(place, old, new, is_input=is_input)
        if "items" in old and "items" in new:
            yield from self.schemas(f"{place}[]", old["items"], new["items"], is_input=is_input)

    def _members(
        self, place: str, old: Document, new: Document, *, is_input: bool
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in after and (not is_input or new.get("additionalProperties") is False):
                yield f"{place} lost {name}"
            elif name in after:
                yield from self.schemas(
                    f"{place}.{name}", before[name], after[name], is_input=is_input
                )
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(now - was if is_input else was - now):
            if is_input or name in after:
                yield f"{place} requires {name}" if is_input else f"{place} may now lack {name}"
        if (
            is_input
            and old.get("additionalProperties", True)
            and new.get("additionalProperties", True) is False
        ):
            yield f"{place} no longer takes other members"


def _narrowed_limits(place: str, old: Document, new: Document) -> Iterator[str]:
    for limit in UPPER_LIMITS:
        if limit in new and (limit not in old or new[limit] < old[limit]):
            yield f"{place} has a lower {limit}: {new[limit]}"
    for limit in LOWER_LIMITS:
        if limit in new and (limit not in old or new[limit] > old[limit]):
            yield f"{place} has a higher {limit}: {new[limit]}"
    for rule in ("pattern", "format", "multipleOf"):
        if rule in new and new[rule] != old.get(rule):
            yield f"{place} has another {rule}: {new[rule]}"


def _resolved(document: Document, schema: Any) -> Document:
    """The schema with its reference followed; what stands beside the reference is kept."""
    while isinstance(schema, Mapping) and "$ref" in schema:
        target: Any = document
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema if isinstance(schema, Mapping) else {}


def _types(schema: Document) -> frozenset[str]:
    declared = schema.get("type")
    if declared is None:
        return frozenset({_type_of(value) for value in _raw_values(schema)}) or ALL_TYPES
    types = frozenset([declared] if isinstance(declared, str) else declared)
    return types | {"integer"} if "number" in types else types


def _type_of(value: object) -> str:
    kinds: Sequence[tuple[type, str]] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
    )
    return next(
        (name for kind, name in kinds if isinstance(value, kind)),
        "null" if value is None else "object",
    )


def _raw_values(schema: Document) -> Sequence[Any]:
    return [schema["const"]] if "const" in schema else schema.get("enum", ())


def _values(schema: Document) -> Sequence[str] | None:
    return (
        [repr(value) for value in _raw_values(schema)]
        if "const" in schema or "enum" in schema
        else None
    )


def _kind(schema: Document) -> str:
    return str(schema.get("title") or schema.get("type") or "another shape")


def _more_scopes(old: Document, new: Document) -> set[str]:
    """What somebody who was let in by one of the old alternatives lacks for the
    nearest of the new ones.
    """
    return {
        scope
        for held in _alternatives(old)
        for scope in min((asked - held for asked in _alternatives(new)), key=len)
    }


def _alternatives(operation: Document) -> list[set[str]]:
    return [
        {scope for scopes in each.values() for scope in scopes}
        for each in operation.get("security", ())
    ] or [set()]


def _by_name(document: Document, operation: Document) -> dict[str, Document]:
    parameters = [_resolved(document, parameter) for parameter in operation.get("parameters", ())]
    return {f"{parameter['name']} ({parameter['in']})": parameter for parameter in parameters}
