"""The API's description as one page for people, made from the OpenAPI document and nothing else.

No script and nothing fetched from anywhere: it reads the same on a phone, on paper and behind a
firewall.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

from tailrace.api.docs_style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Document = dict[str, Any]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
)


def docs_page(document: Document) -> str:
    """The whole page as HTML."""
    info = document["info"]
    body = "".join(
        (
            f"<header><h1>{_text(info['title'])} <small>{_text(info['version'])}</small></h1>",
            _paragraphs(info["description"]),
            '<p><a href="/openapi.json">openapi.json</a></p></header>',
            _navigation(document),
            "<main>",
            *(_tag_section(document, tag) for tag in document["tags"]),
            _schemas_section(document),
            *_reference_sections(document),
            "</main>",
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{_text(info['title'])} API</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


# Operations.


def _operations(document: Document, tag: str) -> Iterator[tuple[str, str, Document]]:
    """Path, method and description of each operation under a tag; HEAD is a GET to people."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if tag in operation["tags"] and method != "head":
                yield path, method.upper(), operation


def _navigation(document: Document) -> str:
    groups = "".join(
        f"<li><b>{_text(tag['name'])}</b><ul>"
        + "".join(
            f'<li><a href="#{_text(operation["operationId"])}">{_badge(method)} '
            f"{_text(operation['summary'])}</a></li>"
            for _, method, operation in _operations(document, tag["name"])
        )
        + "</ul></li>"
        for tag in document["tags"]
    )
    reference = "".join(
        f'<li><a href="#{anchor}">{title}</a></li>'
        for anchor, title, _ in (("schemas", "Schemas", ""), *_REFERENCES)
    )
    return f'<nav aria-label="Contents"><ul>{groups}<li><b>Reference</b><ul>{reference}</ul></li></ul></nav>'


def _tag_section(document: Document, tag: Document) -> str:
    operations = "".join(
        _operation(document, *found) for found in _operations(document, tag["name"])
    )
    return (
        f"<section><h2>{_text(tag['name'])}</h2>{_paragraphs(tag['description'])}"
        f"{operations}</section>"
    )


def _operation(document: Document, path: str, method: str, operation: Document) -> str:
    return "".join(
        (
            f'<article id="{_text(operation["operationId"])}">',
            f"<h3>{_text(operation['summary'])}</h3>",
            f'<p class="path">{_badge(method)} <code>{_breakable(path)}</code></p>',
            _paragraphs(operation["description"]),
            _permissions(operation.get("x-permissions", ())),
            _parameters(document, operation.get("parameters", ())),
            _request_body(document, operation.get("requestBody")),
            f"<h4>Try it</h4><pre>{_text(_curl(path, method, operation))}</pre>",
            _responses(document, operation["responses"]),
            "</article>",
        )
    )


def _permissions(permissions: Sequence[str]) -> str:
    if not permissions:
        return "<p>No access token needed.</p>"
    names = " or ".join(f"<b>{_text(name)}</b>" for name in permissions)
    return f"<p>Permission: {names}.</p>"


def _parameters(document: Document, references: Sequence[Document]) -> str:
    rows: list[tuple[str, ...]] = []
    for parameter in (_resolved(document, reference) for reference in references):
        required = " <em>required</em>" if parameter.get("required") else ""
        rows.append(
            (
                f"<code>{_text(parameter['name'])}</code>{required}",
                _text(parameter["in"]),
                _type(parameter["schema"]),
                _inline(parameter["description"]),
            )
        )
    return _titled("Parameters", _table(("Name", "In", "Type", "Meaning"), rows)) if rows else ""


def _request_body(document: Document, body: Document | None) -> str:
    if body is None:
        return ""
    ((content_type, media),) = body["content"].items()
    example = media.get("example")
    shown = f"<pre>{_text(json.dumps(example, indent=2))}</pre>" if example is not None else ""
    members = _members(_resolved(document, media["schema"]))
    return _titled(f"Body <small>{_text(content_type)}</small>", members + shown)


def _responses(document: Document, responses: Document) -> str:
    rows: list[tuple[str, ...]] = []
    for status, reference in responses.items():
        response = _resolved(document, reference)
        content = "<br>".join(
            f"{_text(content_type)} {_type(media.get('schema', {}))}"
            for content_type, media in response.get("content", {}).items()
        )
        rows.append((f"<b>{_text(status)}</b>", _inline(response["description"]), content))
    return _titled("Answers", _table(("Status", "Meaning", "Content"), rows))


def _curl(path: str, method: str, operation: Document) -> str:
    url = f'"$BASE{re.sub(r"{exportId}", "$EXPORT_ID", path)}"'
    body = operation.get("requestBody")
    if not operation.get("x-permissions"):
        credentials = ("grant_type=client_credentials", "client_id=$ID", "client_secret=$SECRET")
        fields = "".join(f' \\\n  -d "{field}"' for field in credentials)
        return f"curl {'-G ' if method == 'GET' else ''}{url}{fields}"
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}{url}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if body is not None:
        ((content_type, media),) = body["content"].items()
        lines.append(f'-H "Content-Type: {content_type}"')
        if "example" in media:
            lines.append(f"-d '{json.dumps(media['example'])}'")
    if "206" in operation["responses"]:
        lines.append("-C - -o export.csv")
    return " \\\n  ".join(lines)


# Schemas and reference tables.


def _schemas_section(document: Document) -> str:
    articles = "".join(
        f'<article id="schema-{_text(name)}"><h3>{_text(name)}</h3>'
        f"{_paragraphs(schema.get('description', ''))}{_members(schema)}</article>"
        for name, schema in document["components"]["schemas"].items()
    )
    return f'<section id="schemas"><h2>Schemas</h2>{articles}</section>'


#: Anchor, title and member of the document of each reference table.
_REFERENCES = (
    ("error-codes", "Error codes", "x-error-codes"),
    ("activity-types", "Standard activity types", "x-activity-types"),
    ("lead-fields", "Standard lead fields", "x-lead-fields"),
)


def _reference_sections(document: Document) -> Iterator[str]:
    for anchor, title, member in _REFERENCES:
        entries: list[dict[str, object]] = document[member]
        rows = [tuple(f"<code>{_text(value)}</code>" for value in one.values()) for one in entries]
        headings = tuple(_heading(name) for name in entries[0])
        yield f'<section id="{anchor}"><h2>{title}</h2>{_table(headings, rows)}</section>'


def _members(schema: Document) -> str:
    required = schema.get("required", ())
    rows = [
        (
            f"<code>{_text(name)}</code>" + (" <em>required</em>" if name in required else ""),
            _type(member),
            _inline(member.get("description", "")) + _choices(member),
        )
        for name, member in schema.get("properties", {}).items()
    ]
    return _table(("Member", "Type", "Meaning"), rows) if rows else _choices(schema)


def _choices(schema: Document) -> str:
    values = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    if not values:
        return ""
    return " One of " + ", ".join(f"<code>{_text(value)}</code>" for value in values) + "."


def _type(schema: Document) -> str:
    if "$ref" in schema:
        name = _text(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return " or ".join(_type(one) for one in schema[choice])
    kinds: str | list[str] = schema.get("type", "")
    kind = kinds if isinstance(kinds, str) else " or ".join(kinds)
    if "array" in kind and "items" in schema:
        return f"{_text(kind)} of {_type(schema['items'])}"
    return _text(kind)


# Pieces of HTML.


def _resolved(document: Document, node: Document) -> Document:
    if "$ref" not in node:
        return node
    found: Document = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _text(value: object) -> str:
    return escape(str(value))


def _breakable(path: str) -> str:
    return _text(path).replace("/", "/<wbr>")


def _inline(text: str) -> str:
    """Text with `code` between backquotes."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(text))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part)


def _titled(title: str, content: str) -> str:
    return f"<h4>{title}</h4>{content}"


def _heading(name: str) -> str:
    """`displayName` as a column heading."""
    words = re.sub(r"([A-Z])", r" \1", name)
    return words[0].upper() + words[1:].lower()


def _badge(method: str) -> str:
    return f'<span class="method {method.lower()}">{_text(method)}</span>'


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        '<div class="table"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
