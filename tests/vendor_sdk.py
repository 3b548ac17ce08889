"""Read JSON with the models of Microsoft's own Python SDKs, straight from their packed wheels.

The wheels are not installed: the SDKs' own packages would import their HTTP stack, and unpacked they take 1.2 GB. Only the
generated models are wanted, and those come out of the archive one by one.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
import types
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

HOME = Path(sys.prefix) / "vendor" / "sdk"
WHEELS = {"v1.0": ("msgraph", "msgraph_sdk-*.whl"), "beta": ("msgraph_beta", "msgraph_beta_sdk-*.whl")}
_IGNORED = frozenset({"@odata.context", "@odata.nextLink"})


def missing() -> str:
    """Say which wheel has not been fetched, or nothing."""
    return next((pattern for _, pattern in WHEELS.values() if not list(HOME.glob(pattern))), "")


def spread(api: str) -> str:
    """Make the packages of a wheel's models known to Python, without running their code; return the models' package."""
    name, pattern = WHEELS[api]
    models = f"{name}.generated.models"
    if models in sys.modules:
        return models
    (wheel,) = HOME.glob(pattern)
    with zipfile.ZipFile(wheel) as archive:
        files = [PurePosixPath(one) for one in archive.namelist() if f"{name}/generated/models/" in one]
    for folder in sorted({parent for file in files for parent in file.parents} - {PurePosixPath()}):
        package = types.ModuleType(".".join(folder.parts))
        package.__path__ = [f"{wheel}/{folder}"]
        sys.modules[package.__name__] = package
    return models


def model(api: str, name: str) -> Any:
    """Return a model's class by its module: `device_configuration`."""
    module = importlib.import_module(f"{spread(api)}.{name}")
    return getattr(module, "".join(word.capitalize() for word in name.rsplit(".", 1)[-1].split("_")))


def unknown(api: str, name: str, value: Any) -> list[str]:
    """Parse a JSON object with a model; return what the model has no field for, by where it stands."""
    from kiota_serialization_json.json_parse_node import JsonParseNode  # noqa: PLC0415 - it is not always installed

    parsed = JsonParseNode(value).get_object_value(model(api, name))
    assert parsed is not None
    return list(_left(parsed, ""))


def _left(value: Any, at: str) -> Any:
    """Walk a parsed object, whose fields are backed by a store, and yield what went into `additional_data`."""
    if isinstance(value, list):
        for place, one in enumerate(value):
            yield from _left(one, f"{at}/{place}")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            if field.name == "additional_data":
                yield from (f"{at}/{key}" for key in inner or {} if key not in _IGNORED)
            elif field.name != "backing_store":
                yield from _left(inner, f"{at}/{field.name}")


def typed(api: str, name: str, value: Any) -> str:
    """Return the class that a model takes an object for, by its `@odata.type`."""
    from kiota_serialization_json.json_parse_node import JsonParseNode  # noqa: PLC0415 - see above

    return type(JsonParseNode(value).get_object_value(model(api, name))).__name__
