"""``--ray [ADDRESS]``: an option whose address may be left out."""

import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="[ADDRESS]",
        help="Embed on the workers of a Ray cluster at HOST:PORT or ray://HOST:PORT; without ADDRESS, on one started here.",
    ),
]


class RayCommand(TyperCommand):
    """A command with the option Ray. Typer's options always take a value: one that is left out is filled in first."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, with ``--ray local`` for a ``--ray`` that nothing like an address follows."""
        filled: list[str] = []
        for place, argument in enumerate(args):
            filled.append(argument)
            if argument == "--ray" and not re.fullmatch(r"local|(ray://)?[^/\s]+:\d+", (args[place + 1 :] or [""])[0]):
                filled.append("local")
        return super().parse_args(ctx, filled)
