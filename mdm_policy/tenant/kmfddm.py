"""Read a KMFDDM server: every declaration, and the sets it is in (jessepeterson/kmfddm, docs/openapi.yaml).

The server knows one API key for reading and writing alike; what keeps this half from writing is that it sends GET alone.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from mdm_policy.push.answers import Failure
from mdm_policy.push.listings import kmfddm_declarations, kmfddm_sets
from mdm_policy.reading import Scope
from mdm_policy.tenant.asking import why
from mdm_policy.tenant.model import FoundObject, Missing, file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.answers import Reply
    from mdm_policy.tenant.asking import Asker


_ACTIVATION, _CONFIGURATION = "com.apple.activation.", "com.apple.configuration."


def everything(asker: Asker, spec: DestinationSpec) -> tuple[list[FoundObject], list[Missing]]:
    """Return every declaration, with whom its sets make it reach.

    Whoever is in the set that the deployment names is everybody; another set is the group that the deployment calls so. A set
    whose own name is that of a group which the deployment keeps elsewhere is not that group.
    """
    everybody = spec.settings.get("set", "")
    names = {group: f"the set {group}" for group in spec.groups}
    names |= {set_: group for group, set_ in sorted(spec.groups.items(), reverse=True)}
    path = "v1/declarations"
    try:
        listed = sorted(kmfddm_declarations(_ask(asker), everybody))
    except Failure as bad:
        return [], [Missing("apple-declarations", f"GET {path}", why(bad))]
    found = asker.each(lambda one: _one(asker, one, everybody, names), listed)
    missing = [one for one in found if isinstance(one, Missing)]
    held = [one for one in found if isinstance(one, FoundObject)]
    return held if missing else _turned_on(held), missing


def _turned_on(held: list[FoundObject]) -> list[FoundObject]:
    """Let configurations reach nobody where all declarations were read, and none of them is an activation.

    Devices process a configuration when an activation names it (Apple, ActivationSimple: StandardConfigurations). Where there
    are activations, readers see which ones they name.
    """
    types = {one.id: str(json.loads(one.data).get("Type")) for one in held}
    if any(type_.startswith(_ACTIVATION) for type_ in types.values()):
        return held
    off = Scope("nobody", why="is named by no activation")
    return [
        msgspec.structs.replace(one, scope=off) if types[one.id].startswith(_CONFIGURATION) else one for one in held
    ]


def _one(asker: Asker, identifier: str, everybody: str, names: Mapping[str, str]) -> FoundObject | Missing | None:
    part = quote(identifier, safe="")
    here = f"v1/declarations/{part}"
    file = f"declarations/{file_name(identifier)}.json"
    try:
        value = asker.object(here)
        sets = kmfddm_sets(_ask(asker), identifier)
    except Failure as bad:
        return None if bad.fault == "not-found" else Missing("apple-declarations", f"GET {here}", why(bad), file)
    if value.get("Identifier") != identifier:
        said = "the answer is another declaration than the one that was asked for"
        return Missing("apple-declarations", f"GET {here}", said, file)
    if everybody and everybody in sets:
        scope = Scope("everyone")
    elif sets:
        scope = Scope("groups", tuple(sorted(names.get(one, one) for one in sets)))
    else:
        scope = Scope("nobody", why="is in no set")
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return FoundObject(file, text.encode("utf-8", "surrogatepass"), identifier, scope)


def _ask(asker: Asker) -> Callable[[str], Reply]:
    return partial(asker.get, ok=(200, 204))
