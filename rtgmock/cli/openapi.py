"""``rtgmock openapi``: prints the OpenAPI document."""

from __future__ import annotations

import click

from rtgmock.cli.output import print_line
from rtgmock.cli.running import configured_url
from rtgmock.settings.click_options import options


@click.command(params=options("api"))
def openapi(api: int) -> None:
    """Print the OpenAPI 3.1 document of the API.

    Its server is the address from RTGMOCK_HOST, RTGMOCK_PORT and RTGMOCK_TLS.

    Example: rtgmock openapi > redistogo.json
    """
    import orjson  # noqa: PLC0415 - only this command needs it and the tables

    from rtgmock.openapi.document import document  # noqa: PLC0415

    print_line(orjson.dumps(document(api, configured_url()), option=orjson.OPT_INDENT_2).decode())
