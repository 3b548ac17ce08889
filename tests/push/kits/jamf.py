"""Jamf Pro as the laws of push see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulators.jamf import CLIENT, SECRET, JamfEmulator

if TYPE_CHECKING:
    from pathlib import Path

OWNER = "gov.example.agency"
_MARK = re.compile(r"\[mdm-policy:([^:\]]+):([0-9a-f-]{36})\]")
_OTHER = "[mdm-policy:org.other:8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001]"
SOFTWARE, MOBILE, MACS = "restrictedsoftware", "mobiledeviceconfigurationprofiles", "osxconfigurationprofiles"
_EVERYONE = {SOFTWARE: "all_computers", MACS: "all_computers", MOBILE: "all_mobile_devices"}
_GROUPS = {SOFTWARE: "computer_groups", MACS: "computer_groups", MOBILE: "mobile_device_groups"}


def software(name: str, process: str, scope: str = "<scope><all_computers>true</all_computers></scope>") -> str:
    """Return a restricted software record of somebody else."""
    return (
        f"<restricted_software><general><name>{name}</name><process_name>{process}</process_name>"
        f"<kill_process>true</kill_process></general>{scope}</restricted_software>"
    )


def profile(root: str, name: str, *content: str, scope: str = "") -> str:
    """Return a profile object of somebody else; `content` are the inner payloads."""
    plist = (
        '<plist version="1.0"><dict><key>PayloadType</key><string>Configuration</string><key>PayloadVersion</key>'
        f"<integer>1</integer><key>PayloadContent</key><array>{''.join(content)}</array></dict></plist>"
    )
    escaped = plist.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{root}><general><name>{name}</name><payloads>{escaped}</payloads></general>{scope}</{root}>"


def payload(kind: str, key: str, value: str) -> str:
    """Return one inner payload with one key."""
    return (
        f"<dict><key>PayloadType</key><string>{kind}</string><key>PayloadVersion</key><integer>1</integer>"
        f"<key>{key}</key>{value}</dict>"
    )


def _static_rules(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return Santa's rules of a payload, of its own type or of managed preferences."""
    forced = payload.get("PayloadContent", {}).get("com.northpolesec.santa", {}).get("Forced", ())
    every = [payload, *(entry["mcx_preference_settings"] for entry in forced)]
    return [rule for settings in every for rule in settings.get("StaticRules", ())]


class Kit:
    """Be Jamf Pro as the laws see it."""

    name = "jamf"
    env = {"MDM_POLICY_SECRET_JAMF": SECRET}
    targets = ("jamf-restricted-software", "jamf-mobile-profile", "jamf-macos-profile")

    def emulator(self) -> JamfEmulator:
        """Return a server with other people's objects, some of which look like ours."""
        server = JamfEmulator()
        server.seed(SOFTWARE, software("Banned: QQ (QQ)", "Spotify"))
        server.seed(SOFTWARE, software(f"Banned: WeChat (WeChat) {_OTHER}", "Steam"))
        server.seed(SOFTWARE, software("Games / music [mdm-policy:gov.example.agency:8C7D]", "Chess", ""))
        blocked = payload("com.apple.applicationaccess", "blockedAppBundleIDs", "<array><string>a.b</string></array>")
        wifi = payload("com.apple.wifi.managed", "Password", "<string>secret of the tenant</string>")
        group = "<scope><mobile_device_groups><mobile_device_group><id>12</id></mobile_device_group></mobile_device_groups></scope>"
        server.seed(MOBILE, profile("configuration_profile", "Banned apps: order", blocked, scope=group))
        server.seed(MOBILE, profile("configuration_profile", f"Wi-Fi {_OTHER}", wifi))
        server.seed(MACS, profile("os_x_configuration_profile", "Banned apps: order", wifi))
        return server

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        """Return the settings; the secret is in the environment."""
        del folder
        settings = {"url": url, "client_id": CLIENT, "client_secret": {"env": "MDM_POLICY_SECRET_JAMF"}}
        return {"jamf": settings, "assign": "everyone"}

    def _ours(self, server: JamfEmulator) -> list[tuple[str, str, dict[str, Any]]]:
        found = []
        for resource, objects in server.objects.items():
            for held in objects.values():
                marks = _MARK.findall(held["general"]["name"])
                if marks and marks[-1][0] == OWNER:
                    found.append((resource, marks[-1][1], held))
        return found

    def bans(self, server: JamfEmulator) -> frozenset[tuple[str, str]]:
        """Return what our objects that reach somebody block: processes, bundle ids, Santa's rules."""
        found: set[tuple[str, str]] = set()
        for resource, _, held in self._ours(server):
            if held["scope"][_EVERYONE[resource]] != "true" and not held["scope"][_GROUPS[resource]]:
                continue
            if resource == SOFTWARE:
                killed = held["general"]["kill_process"] == "true"
                found |= {("process", held["general"]["process_name"])} if killed else set()
                continue
            for one in held["payload"]["PayloadContent"]:
                found |= {("bundle", app) for app in one.get("blockedAppBundleIDs", ())}
                found |= {("santa", rule["identifier"]) for rule in _static_rules(one)}
        return frozenset(found)

    def twins(self, server: JamfEmulator) -> list[str]:
        """Return the keys that more than one object bears."""
        keys = [key for _, key, _ in self._ours(server)]
        return [key for key in keys if keys.count(key) > 1]

    def foreign(self, server: JamfEmulator) -> Any:
        """Return what is not ours."""
        return server.foreign()

    def meddle(self, server: JamfEmulator) -> None:
        """Drop one app from our mobile profile in the console."""
        for resource, _, held in self._ours(server):
            if resource == MOBILE:
                del held["payload"]["PayloadContent"][0]["blockedAppBundleIDs"][-1:]

    def harmless(self, server: JamfEmulator) -> None:
        """Let the server rewrite: ids, order, injected defaults, how levels and entities are told."""
        server.doubled = "" if server.doubled else "whole"
        for resource, _, held in self._ours(server):
            if resource == SOFTWARE:
                held["general"]["display_message"] += "\n"
                continue
            held["payload"]["PayloadUUID"] = held["payload"]["PayloadIdentifier"] = (
                "00000000-AAAA-4BBB-8CCC-DDDDDDDDDDDD"
            )
            held["payload"]["PayloadOrganization"] = "JAMF Software"
            for one in held["payload"]["PayloadContent"]:
                one["PayloadUUID"] = one["PayloadIdentifier"] = "00000000-AAAA-4BBB-8CCC-EEEEEEEEEEEE"
                one["PayloadDescription"] = "Injected"
                for key in ("blockedAppBundleIDs", "StaticRules"):
                    one.get(key, []).reverse()
