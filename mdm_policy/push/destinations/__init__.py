"""Hold the destinations, each on its own: none knows another."""

from __future__ import annotations
