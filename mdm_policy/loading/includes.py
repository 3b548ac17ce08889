"""Merge the lists that a list includes into it, each file once, never in a circle."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, PolicyError, error
from mdm_policy.identifiers import quoted
from mdm_policy.loading import language
from mdm_policy.loading.reader import read_nodes
from mdm_policy.loading.report import LoadReport
from mdm_policy.loading.sources import FindInclude, Source, detect, wrong_kind
from mdm_policy.loading.tables import read_bans
from mdm_policy.model import Ban, BanList, GrantedException

if TYPE_CHECKING:
    from mdm_policy.errors import Origin
    from mdm_policy.loading.bans import Draft
    from mdm_policy.loading.leaves import TableCell

MAX_INCLUDES_DEEP = 8


class Merger:
    """Gather the bans and exceptions of one list and of all that it includes, in the order of their places."""

    def __init__(self, find: FindInclude | None, max_bytes: int) -> None:
        """Start empty; `find` fetches included files."""
        self._find = find
        self._max_bytes = max_bytes
        self.findings: list[Finding] = []
        self._bans: list[Ban] = []
        self._exceptions: list[GrantedException] = []
        self._names: list[str] = []
        self._done: set[str] = set()

    def merge(self, source: Source) -> BanList | None:
        """Return the list with everything it includes."""
        digest = hashlib.sha256(source.data).hexdigest()
        self._done.add(digest)
        draft = self._draft(source)
        if draft is None:
            return None
        self._take(draft, source, ((source.name, digest),))
        if not self._bans and not any(one.severity == "error" for one in self.findings):
            hint = "write what is banned under `bans`, or name a list to `include`"
            self.findings.append(error("empty-ban-list", "the list bans nothing", draft.origin, hint))
        return BanList(
            draft.id,
            draft.title,
            draft.authority,
            tuple(self._bans),
            tuple(self._exceptions),
            draft.origin,
            digest,
            tuple(self._names),
        )

    def _draft(self, source: Source) -> Draft | None:
        report = LoadReport(source.name)

        def each(node: object) -> object:
            return language.BAN.bind(report, node, "an entry of `bans`")

        root = read_nodes(source.data, report, self._max_bytes, "bans", each)
        draft: Draft | None = None if root is None else language.BAN_LIST.bind(report, root, "the file")
        self.findings.extend(report.findings)
        return draft

    def _take(self, draft: Draft, source: Source, path: tuple[tuple[str, str], ...]) -> None:
        self._bans.extend(draft.bans)
        self._exceptions.extend(draft.exceptions)
        for cell in draft.includes:
            self._include(cell, source, path)

    def _include(self, cell: TableCell, source: Source, path: tuple[tuple[str, str], ...]) -> None:
        included = self._fetch(cell, source)
        if included is None:
            return
        digest = hashlib.sha256(included.data).hexdigest()
        if any(included.name == name or digest == known for name, known in path):
            circle = " > ".join(quoted(name) for name, _ in (*path, (included.name, digest)))
            self._refuse("include-cycle", f"the list includes itself: {circle}", cell.origin, "remove one of them")
        elif len(path) > MAX_INCLUDES_DEEP:
            said = f"lists include each other more than {MAX_INCLUDES_DEEP} deep"
            self._refuse("include-too-deep", said, cell.origin, "include the innermost list directly")
        elif digest not in self._done:
            self._done.add(digest)
            self._names.append(included.name)
            self._merge_included(included, cell.origin, (*path, (included.name, digest)))

    def _merge_included(self, included: Source, origin: Origin, path: tuple[tuple[str, str], ...]) -> None:
        kind = detect(included)
        if kind == "csv":
            report = LoadReport(included.name)
            self._bans.extend(read_bans(included.data, report, self._max_bytes))
            self.findings.extend(report.findings)
        elif kind in ("deployment", "devices"):
            said = wrong_kind(included, kind, "a ban list")
            self._refuse("include-kind", said, origin, "include ban lists and CSV files only")
        else:
            draft = self._draft(included)
            if draft is not None:
                self._take(draft, included, path)

    def _fetch(self, cell: TableCell, source: Source) -> Source | None:
        included = None
        if self._find is not None:
            try:
                included = self._find(cell.value, cell.origin, source.name)
            except PolicyError as fault:
                self.findings.extend(fault.findings)
                return None
        if included is None:
            said = f"the included list {quoted(cell.value)} is not found"
            hint = "write the id of a shipped list (`mdm-policy lists`), or a path relative to this file"
            self._refuse("include-not-found", said, cell.origin, hint)
        return included

    def _refuse(self, id_: str, message: str, origin: Origin, hint: str) -> None:
        self.findings.append(error(id_, message, origin, hint))
