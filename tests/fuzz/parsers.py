"""Every parser that reads what others wrote, each as one function of bytes: what `make fuzz` feeds.

Nothing but `PolicyError` may come out of one, and that only where the program expects it: the functions here swallow it
exactly where a command would print it. All else is a defect.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mdm_policy import catalogue, loading
from mdm_policy.build.writing import check_replaceable
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.documents import MAX_SIZE, Document, dump, places
from mdm_policy.documents.yamls import as_json
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document, read_each
from mdm_policy.kinds.accounting import unjudged
from mdm_policy.kinds.text_forms import TEXT_FORMS, is_table
from mdm_policy.loading import Source
from mdm_policy.resolve import resolve
from mdm_policy.sources.builds import read_build
from mdm_policy.sources.files import read_policies
from mdm_policy.sources.learning import learn, proposal
from mdm_policy.targets import discover
from mdm_policy.validate import validate
from mdm_policy.verify import Rules, verify
from mdm_policy.workflows.pieces import pieces_of
from mdm_policy.workflows.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
DAY = "2026-11-24"
_CATALOGUE = catalogue.load()
_MADE: list[Path] = []
_SCHEMAS = {"plist": "apple-ios-restrictions", "json": "amapi-policy", "xml": "applocker-exe"}
_LIST = b"""\
ban_list: ours
authority: {citation: Memo, issued: 2026-01-05}
bans:
- app: wechat
- {name: Own, android: {package_name: [com.a.b]}, windows: {executable: [a.exe]}, domains: [a.example]}
"""


class Parser(NamedTuple):
    """Name a parser; `shape` says how the mutator takes its seeds apart, `share` how many of the executions it gets."""

    run: Callable[[bytes], None]
    shape: str = "bytes"
    share: float = 1.0


def _scratch() -> Path:
    """Return a folder for files that are read back, in memory where there is a file system for that."""
    # One fuzzing process is ended without a farewell, and calls `clear` itself.
    memory = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own in it
    made = Path(tempfile.mkdtemp(prefix="mdm-policy-fuzz-", dir=memory if memory.is_dir() else None))
    _MADE.append(made)
    return made


@atexit.register
def clear() -> None:
    """Remove the folders that were made for files."""
    while _MADE:
        shutil.rmtree(_MADE.pop(), ignore_errors=True)


def _ban_list(data: bytes) -> None:
    source = Source("x", data)
    loading.detect(source)
    loaded = loading.load_ban_list(source, lambda name, _origin, _including: Source(name, _LIST))
    if loaded.value is not None:
        with contextlib.suppress(PolicyError):
            resolve([loaded.value], None, _CATALOGUE, DAY, enforce=False)


def _deployment(data: bytes) -> None:
    loading.load_deployment(Source("x", data))


def _devices(data: bytes) -> None:
    loading.load_devices(Source("x", data))


def _bans_csv(data: bytes) -> None:
    source = Source("x.csv", data)
    loading.detect(source)
    loading.load_bans_csv(source)


def _exercise(document: Document) -> None:
    """Do with a document what commands do: read it, say where things stand, write it again."""
    wanted = ["", "/a", "/PayloadContent/0/a", "/value/0/payload"]
    readings = read_each(document)
    for reading in readings:
        wanted += [effect.pointer for effect in reading.effects]
    columns = [column for reading in readings for column in reading.columns]
    wanted += [part.pointer for part in unjudged(document, columns)][:9]
    places(document, wanted)
    with contextlib.suppress(PolicyError):
        dump(document.value, document.format)


def _document(data: bytes) -> None:
    with contextlib.suppress(PolicyError):
        _exercise(open_document("f", data))


def _schema(data: bytes) -> None:
    with contextlib.suppress(PolicyError):
        document = open_document("f", data)
        validate(document, _SCHEMAS[document.format])


def _policy_yaml(data: bytes) -> None:
    with contextlib.suppress(PolicyError):
        _exercise(open_document("f", as_json("f", data, MAX_SIZE), "json"))


def _text_form(data: bytes) -> None:
    """Read bytes as each sort of text, claimed or not."""
    is_table(".txt", data)
    for form in TEXT_FORMS:
        form.claims(data)
        with contextlib.suppress(PolicyError):
            _exercise(open_document("f", form.as_json("f", data, MAX_SIZE), "json"))


def _learn(data: bytes) -> None:
    found, _ = learn("f", data.decode("utf-8", "replace"))
    proposal([("f", one) for one in found], DAY)


class _Folder:
    """Write the bytes as one file of a folder that holds others, and read the folder."""

    def __init__(self, name: str, read: Callable[[Path], None], beside: dict[str, bytes]) -> None:
        self._name, self._read, self._beside = name, read, beside
        self._folder: Path | None = None

    def __call__(self, data: bytes) -> None:
        if self._folder is None:
            self._folder = _scratch()
            for name, held in self._beside.items():
                path = self._folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(held)
        (self._folder / self._name).write_bytes(data)
        self._read(self._folder)


def _read_build(folder: Path) -> None:
    with contextlib.suppress(PolicyError):
        read_build(folder)
    with contextlib.suppress(PolicyError):
        check_replaceable(folder)
    _verify(folder)


def _read_targets(folder: Path) -> None:
    with contextlib.suppress(PolicyError):
        discover(folder)


def _read_policies(folder: Path) -> None:
    for piece in pieces_of(read_policies([folder]), trust=Trust(manifests=True)):
        _exercise(piece.document)


class _Ordered:
    """Keep what the laws ask for, made once."""

    _resolution: Any = None

    @classmethod
    def resolution(cls) -> Any:
        if cls._resolution is None:
            loaded = loading.load_ban_list(Source("ours.yaml", _LIST))
            assert loaded.value is not None
            cls._resolution = resolve([loaded.value], None, _CATALOGUE, DAY, enforce=False)
        return cls._resolution


def _verify(path: Path) -> None:
    policies = read_policies([path])
    verify(_Ordered.resolution(), pieces_of(policies), _CATALOGUE, Rules(DAY, "partial", False, False))


def _diff(folder: Path) -> None:
    sides = []
    for name in ("old.json", "f"):
        policies = read_policies([folder / name])
        sides.append(Side(name, policies.documents, str(folder), dict(policies.scopes)))
    with contextlib.suppress(PolicyError):
        compare_policies(sides[0], sides[1], Question(DAY), _CATALOGUE)


def _verify_file(folder: Path) -> None:
    _verify(folder / "f")


def _seed(parser: str, name: str) -> bytes:
    return (CORPUS / parser / name).read_bytes()


PARSERS: dict[str, Parser] = {
    "ban-list": Parser(_ban_list, "yaml"),
    "deployment": Parser(_deployment, "yaml"),
    "devices": Parser(_devices, "yaml"),
    "bans-csv": Parser(_bans_csv),
    "json-amapi": Parser(_document, "json"),
    "json-graph": Parser(_document, "json"),
    "json-declaration": Parser(_document, "json"),
    "plist-xml": Parser(_document, "plist"),
    "plist-binary": Parser(_document, "binary-plist"),
    "cms": Parser(_document),
    "xml-jamf": Parser(_document, "xml"),
    "xml-applocker": Parser(_document, "xml"),
    "kinds-json": Parser(_document, "json"),
    "kinds-plist": Parser(_document, "plist"),
    "kinds-xml": Parser(_document, "xml"),
    "schema": Parser(_schema, "json", 0.5),
    "yaml-backup": Parser(_policy_yaml, "yaml"),
    "text-forms": Parser(_text_form, "bytes", 0.5),
    "json-browsers": Parser(_document, "json"),
    "json-defender": Parser(_document, "json"),
    "xml-app-control": Parser(_document, "xml"),
    "plist-newer": Parser(_document, "plist"),
    "intune-shapes": Parser(_Folder("f.json", _read_policies, {}), "json", 0.5),
    "archive": Parser(_Folder("f.zip", _read_policies, {}), "bytes", 0.25),
    "learning": Parser(_learn, "bytes"),
    "yaml-gitops": Parser(
        _Folder("f.yml", _read_policies, {"a.mobileconfig": _seed("plist-xml", "restrictions")}), "yaml", 0.5
    ),
    "json-jamf": Parser(_Folder("f.json", _read_policies, {}), "json"),
    "build-manifest": Parser(
        _Folder("manifest.json", _read_build, {"ios/b.mobileconfig": _seed("plist-xml", "restrictions")}), "json", 0.25
    ),
    "target-manifest": Parser(_Folder("target.yaml", _read_targets, {"t.j2": b"{}"}), "yaml"),
    "verify": Parser(_Folder("f", _verify_file, {}), "json", 0.25),
    "diff": Parser(_Folder("f", _diff, {"old.json": _seed("json-amapi", "policy")}), "json", 0.25),
}
