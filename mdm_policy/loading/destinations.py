"""State what a deployment says of the places that documents are pushed to: one record for each kind of destination.

A credential is never written down here: a record says in which environment variable or file it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yaml.events import ScalarEvent

from mdm_policy.loading.leaves import Choice, Flag, Grammar, TableCell, Text
from mdm_policy.loading.reader import Mapping
from mdm_policy.loading.shapes import Field, Group, Many, RecordShape, TableShape
from mdm_policy.model import DestinationSpec

if TYPE_CHECKING:
    from mdm_policy.loading.report import LoadReport

_NAME = Text(name=True)
_OWNER = Text(
    grammar=Grammar(
        "destination-owner",
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?",
        "write letters, digits, `.`, `_` and `-`, at most 64: objects are marked with it",
    )
)
_URL = Text(
    grammar=Grammar("destination-url", r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", "write an address such as https://host")
)
_CA = Field("A PEM file with the authorities to trust in place of the system's.", Text())


class _SecretShape(RecordShape, frozen=True):
    """Shape where a credential is; whatever stands there in its place is never quoted, since it may be the credential."""

    def bind(self, report: LoadReport, node: Any, key: str) -> Any:
        """Return where it is; a value that is no such place is told of without it."""
        known = {name for name in self.fields if node.__class__ is Mapping}
        pairs = list(zip(node[::2], node[1::2], strict=True)) if node.__class__ is Mapping else []
        good = [(one.value, value) for one, value in pairs if one.__class__ is ScalarEvent and one.value in known]
        if len(good) != 1 or len(pairs) != 1 or not _is_place(*good[0]):
            said = f"`{key}` does not say where the credential is (what stands there is not shown)"
            hint = "write `{env: VARIABLE}` or `{file: PATH}`, and keep the credential itself out of the file"
            report.error("secret-in-deployment", said, report.at(node), hint)
            return None
        return super().bind(report, node, key)


def _is_place(key: str, node: Any) -> bool:
    """Tell whether a value can be the name of a variable, or a path."""
    if node.__class__ is not ScalarEvent or not node.value or any(ord(char) < 32 for char in node.value):
        return False
    return key == "file" or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", node.value) is not None


def _secret(doc: str) -> Field:
    shape = _SecretShape(
        "a credential",
        {
            "env": Field("The environment variable that holds it.", _NAME),
            "file": Field("The file that holds it, readable by its owner alone.", Text()),
        },
        one_of=("env", "file"),
    )
    return Field(doc, shape)


_PROXY = Field(
    "The proxy to go through, in place of the one that HTTPS_PROXY names.",
    RecordShape(
        "a proxy",
        {
            "url": Field("Its address.", _URL, required=True),
            "username": Field("The name it asks for.", _NAME),
            "password": _secret("The password it asks for."),
        },
        needs={"username": ("password",), "password": ("username",)},
    ),
)

_GRAPH = RecordShape(
    "a Microsoft Graph destination",
    {
        "tenant": Field("The tenant's id or domain.", _NAME, required=True),
        "client_id": Field("The application's (client) id.", _NAME, required=True),
        "cloud": Field("The national cloud; without it, public.", Choice(("public", "gcc", "gcc-high", "dod"))),
        "client_secret": _secret("The application's secret."),
        "certificate": Field("A PEM file with the certificate that the application knows.", Text()),
        "key": _secret("The certificate's private key, as PEM."),
        "passphrase": _secret("The key's passphrase."),
        "login_url": Field("The login address, in place of the cloud's.", _URL),
        "graph_url": Field("Graph's address, in place of the cloud's.", _URL),
        "scope": Field("The scope of the token, in place of the cloud's.", Text()),
        "ca": _CA,
        "proxy": _PROXY,
    },
    one_of=("client_secret", "certificate"),
    needs={"certificate": ("key",)},
)

_GIT = RecordShape(
    "a folder in git",
    {
        "path": Field("The folder, relative to the deployment.", Text(), required=True),
        "layout": Field("How files are laid out; without it, plain.", Choice(("plain", "fleet"))),
        "commit": Field("Whether `apply` commits what it wrote, and nothing else.", Flag()),
    },
)

_JAMF = RecordShape(
    "a Jamf Pro destination",
    {
        "url": Field("The server's address.", _URL, required=True),
        "client_id": Field("The API client's id.", _NAME, required=True),
        "client_secret": _secret("The API client's secret."),
        "ca": _CA,
        "proxy": _PROXY,
    },
    needs={"client_id": ("client_secret",)},
)

_ENTERPRISE = Text(
    grammar=Grammar("destination-enterprise", r"enterprises/[A-Za-z0-9_-]{1,64}", "write `enterprises/` and its id")
)
_POLICY = Text(
    grammar=Grammar("destination-policy", r"[A-Za-z0-9._~-]{1,128}", "write the policy's id alone, not its whole name")
)

_AMAPI = RecordShape(
    "an Android Management API destination",
    {
        "enterprise": Field("The enterprise, such as `enterprises/LC0123`.", _ENTERPRISE, required=True),
        "policies": Field(
            "The id of the policy that each target's document goes into, by `TARGET`, or `TARGET@VARIANT` for exceptions.",
            TableShape(_NAME, _POLICY),
            required=True,
        ),
        "service_account": _secret("The service account's key, as Google's console gives it (JSON)."),
        "url": Field("The API's address, in place of Google's.", _URL),
        "token_url": Field("The token's address, in place of the one in the service account's key.", _URL),
        "ca": _CA,
        "proxy": _PROXY,
    },
    needs={"enterprise": ("service_account",)},
)

_KMFDDM = RecordShape(
    "a KMFDDM destination",
    {
        "url": Field("The server's address.", _URL, required=True),
        "api_key": _secret("The API key."),
        "set": Field("The set that devices are enrolled in.", _NAME, required=True),
        "enrollments": Field("The enrollment ids whose status reports are asked for.", Many(_NAME)),
        "ca": _CA,
        "proxy": _PROXY,
    },
    needs={"url": ("api_key",)},
)

_NANOMDM = RecordShape(
    "a NanoMDM destination",
    {
        "url": Field("The server's address.", _URL, required=True),
        "api_key": _secret("The API key."),
        "enrollments": Field("The enrollment ids that get the profiles.", Many(_NAME), required=True),
        "moved_from": Field("The address that the server had before, which its record still bears.", _URL),
        "ask": Field("Whether devices are asked for their restrictions after each delivery.", Flag()),
        "record": Field("The file that says what was delivered; without it, `NAME.delivered.json`.", Text()),
        "events": Field(
            "A file with the events that the server's webhook got, one a line: who enrolled again shows there.", Text()
        ),
        "answers": Field(
            "A file with a device's answer to the command Restrictions, by enrollment id.", TableShape(_NAME, Text())
        ),
        "ca": _CA,
        "proxy": _PROXY,
    },
    needs={"url": ("api_key",)},
)

KINDS: dict[str, RecordShape] = {
    "graph": _GRAPH,
    "git": _GIT,
    "jamf": _JAMF,
    "amapi": _AMAPI,
    "kmfddm": _KMFDDM,
    "nanomdm": _NANOMDM,
}
"""Every kind of destination, by the key its settings stand under."""


class _Everyone:
    """Shape `everyone`, `unchanged`, or a list of groups."""

    _words = Choice(("everyone", "unchanged"))
    _groups = Many(_NAME)

    def bind(self, report: LoadReport, node: Any, key: str) -> Any:
        """Return a word, or the cells of the groups."""
        if hasattr(node, "value") and not isinstance(node, tuple):
            return self._words.bind(report, node, key)
        return self._groups.bind(report, node, key)

    def schema(self) -> dict[str, Any]:
        """Describe the words or the list."""
        return {"anyOf": [self._words.schema(), self._groups.schema()]}


def _make(report: LoadReport, group: Group) -> DestinationSpec:
    """Make a destination; its name is the key it stands under, and filled in there."""
    kind = next((kind for kind in KINDS if kind in group.cells), "")
    settings: Group | None = group.get(kind) if kind else None
    assign = group.get("assign")
    targets = group.cells.get("targets")
    del report
    return DestinationSpec(
        "",
        kind,
        _plain(settings) if settings is not None else {},
        group.origin,
        None if targets is None else tuple(cell.value for cell in targets),
        tuple(cell.value for cell in assign) if isinstance(assign, list) else (assign or "unchanged"),
        group.table("groups"),
        group.text("owner"),
        group.get("rely_on_others") is not False,
    )


def _plain(value: Any) -> Any:
    """Return a bound value as plain data, without its places."""
    if isinstance(value, Group):
        return {key: _plain(one) for key, one in value.cells.items() if one is not None}
    if isinstance(value, TableCell):
        return value.value
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return {name.value: _plain(one) for name, one in value}
    return [_plain(one) for one in value] if isinstance(value, list) else value


DESTINATION = RecordShape(
    "a destination",
    {
        **{kind: Field(f"It is {record.noun}.", record) for kind, record in KINDS.items()},
        "targets": Field("The targets that go there; without it, every one that can.", Many(_NAME)),
        "assign": Field(
            "Whom the documents are for: `everyone`, groups, or `unchanged` (as it is there; new objects reach nobody).",
            _Everyone(),
        ),
        "groups": Field(
            "The destination's own id of each group that `assign` and exceptions name.", TableShape(_NAME, _NAME)
        ),
        "owner": Field("Whose marker its objects bear; without it, the organization's identifier.", _OWNER),
        "rely_on_others": Field(
            "Whether an object of ours is left out while one of somebody else's holds all that it would block; without it, "
            "true. `drift` watches the other one.",
            Flag(),
        ),
        "note": Field("Free text for people; nothing reads it.", Text(lines=True)),
    },
    _make,
    one_of=tuple(KINDS),
)
DESTINATIONS = TableShape(_NAME, DESTINATION)
