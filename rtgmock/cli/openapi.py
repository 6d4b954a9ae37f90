"""``rtgmock openapi``: prints the OpenAPI document."""

from __future__ import annotations

import click

from rtgmock.cli.output import print_line
from rtgmock.cli.running import configured_url
from rtgmock.settings.click_options import options

_ALL, _JSON = "all", "json"


@click.command(
    params=[
        click.Option(
            ["--format", "formats"],
            type=click.Choice([_ALL, _JSON]),
            default=_ALL,
            help="json: only the paths with .json and bodies in JSON, for generators of clients.  [default: all]",
        ),
        *options("api"),
    ]
)
def openapi(api: int, formats: str) -> None:
    """Print the OpenAPI 3.1 document of the API.

    Its server is the address from RTGMOCK_HOST, RTGMOCK_PORT and RTGMOCK_TLS.

    Example: rtgmock openapi --format json > redistogo.json
    """
    import orjson  # noqa: PLC0415 - only this command needs it and the tables

    from rtgmock.openapi.document import document  # noqa: PLC0415
    from rtgmock.openapi.generators import json_document  # noqa: PLC0415

    make = json_document if formats == _JSON else document
    print_line(orjson.dumps(make(api, configured_url()), option=orjson.OPT_INDENT_2).decode())
