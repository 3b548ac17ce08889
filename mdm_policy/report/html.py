"""Write HTML fragments without scripts, styles or anything to fetch: what others wrote is always escaped text."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from mdm_policy.report.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def escape(text: str) -> str:
    """Return a text as HTML shows it as it stands, in an element and in a quoted attribute."""
    return html.escape(plain(text), quote=True)


def element(name: str, *content: str, **attributes: str) -> str:
    """Return an element around content that is HTML already; `class_` writes `class`."""
    written = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items() if value)
    return f"<{name}{written}>{''.join(content)}</{name}>"


def name(text: str) -> str:
    """Return a name in a direction of its own, so that one in another script turns no text around it."""
    return element("bdi", escape(text)) if text else ""


def code(text: str) -> str:
    """Return a text as code."""
    return element("code", escape(text)) if text else ""


def table(caption: str, headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return a table; each row is its class and its cells, HTML already, of which the first heads the row."""
    head = element("tr", *(element("th", escape(heading), scope="col") for heading in headings))
    body = [
        element("tr", element("th", cells[0], scope="row"), *(element("td", cell) for cell in cells[1:]), class_=css)
        for css, cells in rows
    ]
    parts = (element("caption", escape(caption)), element("thead", head), element("tbody", "\n".join(body)))
    return element("table", *parts)
