"""Getting a table: from a file, from an address, and what is said where there is none."""

import http.server
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdforecast.errors import InputError, MachineError
from sdforecast.history import fetching


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b")
    assert fetching.fetch(str(tmp_path / "a.csv")) == b"a,b"


def test_a_folder_and_no_file(tmp_path: Path) -> None:
    for name in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError, match="is not a file"):
            fetching.fetch(str(name))


def test_a_huge_file(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as stream:
        stream.truncate(fetching.MOST_BYTES + 1)
    with pytest.raises(InputError, match="has more than 50 MB"):
        fetching.fetch(str(tmp_path / "a.csv"))


@pytest.mark.parametrize("address", ["http://data.cdc.gov/a.csv", "file:///etc/passwd", "ftp://a/b", "https://", "://"])
def test_only_https(address: str) -> None:
    with pytest.raises(InputError, match="is not an https address"):
        fetching.fetch(address)


def test_the_open_data_address_is_asked_for_all_national_rows() -> None:
    plain = "https://data.cdc.gov/resource/xkb8-kh2a.json"
    assert fetching.complete(plain) == f"{plain}?$limit=100000&state=US"
    assert fetching.complete(f"{plain}?$limit=5") == f"{plain}?$limit=5"
    assert fetching.complete("https://example.org/a.csv") == "https://example.org/a.csv"


def test_without_a_network_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise urllib.error.URLError(OSError(-2, "Name or service not known"))

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", nowhere)
    with pytest.raises(MachineError) as caught:
        fetching.fetch("https://data.cdc.gov/resource/xkb8-kh2a.csv")
    (problem,) = caught.value.problems
    assert str(problem).startswith("cannot reach data.cdc.gov: [Errno -2] Name or service not known (without a network")


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1/a.csv")
            self.end_headers()
        elif self.path == "/a.csv":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"a,b\n")
        else:
            self.send_response(404)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine; https is taken for http on the way to it."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(urllib.request.HTTPSHandler, "https_open", lambda self, req: self.do_open(_plain, req))
    monkeypatch.setenv("no_proxy", "*")
    yield f"https://127.0.0.1:{made.server_port}"
    made.shutdown()


def _plain(host: str, **options: object) -> http.client.HTTPConnection:
    assert isinstance(options.get("context"), ssl.SSLContext | None)
    return http.client.HTTPConnection(host, timeout=10)


def test_an_address(server: str) -> None:
    assert fetching.fetch(f"{server}/a.csv") == b"a,b\n"


def test_an_address_that_sends_us_away_from_https(server: str) -> None:
    with pytest.raises(MachineError, match="it sends us to an address that is not https"):
        fetching.fetch(f"{server}/away")


def test_an_address_without_the_table(server: str) -> None:
    with pytest.raises(InputError, match="answers 404"):
        fetching.fetch(f"{server}/b.csv")


def test_an_answer_that_is_too_long(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 3)
    with pytest.raises(InputError, match="has more than 0 MB"):
        fetching.fetch(f"{server}/a.csv")
