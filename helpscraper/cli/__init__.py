"""The command line: parse arguments, call one function, print.

Each command is a module with ``EXAMPLE``, ``configure(parser)`` and ``run(args) -> int``; only the module of the given
command is imported, to keep ``helpscraper --help`` fast.
"""

from __future__ import annotations

import argparse
import codecs
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from helpscraper import __version__
from helpscraper.cli.options import settle_output
from helpscraper.cli.parser import Parser, TopParser, explain_unknown
from helpscraper.errors import CommandError, HelpscraperError
from helpscraper.extras import missing

__all__ = ["COMMANDS", "GROUPS", "build_parser", "main"]

COMMANDS = {
    "crawl": "crawl a help centre and commit a snapshot",
    "sites": "list the declared help centres, declare one, or look at its pages",
    "due": "list the editions that are due for a crawl",
    "accept": "commit a refused snapshot after you have checked it",
    "runs": "list every run, including refused and failed ones",
    "log": "list snapshots with their changes, or the changes of one article",
    "diff": "show the changes between two snapshots",
    "show": "show a snapshot, or one article in it",
    "digest": "tell the changes of a week by section, silent edits first, for a mail or a chat",
    "history": "list the changes of one article",
    "blame": "show which snapshot brought each paragraph of an article",
    "grep": "find the articles whose text says something, now or ever",
    "sql": "answer a question in SQL (DuckDB) over all snapshots",
    "verify": "check that the archive is whole",
    "compact": "pack the snapshots of each past month into one file",
    "export": "write a snapshot as CSV, JSON, Markdown or Parquet",
    "import": "make snapshots from saved pages, flattened text or captures of a web archive",
    "backfill": "fetch captures from before the first crawl from a public web archive and import them",
    "reextract": "read the recorded pages of crawls again with the current extractor",
    "report": "build the report site: static pages that open from disk",
    "feed": "write Atom feeds of the site, its sections and its articles",
    "completion": "print the script that makes a shell complete commands, sites, snapshots and articles",
    "demo": "crawl the sample help centre twice and show what changed",
}
"""Every command and its one line of help."""

GROUPS = {
    "Crawl": ("crawl", "due", "sites", "accept", "backfill", "import", "reextract"),
    "See what changed": ("log", "diff", "digest", "history", "blame"),
    "Read what was there": ("show", "grep", "sql", "export"),
    "Publish": ("report", "feed"),
    "Look after the archive": ("runs", "verify", "compact"),
    "Try it": ("demo", "completion"),
}
"""The commands as the overview shows them: by what they are for."""

_MODULES = {"import": "import_"}


def build_parser(command: str | None = None) -> TopParser:
    """Return the parser, with the arguments of ``command`` (or of all with ``"*"``) filled in."""
    parser = TopParser(
        {heading: {name: COMMANDS[name] for name in names} for heading, names in GROUPS.items()}
    )
    parser.add_argument("--version", action="version", version=f"helpscraper {__version__}")
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser, prog="helpscraper"
    )
    for name, text in COMMANDS.items():
        sub = subparsers.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if command in (name, "*"):
            sub.add_argument(
                "--archive",
                metavar="URI",
                default=os.environ.get("HELPSCRAPER_ARCHIVE", "output"),
                help="the archive: a folder or an fsspec URL (default: %(default)s)",
            )
            module = importlib.import_module(f"helpscraper.cli.{_MODULES.get(name, name)}")
            sub.epilog = module.EXAMPLE
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors go to stderr with what to do about them."""
    words = sys.argv[1:] if argv is None else argv
    try:
        return _main(argv)
    except (KeyboardInterrupt, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != "Query interrupted":  # DuckDB's name for Ctrl-C
            raise
        command = next((f" {word}" for word in words if word in COMMANDS), "")
        print(f"helpscraper{command}: interrupted", file=sys.stderr)
        return 130


def _main(argv: Sequence[str] | None) -> int:
    if "_ARGCOMPLETE" in os.environ and argv is None:
        from helpscraper.cli.complete import answer, command_of

        wanted = command_of(os.environ.get("COMP_LINE", ""), COMMANDS)
        answer(build_parser(wanted), wanted)
    _write_all_characters()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    command = next((word for word in arguments if not word.startswith("-")), None)
    parser = build_parser(command)
    if not arguments:
        parser.print_help()
        return 0
    try:
        args = _parsed(parser, command, arguments)
        settle_output(args)
    except CommandError as error:
        print(f"helpscraper{f' {command}' * (command in COMMANDS)}: {error}", file=sys.stderr)
        return int(error.exit_code)
    if argv is None:  # the process is the command's own, and no command makes a DataFrame
        from helpscraper.archive.arrow import leave_pandas_out

        leave_pandas_out()
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except HelpscraperError as error:
        print(f"helpscraper {args.command}: {error}", file=sys.stderr)
        return int(error.exit_code)
    except ModuleNotFoundError as error:
        if (found := missing(error)) is None:
            raise
        print(f"helpscraper {args.command}: {found}", file=sys.stderr)
        return int(found.exit_code)
    except BrokenPipeError:
        # The reader of a pipe (head, less) closed it; without this Python would report it again when it flushes at
        # exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # Errors of the archive's files are ArchiveErrors: this one is about stdout, or a file named by --output.
        named = f"{error.filename}:" if error.filename else "the output"
        print(f"helpscraper {args.command}: {named} cannot be written: {error.strerror}", file=sys.stderr)
        print("  check the folder, the rights and the free space", file=sys.stderr)
        return 1
    return code


def _parsed(parser: Parser, command: str | None, arguments: list[str]) -> argparse.Namespace:
    """Parse the arguments; raises ``CommandError`` with the nearest name for an unknown command or option."""
    if command is not None and command not in COMMANDS:
        raise explain_unknown("command", command, COMMANDS, "run `helpscraper` to list the commands")
    options = parser.options_of(command)
    advice = f"run `helpscraper {command or ''}".rstrip() + " --help` to list the arguments"
    # argparse would tell of an argument that is missing before one that is misspelt.
    for word in arguments[: arguments.index("--")] if "--" in arguments else arguments:
        name = word.partition("=")[0]
        if name.startswith("--") and not any(each.startswith(name) for each in options):
            raise explain_unknown("argument", name, options, advice)
    args, unknown = parser.parse_known_args(arguments)
    if unknown and unknown[0].startswith("-"):
        raise explain_unknown("argument", unknown[0], options, advice)
    if unknown:
        raise CommandError(
            f"{unknown[0]}: one argument too many", advice=f"quote an argument with spaces; {advice}"
        )
    return args


def _write_all_characters() -> None:
    """Write ``\\u6587`` for characters that the terminal's encoding lacks, instead of stopping there.

    For a stream that the caller has closed (``>&-``), drop everything.
    """
    nowhere = Path(os.devnull)
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="backslashreplace")
