"""Hold which secret may go to which host, and which folders count, as somebody outside of the deployment says.

Whoever can change a deployment could else send any variable or file of the account to a host of their own, by the read-only
`plan` alone. A variable that is named for this purpose is granted by its name; any other needs a grant with its host.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mdm_policy.errors import Finding, Origin, PolicyError, error, note
from mdm_policy.model import Frozen
from mdm_policy.push.addresses import hosts, proxy_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mdm_policy.model import DestinationSpec

PREFIX = "MDM_POLICY_SECRET_"
_FIELDS = ("client_secret", "key", "passphrase", "service_account", "api_key")
_PATHS = ("path", "record", "certificate", "events")
_MOST = 1024 * 1024


class Grants(Frozen, frozen=True):
    """Hold hosts by the name of a secret (a variable, or the path of a file), and folders that may be read and written."""

    secrets: dict[str, frozenset[str]] = {}
    paths: tuple[str, ...] = ()


class SecretUse(NamedTuple):
    """Say where a destination has a secret from, and which hosts get it."""

    where: Mapping[str, str]
    hosts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the variable's name or the file's path, as the deployment writes it."""
        return self.where.get("env") or self.where["file"]


def uses(spec: DestinationSpec) -> tuple[SecretUse, ...]:
    """Return what secrets a destination uses."""
    said = [spec.settings[field] for field in _FIELDS if spec.settings.get(field)]
    found = [SecretUse(one, hosts(spec)) for one in said]
    proxy = spec.settings.get("proxy") or {}
    if "password" in proxy:
        found.append(SecretUse(proxy["password"], (proxy_host(spec),)))
    return tuple(found)


def variables(specs: Iterable[DestinationSpec]) -> frozenset[str]:
    """Return the variables that hold secrets of any destination."""
    return frozenset(use.where["env"] for spec in specs for use in uses(spec) if "env" in use.where)


def told(specs: Iterable[DestinationSpec]) -> tuple[Finding, ...]:
    """Say which secret goes to which host."""
    found = []
    for spec in specs:
        for use in uses(spec):
            what = "the variable" if "env" in use.where else "the file"
            said = f"the secret in {what} {use.name} goes to {' and '.join(use.hosts)}"
            found.append(note("secret-goes-to", said, spec.origin))
    return tuple(found)


def check(specs: Iterable[DestinationSpec], base: Path, grants: Grants) -> None:
    """Refuse destinations that would send a secret, or go to a place, that nothing outside of the deployment grants.

    Raises:
        PolicyError: `secret-not-granted`, `path-not-granted`.

    """
    found = [finding for spec in specs for finding in _refused(spec, base, grants)]
    if found:
        raise PolicyError(found)


def _refused(spec: DestinationSpec, base: Path, grants: Grants) -> Iterator[Finding]:
    for use in uses(spec):
        names = {use.name}
        if "file" in use.where:
            names.add(str(_real(base, use.name)))
        granted = [grants.secrets[name] for name in names if name in grants.secrets]
        allowed = frozenset[str]().union(*granted)
        free = use.name.startswith(PREFIX) if "env" in use.where else _is_below(base, use.name, grants)
        if (granted and allowed.issuperset(use.hosts)) or (free and not granted):
            continue
        said = f"{spec.name} would send the secret {use.name} to {' and '.join(use.hosts)}, and nothing grants that"
        better = f"name it {PREFIX}..., or " if "env" in use.where else "keep it below the deployment's folder, or "
        given = " ".join(f"--secret {use.name}@{host}" for host in use.hosts)
        yield error("secret-not-granted", said, spec.origin, f"{better}give {given}; docs/push.md says more")
    places = [spec.settings[name] for name in _PATHS if isinstance(spec.settings.get(name), str)]
    answers = spec.settings.get("answers")
    places += list(answers.values()) if isinstance(answers, dict) else []
    for place in places:
        if not _is_below(base, place, grants):
            said = f"{place} of {spec.name} is not below the deployment's folder, and nothing grants it"
            yield error("path-not-granted", said, spec.origin, f"give --allow-path {_real(base, place)}")


def _real(base: Path, place: str) -> Path:
    return Path(os.path.realpath(base / place))


def _is_below(base: Path, place: str, grants: Grants) -> bool:
    """Tell whether a place, links followed, is below the deployment's folder or a granted one."""
    real = _real(base, place)
    return any(real.is_relative_to(_real(Path(one), ".")) for one in (str(base), *grants.paths))


def read_grants(environment: Mapping[str, str], home: Path) -> Grants:
    """Read the grants of the account, if it has any: `secret NAME HOST` and `path FOLDER`, one a line.

    The file is the one that MDM_POLICY_GRANTS names, else `mdm-policy/grants` in the account's configuration folder.

    Raises:
        PolicyError: `grants-exposed`, `grants-unreadable`.

    """
    folder = environment.get("APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME") or str(home / ".config")
    path = Path(environment.get("MDM_POLICY_GRANTS") or Path(folder, "mdm-policy", "grants"))
    place = Origin(str(path))
    try:
        if not path.is_file():
            return Grants()
        told_ = path.stat()
        with path.open("rb") as file:
            text = file.read(_MOST).decode()
    except (OSError, UnicodeDecodeError) as bad:
        said = f"cannot read the grants: {getattr(bad, 'strerror', '') or 'they are not text'}"
        raise PolicyError([error("grants-unreadable", said, place, "mend it, or remove it")]) from None
    if sys.platform != "win32" and (stat.S_IMODE(told_.st_mode) & 0o022 or told_.st_uid not in (0, os.getuid())):
        said = "others than its owner can change the grants, or its owner is somebody else"
        raise PolicyError([error("grants-exposed", said, place, f"chmod go-w {path}")])
    return parsed(text.splitlines(), place)


def parsed(lines: Iterable[str], place: Origin) -> Grants:
    """Return grants from their lines.

    Raises:
        PolicyError: `grants-unreadable`, with the line's number.

    """
    secrets: dict[str, frozenset[str]] = {}
    paths: list[str] = []
    for number, line in enumerate(lines, 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if words[0] == "secret" and len(words) == 3:
            secrets[words[1]] = secrets.get(words[1], frozenset()) | {words[2].casefold()}
        elif words[0] == "path" and len(words) == 2 and Path(words[1]).is_absolute():
            paths.append(words[1])
        else:
            hint = "write `secret NAME HOST` or `path /FOLDER`, one a line"
            raise PolicyError([error("grants-unreadable", "the line is no grant", Origin(place.file, number), hint)])
    return Grants(secrets, tuple(paths))


def joined(grants: Grants, secrets: Iterable[str], paths: Iterable[str]) -> Grants:
    """Return grants with those of the command line, `NAME@HOST` each.

    Raises:
        PolicyError: `grants-unreadable`.

    """
    lines = []
    for one in secrets:
        name, at, host = one.rpartition("@")
        if not (at and name and host) or any(char.isspace() for char in one):
            said = "--secret takes NAME@HOST"
            raise PolicyError(
                [error("grants-unreadable", said, None, "such as --secret INTUNE_SECRET@graph.microsoft.com")]
            )
        lines.append(f"secret {name} {host}")
    more = parsed(lines, Origin("--secret"))
    known = {name: grants.secrets.get(name, frozenset()) | found for name, found in more.secrets.items()}
    return Grants({**grants.secrets, **known}, (*grants.paths, *paths))
