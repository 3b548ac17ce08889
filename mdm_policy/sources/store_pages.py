"""Ask the App Store and Google Play whether they know an identifier, and by which name.

The questions and the reading of the answers are here, without any network: who calls hands in how a page is fetched
(`store_http.StoreClient` does it for the command line). What a store says is a statement of one day. No answer, or one
that is not about the identifier asked for, is never taken for a "not found".
"""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from mdm_policy.catalogue import folded_key
from mdm_policy.errors import Origin
from mdm_policy.identifiers import is_valid
from mdm_policy.model import Frozen, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.vocabulary import Family, Kind

APP_STORE = "the App Store (US)"
GOOGLE_PLAY = "Google Play"
MOST_QUESTIONS = 20
"""Questions to one store in one run: Apple allows about 20 calls a minute (iTunes Search API, archived documentation)."""
_MOST_HEAD = 1024 * 1024
_MOST_NAME = 200
_PLAY_TITLE = " - Apps on Google Play"


class StorePage(NamedTuple):
    """Hold what a store answered: the HTTP status and the body."""

    status: int
    body: bytes


class StoreError(Exception):
    """Say in plain words why a store gave no answer."""


Fetch = Callable[[str], StorePage]
"""Get the page at an address. Raises `StoreError` when there is none; follows no redirect."""


class StoreAnswer(Frozen, frozen=True):
    """Hold what a store says of an identifier on a day (YYYY-MM-DD): `name` when found, `why` when unanswered."""

    store: str
    state: Literal["found", "not-found", "unanswered"]
    day: str
    name: str = ""
    why: str = ""


Answers = dict[tuple[str, str, str], StoreAnswer]
"""Answers by the folded key of the identifier."""


def ask(identifiers: Iterable[Identifier], fetch: Fetch, day: str) -> Answers:
    """Ask the stores about every identifier that they can know, each once, and return an answer for each.

    Helpers are left out: a store lists apps, not their parts. A store that does not answer, or refuses, is not asked
    again in the same run.
    """
    answers: Answers = {}
    asked: dict[str, int] = {}
    silent: dict[str, str] = {}
    for one in identifiers:
        key = folded_key(*one.key)
        question = None if one.role == "helper" else _QUESTIONS.get((one.family, one.kind))
        if question is None or key in answers:
            continue
        store = question.store
        asked[store] = asked.get(store, 0) + 1
        if store not in silent and asked[store] > MOST_QUESTIONS:
            silent[store] = f"a run asks a store about {MOST_QUESTIONS} identifiers at most"
        if store not in silent:
            try:
                answers[key] = _answer(question, one.value, fetch, day)
                continue
            except StoreError as bad:
                silent[store] = str(bad)
        answers[key] = StoreAnswer(store, "unanswered", day, why=silent[store])
    return answers


def possible(text: str) -> tuple[Identifier, ...]:
    """Return the identifiers that a text may be, of the kinds that stores know: for those the catalogue does not have."""
    if not text.isdigit() and "." not in text:
        return ()
    return tuple(Identifier(*kind, text, Origin("")) for kind in _QUESTIONS if is_valid(*kind, text))


class _UnusableAnswerError(Exception):
    """Say that an answer is not what was asked for: the next question may fare better."""


class _StoreQuestion(NamedTuple):
    store: str
    address: str
    parameter: str
    more: dict[str, str]
    read: Callable[[StorePage, str], str | None]


def _answer(question: _StoreQuestion, value: str, fetch: Fetch, day: str) -> StoreAnswer:
    page = fetch(f"{question.address}?{urlencode({question.parameter: value, **question.more})}")
    try:
        name = question.read(page, value)
    except _UnusableAnswerError as odd:
        return StoreAnswer(question.store, "unanswered", day, why=str(odd))
    if name is None:
        return StoreAnswer(question.store, "not-found", day)
    return StoreAnswer(question.store, "found", day, name)


def _check_status(status: int) -> None:
    if status == 200:
        return
    if 300 <= status < 400:
        raise StoreError(f"the store sends us on to another page (HTTP {status})")
    raise StoreError(f"the store refused to answer (HTTP {status})")


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise _UnusableAnswerError("the answer has no name")
    return name if len(name) <= _MOST_NAME else f"{name[:_MOST_NAME]}..."


class _ListedApp(msgspec.Struct):
    kind: str = ""
    id: int = msgspec.field(default=0, name="trackId")
    name: str = msgspec.field(default="", name="trackName")
    bundle: str = msgspec.field(default="", name="bundleId")


class _LookupResults(msgspec.Struct):
    count: int = msgspec.field(name="resultCount")
    results: list[_ListedApp]


def _app_store(page: StorePage, value: str) -> str | None:
    """Read an answer of Apple's lookup; an app for the Mac has the kind `mac-software` there, one for iOS `software`."""
    _check_status(page.status)
    try:
        found = msgspec.json.decode(page.body, type=_LookupResults)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _UnusableAnswerError("the answer is not what the App Store's lookup gives") from None
    if found.count != len(found.results):
        raise _UnusableAnswerError("the answer is not complete")
    if not found.results:
        return None
    for app in found.results:
        if app.kind == "software" and value in (str(app.id), app.bundle):
            return _name(app.name)
    raise _UnusableAnswerError("the answer is about something else than this app")


class _PageHead(HTMLParser):
    """Collect what the head of a page says of itself: Open Graph's properties and its canonical address."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("property"):
            self.said.setdefault(given["property"] or "", given.get("content") or "")
        elif tag == "link" and given.get("rel") == "canonical":
            self.said.setdefault("canonical", given.get("href") or "")


def _play(page: StorePage, value: str) -> str | None:
    """Read a details page of Google Play, which answers 404 for an app it does not have.

    Google documents nothing of the page. It is taken for the app's only where its own address names the package
    (`og:url` or the canonical link); the name is its `og:title`. Unverified against the pages of today.
    """
    if page.status == 404:
        return None
    _check_status(page.status)
    head = _PageHead()
    try:
        head.feed(page.body.partition(b"</head>")[0][:_MOST_HEAD].decode("utf-8", "replace"))
    except AssertionError:  # how the parser of the standard library refuses a damaged declaration
        raise _UnusableAnswerError("the page is damaged") from None
    if value not in (_package(head.said.get(name, "")) for name in ("og:url", "canonical")):
        raise _UnusableAnswerError("the page does not say that it is about this app")
    return _name(head.said.get("og:title", "").strip().removesuffix(_PLAY_TITLE))


def _package(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.hostname != "play.google.com" or parts.path != "/store/apps/details":
        return ""
    return parse_qs(parts.query).get("id", [""])[0]


_LOOKUP = "https://itunes.apple.com/lookup"
_DETAILS = "https://play.google.com/store/apps/details"
_QUESTIONS: dict[tuple[Family, Kind], _StoreQuestion] = {
    ("ios", "app_store_id"): _StoreQuestion(APP_STORE, _LOOKUP, "id", {"country": "us"}, _app_store),
    ("ios", "bundle_id"): _StoreQuestion(APP_STORE, _LOOKUP, "bundleId", {"country": "us"}, _app_store),
    ("android", "package_name"): _StoreQuestion(GOOGLE_PLAY, _DETAILS, "id", {"hl": "en"}, _play),
}
"""What a store can be asked, by family and kind (Apple's lookup takes `id` or `bundleId`, and a country)."""
