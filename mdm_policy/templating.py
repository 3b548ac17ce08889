"""Make the one Jinja environment: templates hold structure, values come out typed for the target's format.

A template is text, but no value can break it: `{{ value }}` prints the value as its format writes it (a plist element,
a JSON value, escaped XML text), so quoting and escaping cannot be forgotten. What is printed is parsed again and
written canonically by the caller; this module only makes text. Templates may come from users, so they run in Jinja's
immutable sandbox, see plain data only, and have neither clock nor randomness.
"""

from __future__ import annotations

import io
import os
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec
from jinja2 import nodes, sandbox
from jinja2.compiler import CodeGenerator
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.loaders import split_template_path
from markupsafe import Markup

from mdm_policy import regular, resources
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.publishers import spellings
from mdm_policy.writers import (
    WRITERS,
    TemplateFormat,
    block,
    capitals,
    cell,
    code,
    csv_rows,
    fit,
    json_text,
    lines,
    prose,
    shape,
    split_team,
    stable_uuid,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import CodeType

    from jinja2.bccache import Bucket
    from jinja2.compiler import Frame

    TemplateRunner = Callable[["Page"], str]
    """Print a page, in this process or in another; it raises what `render` raises."""

_REMOVED_FILTERS = (
    "d", "default", "e", "escape", "forceescape", "pprint", "random", "safe", "tojson", "urlize", "xmlattr",
)  # fmt: skip
_REMOVED_GLOBALS = ("cycler", "joiner", "lipsum", "namespace")
_MAX_RENDERED = 64 * 1024 * 1024
_MAX_TEMPLATE = 1024 * 1024
"""A template holds structure alone; the largest packaged one has less than 4 KiB."""


def _finalizer(format_: TemplateFormat) -> Callable[..., Any]:
    write = WRITERS[format_]

    @jinja2.pass_eval_context
    def finalize(_context: nodes.EvalContext, value: Any) -> Markup:
        # An eval-context finalize is never constant-folded, so a literal is typed like any other value; Markup is
        # what a macro, a call block or {% set %} has printed already.
        if isinstance(value, Markup):
            return value
        if isinstance(value, jinja2.Undefined):
            str(value)  # raises the StrictUndefined error with the name in it
        return Markup(write(value))  # noqa: S704 - written by the format's own writer

    return finalize


class Lazy:
    """Stand in a context for a value that costs something, until a template asks for it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        """Keep the function that makes the value."""
        self.make = make


class _Context(jinja2.runtime.Context):
    """Make lazy values when a template names them; a template only ever sees plain data."""

    def resolve_or_missing(self, key: str) -> Any:
        value = super().resolve_or_missing(key)
        return value.make() if isinstance(value, Lazy) else value


class _Generator(CodeGenerator):
    """Note, while a template's code is made, what it takes from its context and where it changes autoescaping.

    `jinja2.meta` would make the code twice, and a search of the tree costs half as much again.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.taken: set[str] = set()
        self.autoescape_lines: list[int] = []

    def enter_frame(self, frame: Frame) -> None:
        super().enter_frame(frame)
        self.taken.update(name or "" for action, name in frame.symbols.loads.values() if action == VAR_LOAD_RESOLVE)

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier, frame: Frame) -> None:  # noqa: N802
        self.autoescape_lines.append(node.lineno)
        super().visit_ScopedEvalContextModifier(node, frame)


class _Environment(sandbox.ImmutableSandboxedEnvironment):
    """Refuse, before any template runs, what would let untyped text through or would fail half-way."""

    names: frozenset[str] = frozenset()
    context_class = _Context

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        # Jinja documents this hook for overriding; it sees every template once, included and extended ones too.
        code = io.StringIO()
        generator = _Generator(self, name, filename, code, defer_init, self.optimized)
        generator.visit(source)
        shown = filename or name or "template"
        found = [
            error(
                "template-refused",
                "an autoescape block would let untyped text through",
                Origin(shown, line),
                "remove the block: values are typed by the target's format",
            )
            for line in generator.autoescape_lines
        ]
        for unknown in sorted(generator.taken - self.names - set(self.globals)):
            line = next((n.lineno for n in source.find_all(nodes.Name) if n.name == unknown), 0)
            hint = f"known names: {', '.join(sorted(self.names))}"
            found.append(error("template-name", f"{unknown!r} is not a name templates know", Origin(shown, line), hint))
        if found:
            raise PolicyError(found)
        return code.getvalue()


class _Loader(jinja2.FileSystemLoader):
    """Read templates from the target's folders and from nowhere else, whatever a name or a link says."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        # Jinja has refused `..` and separators by now; a link it follows wherever it leads.
        del environment
        pieces = split_template_path(template)
        candidates = [Path(folder, *pieces) for folder in self.searchpath]
        found = next((path for path in candidates if os.path.isfile(path)), None)  # noqa: PTH113 - Path.is_file raises
        if found is None:
            raise jinja2.TemplateNotFound(template)
        real = found.resolve()
        # Packaged files may be links: some installers link a package's files to a store of theirs.
        ours = found.is_relative_to(resources.templates())
        if not ours and not any(real.is_relative_to(Path(folder).resolve()) for folder in self.searchpath):
            message = f"template {template!r} leads out of the templates folder"
            raise PolicyError([error("template-outside", message, Origin(str(found)), "put the file itself there")])
        data = regular.read_file(real, _MAX_TEMPLATE)
        if len(data) > _MAX_TEMPLATE:
            message = f"the template's file has more than {_MAX_TEMPLATE} bytes"
            raise PolicyError([error("template-too-large", message, Origin(str(found)))])
        text = data.decode(self.encoding).replace("\r\n", "\n").replace("\r", "\n")
        return text, os.path.normpath(found), lambda: True


class _Compiled(jinja2.BytecodeCache):
    """Share the code of templates between the environments of one format, for as long as the process lives."""

    def __init__(self) -> None:
        self.code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key, bucket.checksum] = bucket.code


@cache
def _compiled(_format: TemplateFormat, _names: frozenset[str]) -> _Compiled:
    return _Compiled()


def environment(format_: TemplateFormat, folders: Sequence[Path], names: frozenset[str]) -> jinja2.Environment:
    """Make the environment of one format; `folders` are searched in order, `names` is what a context will hold."""
    made = _Environment(
        loader=_Loader([str(folder) for folder in folders]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalizer(format_),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=-1,
        auto_reload=False,
        bytecode_cache=_compiled(format_, names),
    )
    made.names = names
    for name in _REMOVED_FILTERS:
        made.filters.pop(name, None)
    for name in _REMOVED_GLOBALS:
        made.globals.pop(name, None)
    made.filters["shape"] = shape
    made.filters["uuid"] = stable_uuid
    made.filters["json_text"] = json_text
    made.filters["fit"] = fit
    made.filters["capitals"] = capitals
    made.filters["spellings"] = spellings
    made.filters["prefixed"] = lambda value, prefix: prefix + value
    made.filters["split_team"] = split_team
    if format_ == "markdown":
        made.filters["code"] = code
        made.filters["block"] = block
        made.filters["cell"] = cell
        made.filters["prose"] = prose
    if format_ in {"text", "crlf"}:
        made.filters["lines"] = lines
        made.filters["csv"] = csv_rows
    return made


class Page(Frozen, frozen=True):
    """Ask for one text: which template, found where, on which data.

    `context` may be the same object for many pages, `more` is each page's own. `foreign` says that the template is not
    a packaged one: it may be anybody's.
    """

    format: TemplateFormat
    folders: tuple[Path, ...]
    names: frozenset[str]
    folder: Path
    template: str
    context: Mapping[str, Any]
    more: Mapping[str, Any] = {}
    foreign: bool = False


def render_template(page: Page) -> str:
    """Print a page in this process.

    Raises:
        PolicyError: as `render`.

    """
    env = _environment(page.format, page.folders, page.names)
    return render(env, page.folder, page.template, {**page.context, **page.more})


@lru_cache(maxsize=64)
def _environment(format_: TemplateFormat, folders: tuple[Path, ...], names: frozenset[str]) -> jinja2.Environment:
    return environment(format_, folders, names)


def render(env: jinja2.Environment, folder: Path, template: str, context: Mapping[str, Any]) -> str:
    """Render one template with plain data.

    Raises:
        PolicyError: `template-missing`, `template-syntax`, `template-refused` (an autoescape block), `template-name`
            (a name the context does not have), `template-failed` (anything else, at the template's own line),
            `template-too-large` (a file of more than 1 MiB, or more than 64 Mi characters printed), `template-outside`
            (a file that is not in the target's folders), `template-limit` (memory, or calls without end).

    """
    shown = str(folder / template)
    try:
        text = _printed(env.get_template(template).generate(context), shown)
    except jinja2.TemplateNotFound as missing:
        raise PolicyError(
            [error("template-missing", f"template {missing.name!r} is not in the target's folder", Origin(shown))]
        ) from None
    except jinja2.TemplateSyntaxError as bad:
        place = Origin(bad.filename or shown, bad.lineno)
        raise PolicyError([error("template-syntax", bad.message or "syntax error", place)]) from None
    except PolicyError as bad:
        place = _place(bad, shown)
        raise PolicyError([f if f.origin else msgspec.structs.replace(f, origin=place) for f in bad.findings]) from None
    except Exception as failed:  # noqa: BLE001 - a template may fail in any way its author managed to write
        raise PolicyError([_failure(failed, shown)]) from None
    return text


def _printed(parts: Iterable[str], shown: str) -> str:
    """Put together what a template prints, and stop it as soon as that is too much."""
    kept: list[str] = []
    room = _MAX_RENDERED
    for part in parts:
        room -= len(part)
        if room < 0:
            message = f"the template printed more than {_MAX_RENDERED} characters"
            raise PolicyError([error("template-too-large", message, Origin(shown))])
        kept.append(part)
    return "".join(kept)


def _failure(failed: Exception, shown: str) -> Finding:
    if isinstance(failed, (MemoryError, RecursionError)):
        what = "needs more memory than it may have" if isinstance(failed, MemoryError) else "calls itself without end"
        hint = "templates hold structure; let values come from the list"
        return error("template-limit", f"the template {what}", _place(failed, shown), hint)
    kind = "template-name" if isinstance(failed, jinja2.UndefinedError) else "template-failed"
    message = re.sub(r"\s+", " ", str(failed)) or type(failed).__name__
    return error(kind, message, _place(failed, shown))


def _place(failed: Exception, shown: str) -> Origin:
    place = Origin(shown)
    trace = failed.__traceback__
    while trace is not None:
        # Jinja rewrites its frames to the template's own name and lines; the last of them is where it went wrong.
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            place = Origin(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place
