"""Turn the addresses of a web block list into domains and URLs, as far as they mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.identifiers import is_valid

if TYPE_CHECKING:
    from mdm_policy.vocabulary import Kind


def browser_address(text: str) -> tuple[Kind, str]:
    """Return kind and value of an entry of a list of Chrome or Edge, where a scheme narrows it to that scheme.

    (MicrosoftDocs/Edge-Enterprise@1b9f554 "url-list-filter format": `[scheme://][.]host[:port][/path][@query]`.)
    """
    return ("url", text) if "://" in text else address(text)


def address(text: str) -> tuple[Kind, str]:
    """Return kind and value of an entry: a bare host, or a whole-site address, is a domain; all else stays a URL.

    A leading `*.` is dropped: the lists read here cover subdomains by themselves. A leading `.` means *this host
    only* to Chrome (chromium.org/administrators/url-blocklist-filter-format), so such an entry is no domain.
    """
    bare = text
    for scheme in ("https://", "http://"):
        bare = bare.removeprefix(scheme)
    bare = bare.removeprefix("*.").removesuffix("/").lower()
    return ("domain", bare) if is_valid("web", "domain", bare) else ("url", text)
