"""Hold the names in Fleet's GitOps files that reading them and writing for them share.

fleetdm/fleet docs/Configuration/yaml-files.md @001a506f.
"""

from __future__ import annotations

APPLE_SETTINGS = ("apple_settings", "macos_settings")
"""Where profiles for Apple devices stand under `controls`: the name of now, and that of before."""
SETTINGS = (*APPLE_SETTINGS, "windows_settings", "android_settings")
PROFILE_LISTS = ("configuration_profiles", "custom_settings")
"""What a list of profiles is called: the name of now, and that of before."""
