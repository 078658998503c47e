"""The command line: `python -m datashop_logs tail|publish|doctor`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import List, Optional

from . import _environment
from ._cli import doctor, publish, tail
from ._cli.exits import USAGE
from ._version import __version__


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs a command and returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m datashop_logs",
        description="Reads, publishes and diagnoses live logs.",
        epilog=f"The token is read from the environment variable {_environment.TOKEN} only: an "
        "argument would be visible in the list of processes.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (tail, publish, doctor):
        command = commands.add_parser(module.NAME, help=module.HELP, description=module.DETAILS)
        _add_common(command)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A log may contain characters that the terminal's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code: int = options.run(options)
    except (_environment.MissingSetting, ValueError) as error:
        print(f"datashop_logs: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the output left, such as `head`. Python would report it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    return code


def _add_common(command: argparse.ArgumentParser) -> None:
    environment = os.environ
    url = environment.get(_environment.URL)
    command.add_argument(
        "--url", default=url, required=not url, help=f"the gateway; default: ${_environment.URL}"
    )
    command.add_argument(
        "--service",
        default=environment.get(_environment.SERVICE) or _environment.DEFAULT_SERVICE,
        help=f"the service; default: ${_environment.SERVICE}, or etl",
    )


if __name__ == "__main__":
    sys.exit(main())
