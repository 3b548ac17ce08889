"""The `lookup` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdm_policy import catalogue as catalogues
from mdm_policy.cli import edge, options, output
from mdm_policy.discovery import how_to_find
from mdm_policy.errors import PolicyError, error
from mdm_policy.identifiers import quoted
from mdm_policy.report import catalogue as writing
from mdm_policy.report import machine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.model import Identifier
    from mdm_policy.sources.store_pages import Answers


@options.command("lookup")
@click.argument("query", required=False)
@click.option("--all", "everything", is_flag=True, help="Show sources, notes and all domains too.")
@click.option("--stats", "stats", is_flag=True, help="Count what is known instead, by platform and confidence.")
@click.option(
    "--online", is_flag=True, help="Ask the App Store and Google Play about the identifiers, too (sends them)."
)
@options.deployment("Search what this deployment's overlays hold, too.")
@options.format_("text", "json", help="How to print.")
def command(
    query: str | None, everything: bool, stats: bool, online: bool, deployment: Path | None, format_: str
) -> None:
    """Search the catalogue for QUERY: a name, a vendor, or an identifier.

    Exit code 1 when nothing is found.
    """
    if (query is None) != stats:
        raise click.UsageError("give either QUERY or --stats")
    if online and stats:
        raise click.UsageError("--online asks about the identifiers of a QUERY")
    loaded = catalogues.load()
    if deployment is not None:
        from mdm_policy.sources import inputs  # noqa: PLC0415 - the packaged catalogue is found without reading any YAML

        loaded = inputs.gather(deployment, ()).catalogue
    if stats:
        counts = writing.statistics(loaded)
        output.data(machine.dump(counts)) if format_ == "json" else output.result(writing.statistics_text(loaded))
        return
    found = loaded.lookup(query or "")
    asked = _asked(found, query or "", everything=everything) if online else ()
    answers = _ask(asked) if online else {}
    if online and not found and asked:
        if format_ == "json":
            output.data(machine.unknown(query or "", asked, answers))
            raise click.exceptions.Exit(1)
        output.result(writing.unknown(query or "", asked, answers, output.width()))
    if format_ == "json":
        output.data(machine.hits(found, loaded, answers))
        if not found:
            raise click.exceptions.Exit(1)
    elif found:
        output.result(writing.hits(found, loaded, output.width(), everything=everything, answers=answers))
    else:
        raise _nothing_found(query or "", loaded)


def _asked(found: Sequence[catalogues.LookupHit], query: str, *, everything: bool) -> Sequence[Identifier]:
    """Return what is asked about: the identifiers that are shown, or what the query itself may be."""
    from mdm_policy.sources.store_pages import possible  # noqa: PLC0415 - only who asks for it goes online

    if not found:
        return possible(query)
    shown = writing.in_full(found, everything=everything)
    return [one for hit in shown if hit.app is not None for one in hit.app.identifiers]


def _ask(identifiers: Sequence[Identifier]) -> Answers:
    from mdm_policy.sources.store_pages import ask  # noqa: PLC0415 - see above

    return ask(identifiers, edge.stores(), edge.today())


def _nothing_found(query: str, catalogue: catalogues.Catalogue) -> PolicyError:
    nearest = catalogue.suggest(query)
    hint = f"a ban list can give its identifiers itself, under `name:`; {how_to_find()}"
    hint = f"did you mean {quoted(nearest)}?" if nearest else hint
    said = f"nothing in the catalogue matches {quoted(query)}"
    return PolicyError([error("nothing-found", said, None, hint)])
