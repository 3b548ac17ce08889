"""Read vendors' listings to their end, or not at all: what is short, broken or leads back to itself is no listing.

Destinations and the reading of a whole tenant share it: neither may take silence for an answer. `ask` sends a GET and gives the
answer, or raises `Failure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from mdm_policy import documents
from mdm_policy.errors import PolicyError
from mdm_policy.push.answers import Failure, page_text
from mdm_policy.push.http import MAX_ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lxml import etree

    from mdm_policy.push.answers import Reply

    Ask = Callable[[str], Reply]

_PAGES = 10_000
MASK = "****"
"""What Graph shows in place of a value that it holds encrypted."""


def graph_pages(ask: Ask, path: str) -> Iterator[dict[str, Any]]:
    """Yield the entries of a listing of Microsoft Graph, page after page."""
    seen: set[str] = set()
    following: str | None = path
    while following is not None:
        if following in seen or len(seen) >= _PAGES:
            raise Failure("answer", f"GET {path}: the listing leads back to itself or has no end", call=path)
        seen.add(following)
        reply = ask(following)
        page = reply.object()
        values, following = page.get("value"), page.get("@odata.nextLink")
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            raise Failure("answer", f"{reply.call}: the answer is not a listing", status=reply.status, call=path)
        if following is not None and (not isinstance(following, str) or not urlsplit(following).scheme):
            raise Failure("answer", f"{reply.call}: the next page is at no address", status=reply.status, call=path)
        yield from values


def is_masked(setting: Mapping[str, Any]) -> bool:
    """Tell whether a custom setting's value is not in Graph's answer."""
    return bool(setting.get("isEncrypted")) or setting.get("value") == MASK


def unmask(ask: Ask, path: str, value: Mapping[str, Any], wanted: Callable[[Mapping[str, Any]], bool]) -> None:
    """Put the plain text in place of the mask, where Graph gives it, in the custom settings that are `wanted`; others are left alone."""
    settings = value.get("omaSettings")
    for setting in settings if isinstance(settings, list) else ():
        if not isinstance(setting, dict):
            continue
        secret = setting.get("secretReferenceValueId")
        if not (is_masked(setting) and isinstance(secret, str) and wanted(setting)):
            continue
        named = quote(secret.replace("'", "''"), safe="")
        try:
            plain = ask(f"{path}/getOmaSettingPlainTextValue(secretReferenceValueId='{named}')").object().get("value")
        except Failure as bad:
            if bad.fault not in ("forbidden", "not-found", "refused"):
                raise
            continue
        if isinstance(plain, str) and plain != MASK:
            setting["value"] = plain
            setting["isEncrypted"] = False
            del setting["secretReferenceValueId"]


def google_pages(ask: Ask, enterprise: str, kind: str, size: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the pages of a listing; `pageToken` of one names the next (AMAPI discovery, policies.list, devices.list)."""
    base = f"/v1/{quote(enterprise, safe='/')}/{kind}"
    token = ""
    seen: set[str] = set()
    for _ in range(_PAGES):
        query = {"pageSize": str(size), **({"pageToken": token} if token else {})}
        value = ask(f"{base}?{urlencode(query)}").object()
        page, token = value.get(kind, []), value.get("nextPageToken", "")
        if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
            raise Failure("answer", f"the listing of {kind} holds no list", ambiguous=True, call=base)
        if not isinstance(token, str) or token in seen:
            raise Failure("answer", f"the listing of {kind} leads back to itself", ambiguous=True, call=base)
        yield page
        if not token:
            return
        seen.add(token)
    raise Failure("answer", f"the listing of {kind} has no end", ambiguous=True, call=base)


def policy_name(policy: Mapping[str, Any]) -> str:
    """Return the name of a policy in a listing of the Android Management API."""
    name = policy.get("name")
    if not isinstance(name, str):
        raise Failure("answer", "a policy in the listing has no name", ambiguous=True)
    return name


def kmfddm_names(ask: Ask, path: str) -> tuple[str, ...]:
    """Return a list of names; `null` is an empty one, in the language of the server. `ask` takes 204 for an answer too."""
    reply = ask(path)
    value = reply.json() if reply.status == 200 else None
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise Failure("answer", f"{reply.call}: the answer is not a list of names", ambiguous=True)
    return tuple(value)


def kmfddm_sets(ask: Ask, identifier: str) -> tuple[str, ...]:
    """Return the sets that a declaration is in.

    KMFDDM's default store joins names with dots: asked for the sets of `a`, it names for `a.b` in the set `c` a set `b.c` too
    (0.8.3, storage/kv/sets.go). So what has a dot in it counts when that set names the declaration.
    """
    found = kmfddm_names(ask, f"/v1/declaration-sets/{quote(identifier, safe='')}")
    return tuple(
        name
        for name in found
        if "." not in name or identifier in kmfddm_names(ask, f"/v1/set-declarations/{quote(name, safe='')}")
    )


def kmfddm_declarations(ask: Ask, set_: str) -> tuple[str, ...]:
    """Return the identifiers of every declaration.

    A server without one answers `null`, as other things might: that is believed when the set names no declaration either.
    """
    found = kmfddm_names(ask, "/v1/declarations")
    if not found and set_ and kmfddm_names(ask, f"/v1/set-declarations/{quote(set_, safe='')}"):
        raise Failure("answer", "the server lists no declaration, and the set holds some", ambiguous=True)
    return found


def jamf_xml(reply: Reply) -> etree._Element:
    """Return an answer of Jamf's Classic API as a tree."""
    try:
        root: etree._Element = documents.parse(reply.call, reply.body, "xml", white_space="keep", max_size=MAX_ANSWER)
    except PolicyError:
        raise not_jamf(reply, "the answer is not readable XML") from None
    return root


def jamf_entries(reply: Reply, listing: str, entry: str) -> list[tuple[str, str]]:
    """Return the id and name of each entry of a list of the Classic API; one that is not whole is a failure, never a short list."""
    root = jamf_xml(reply)
    if root.tag != listing or root.find("general") is not None:
        raise not_jamf(reply, f"the answer is not a list of {listing}")
    found = [((one.findtext("id") or "").strip(), (one.findtext("name") or "").strip()) for one in root.iterfind(entry)]
    if not all(number.isdecimal() and number.isascii() for number, _ in found):
        raise not_jamf(reply, "the list has an entry without an id")
    if (root.findtext("size") or "").strip() != str(len(found)):
        raise not_jamf(reply, "the list is not as long as it says")
    if len({number for number, _ in found}) != len(found):
        raise not_jamf(reply, "the list names an object twice")
    return found


def not_jamf(reply: Reply, said: str) -> Failure:
    """Say that an answer is not what Jamf would give."""
    text = f"{reply.call}: {said}: {page_text(reply)}"
    return Failure("answer", text, status=reply.status, ambiguous=True, call=reply.call)
