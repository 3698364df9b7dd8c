"""The bytes of a table that others publish: of a file, or of an address on the web."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO

from sdforecast.errors import InputError, MachineError, Problem

MOST_BYTES = 50_000_000
"""Larger tables are refused; the CDC's has some 15 MB."""

SECONDS = 60
"""How long an address may be silent."""

RESOURCE = "/resource/xkb8-kh2a."
"""The open-data address of the CDC's table; without a limit it answers with a thousand rows of any state."""

_QUERY = "$limit=100000&state=US"


def is_address(text: str) -> bool:
    """Return whether a text is an address on the web rather than the name of a file."""
    return "://" in text


def fetch(text: str) -> bytes:
    """Return the bytes of a file or of an https address.

    Raises
    ------
    InputError : no such file, an address that is not https, more than 50 MB, an answer that is none.
    MachineError : the network is not there.
    """
    if not is_address(text):
        return _file(Path(text))
    address = complete(text)
    host = urllib.parse.urlsplit(address).hostname or ""
    request = urllib.request.Request(address, headers={"User-Agent": "sdforecast"})
    try:
        with urllib.request.build_opener(_Https).open(request, timeout=SECONDS) as answer:
            content: bytes = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise InputError(Problem(f"answers {error.code} {error.reason}", file=text)) from error
    except (HTTPException, OSError, ValueError) as error:  # URLError and time-outs are OSErrors
        reason = getattr(error, "reason", None) or error
        what = f"cannot reach {host}: {' '.join(str(reason).split())[:100]}"
        raise MachineError(
            Problem(what, hint="without a network, name a file that was downloaded elsewhere")
        ) from error
    return _not_too_large(content, text)


def complete(text: str) -> str:
    """Return the address that is asked. Raises `InputError` for one that is not https."""
    try:
        parts = urllib.parse.urlsplit(text)
        host = parts.hostname
    except ValueError as error:
        raise InputError(Problem("is not an address", file=text[:100])) from error
    if parts.scheme != "https" or not host:
        hint = "https://data.cdc.gov/resource/xkb8-kh2a.csv"
        raise InputError(Problem("is not an https address", file=text[:100], hint=hint))
    if RESOURCE in parts.path and not parts.query:
        parts = parts._replace(query=_QUERY)
    return urllib.parse.urlunsplit(parts)


class _Https(urllib.request.HTTPRedirectHandler):
    """Follows an answer to another place only where that is https, too."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Return the next request."""
        if urllib.parse.urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError("it sends us to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _file(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InputError(Problem("is not a file", file=str(path), hint="name a CSV file, or an https address"))
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", file=str(path))) from error
    return _not_too_large(content, str(path))


def _not_too_large(content: bytes, name: str) -> bytes:
    if len(content) > MOST_BYTES:
        raise InputError(Problem(f"has more than {MOST_BYTES / 1e6:.0f} MB", file=name))
    return content
