"""Read what a command is given: files, shipped lists, includes; every problem with every file at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import catalogue as catalogues
from mdm_policy import loading, resources
from mdm_policy.catalogue import Catalogue, overlays
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.identifiers import quoted
from mdm_policy.loading import Source
from mdm_policy.resolve import unknown_names
from mdm_policy.sources.trees import DISK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdm_policy.model import BanList, Deployment
    from mdm_policy.sources.trees import FileTree

    StandardInput = Callable[[int], bytes]
    """Read at most so many bytes from standard input; raises OSError where there is none."""

STANDARD_INPUT = "-"
_MAX_FILE = 64 * 1024 * 1024
_LISTS = (".yaml", ".yml", ".csv", ".tsv", ".xlsx", ".xls")


class Inputs(msgspec.Struct):
    """Hold what a command read: the deployment, the lists, every file, and the findings so far.

    `files` are (role, name as recorded, SHA-256 in hex); `names` maps a file name as findings show it to the recorded one.
    """

    deployment: Deployment | None
    lists: tuple[BanList, ...]
    files: tuple[tuple[str, str, str], ...]
    names: dict[str, str]
    findings: tuple[Finding, ...]
    catalogue: Catalogue
    """The packaged catalogue, with what the deployment's overlays add."""

    @property
    def pin(self) -> Finding | None:
        """Return the refusal of this catalogue, when the deployment asks for another version; those who build raise it."""
        asked = self.deployment.catalogue if self.deployment is not None else None
        if asked is None or asked[0] == self.catalogue.version:
            return None
        message = f"the deployment asks for the catalogue of {asked[0]}, and this program has that of {self.catalogue.version}"
        return error("catalogue-version", message, asked[1], _PIN_HINT)

    def check_pin(self) -> None:
        """Refuse to go on with another version of the catalogue than the deployment asks for.

        Raises:
            PolicyError: `catalogue-version`.

        """
        if self.pin is not None:
            raise PolicyError([self.pin])


_PIN_HINT = (
    "compare an export of each (`mdm-policy catalogue export`, `mdm-policy diff OLD NEW`), then write the new version; "
    "or install the program that has the old one"
)


def no_standard_input(limit: int) -> bytes:
    """Stand for standard input where a program has none to offer.

    Raises:
        OSError: always.

    """
    raise OSError(f"there is no standard input to read {limit} bytes from")


def read_source(
    path: Path, stdin: StandardInput = no_standard_input, *, tree: FileTree = DISK, handed_over: bool = True
) -> Source:
    """Read one file; `-` reads standard input, by the function given for it.

    What a person names may be a pipe that their shell has opened (`<(command)`), unless `handed_over` is false: what
    another file names may not.

    Raises:
        PolicyError: `file-unreadable` or `file-too-large`.

    """
    try:
        if str(path) == STANDARD_INPUT:
            source = Source("(standard input)", stdin(_MAX_FILE + 1))
        else:
            source = Source(str(path), tree.read(path, _MAX_FILE, handed_over=handed_over))
    except (OSError, ValueError) as bad:
        message = f"cannot read it: {getattr(bad, 'strerror', None) or bad}"
        raise PolicyError([error("file-unreadable", message, Origin(str(path)))]) from None
    if len(source.data) > _MAX_FILE:
        hint = f"files over {_MAX_FILE // (1024 * 1024)} MiB are refused"
        raise PolicyError([error("file-too-large", "the file is too large to be a list", Origin(source.name), hint)])
    return source


def shipped() -> dict[str, Path]:
    """Return the shipped lists by id, in order."""
    return {path.stem: path for path in sorted(resources.data("lists").glob("*.yaml"))}


def is_deployment(name: str) -> bool:
    """Tell whether a name, given as that of a list, is the path of a deployment; a pipe can be read only once."""
    path = Path(name)
    if name in shipped() or not name.lower().endswith((".yaml", ".yml")) or not os.path.isfile(name):  # noqa: PTH113 - as _exists
        return False
    try:
        return loading.detect(read_source(path)) == "deployment"
    except PolicyError:  # whoever reads it as a list says why it cannot be read
        return False


class Reader:
    """Read lists and deployments once each, keeping digests and findings on the way."""

    def __init__(
        self,
        given: tuple[Path, Source] | None = None,
        *,
        stdin: StandardInput = no_standard_input,
        tree: FileTree = DISK,
    ) -> None:
        """Start with nothing read, or with a file that may be a pipe, and so cannot be read again."""
        self._stdin = stdin
        self._tree = tree
        self.findings: list[Finding] = []
        self.files: dict[tuple[str, str], str] = {}
        self._given = given
        self.names: dict[str, str] = {}
        self._base: Path | None = None
        self._drafts: list[BanList] = []

    def deployment(self, path: Path) -> Deployment | None:
        """Read a deployment; its folder is what recorded names are relative to.

        The lists of one that has errors are read too, for what is wrong with them.
        """
        source = self._read(path, "deployment", path.name, named=True)
        if source is None:
            return None
        self._base = Path(os.path.realpath(path)).parent
        loaded = loading.load_deployment(source)
        self.findings += loaded.findings
        if loaded.draft is not None:
            self._drafts += self.lists(loaded.draft.lists, path.parent)
        return loaded.value

    def catalogue(self, deployment: Deployment | None, folder: Path | None) -> Catalogue:
        """Return the packaged catalogue, with a deployment's overlays, whose paths are relative to its folder."""
        packaged = catalogues.load()
        if deployment is None or not deployment.overlays:
            return packaged
        made = []
        for reference, place in deployment.overlays:
            path = Path(reference) if folder is None else folder / reference
            if not self._tree.type_of(path):
                said = f"there is no file {quoted(reference)}"
                self.findings.append(error("overlay-missing", said, place, "write a path relative to the deployment"))
                continue
            source = self._read(path, "overlay", self._recorded(path, reference))
            if source is not None:
                loaded = loading.load_overlay(source)
                self.findings += loaded.findings
                made += [loaded.value] if loaded.value is not None else []
        whole, found = overlays.joined(packaged, made)
        self.findings += found
        return whole

    def lists(self, references: Iterable[tuple[str, Origin | None]], folder: Path | None) -> tuple[BanList, ...]:
        """Read lists by shipped id or path; paths in a deployment are relative to its folder."""
        made: list[BanList] = []
        for reference, place in references:
            source = self._find(reference, place, folder)
            if source is None:
                continue
            loaded = self.load(source)
            if loaded is None:
                continue
            twin = next((other for other in made if other.id == loaded.id), None)
            if twin is None:
                made.append(loaded)
            elif twin.digest != loaded.digest:
                message = f"two different lists have the id {twin.id!r}; the other is {twin.origin.file}"
                self.findings.append(error("duplicate-list", message, loaded.origin, "give each list its own id"))
        return tuple(made)

    def load(self, source: Source) -> BanList | None:
        """Load one list that is read already, with what it includes; a table is a list of its own."""
        table = loading.detect(source) == "csv"
        loaded = loading.load_table(source) if table else loading.load_ban_list(source, self._include)
        self.findings += loaded.findings
        self._drafts += [loaded.draft] if loaded.draft is not None else []
        return loaded.value

    def unknown(self, lists: Iterable[BanList], catalogue: Catalogue) -> list[Finding]:
        """Return which names of apps no catalogue knows, in lists and in what could be read of those with errors."""
        return [found for one in (*self._drafts, *lists) for found in unknown_names(one.bans, catalogue)]

    def _find(self, reference: str, place: Origin | None, folder: Path | None) -> Source | None:
        known = shipped()
        if reference in known:
            return self._read(known[reference], "shipped list", f"mdm-policy/{reference}.yaml", shipped_here=True)
        path = Path(reference) if folder is None else folder / reference
        if not self._tree.type_of(path) and reference != STANDARD_INPUT and not reference.lower().endswith(_LISTS):
            hint = f"shipped lists: {', '.join(known)}; or give a path to a .yaml, .csv or .xlsx file"
            self.findings.append(
                error("unknown-list", f"no list {quoted(reference)} is shipped, and no file has that name", place, hint)
            )
            return None
        return self._read(path, "list", self._recorded(path, reference), named=place is None)

    def _include(self, reference: str, _place: Origin, including: str) -> Source | None:
        known = shipped()
        if reference in known:
            return self._read(known[reference], "shipped list", f"mdm-policy/{reference}.yaml", shipped_here=True)
        path = Path(including).parent / reference
        if not self._tree.type_of(path):
            return None
        return self._read(path, "included list", self._recorded(path, str(path)))

    def _recorded(self, path: Path, fallback: str) -> str:
        if self._base is not None:
            try:
                return Path(os.path.realpath(path)).relative_to(self._base).as_posix()
            except ValueError:
                return Path(fallback).as_posix()
        return Path(fallback).as_posix()

    def _read(
        self, path: Path, role: str, recorded: str, *, named: bool = False, shipped_here: bool = False
    ) -> Source | None:
        tree = DISK if shipped_here else self._tree
        try:
            source = (
                self._given[1]
                if self._given is not None and self._given[0] == path
                else read_source(path, self._stdin, tree=tree, handed_over=named)
            )
        except PolicyError as bad:
            self.findings += bad.findings
            return None
        self.names[source.name] = recorded
        self.files[role, recorded] = hashlib.sha256(source.data).hexdigest()
        return source


def gather(
    deployment: Path | None,
    lists: Sequence[str],
    given: Source | None = None,
    folder: Path | None = None,
    *,
    stdin: StandardInput = no_standard_input,
    tree: FileTree = DISK,
) -> Inputs:
    """Read a deployment and lists; lists given by name or path replace the deployment's.

    `given` is the deployment's text, when it has been read already; `folder` is what paths of lists are relative to.

    Raises:
        PolicyError: with every error of every file.

    """
    reader = Reader(
        (deployment, given) if deployment is not None and given is not None else None, stdin=stdin, tree=tree
    )
    loaded = reader.deployment(deployment) if deployment else None
    if lists:
        found = reader.lists([(reference, None) for reference in lists], folder)
    elif loaded is not None and deployment is not None:
        found = reader.lists(loaded.lists, deployment.parent)
    else:
        found = ()
    known = reader.catalogue(loaded, deployment.parent if deployment is not None else None)
    if any(f.severity == "error" for f in reader.findings):
        raise PolicyError(dict.fromkeys((*reader.findings, *reader.unknown(found, known))))
    files = tuple((role, name, digest) for (role, name), digest in reader.files.items())
    return Inputs(loaded, found, files, reader.names, tuple(reader.findings), known)
