"""What docs/how-to/enterprise-hosts.md says is so: where addresses lead, and which variables name authorities."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from parts import PROJECT, need

from ci_orchestrator.api.online import places
from ci_orchestrator.providers.http import Meter, Patience, session

PAGE = (PROJECT / "docs" / "how-to" / "enterprise-hosts.md").read_text("utf-8")
ADDRESSES = re.findall(r"^\|.*\| `(\w+=\S+)` \| `(\S+)` \|$", PAGE, re.MULTILINE)
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def test_the_page_has_every_kind_of_server() -> None:
    assert {told.partition("=")[0] for told, _ in ADDRESSES} == {"azure", "github", "gitlab", "jenkins"}


@pytest.mark.parametrize(("told", "api"), ADDRESSES)
def test_an_address_leads_to_its_api(told: str, api: str, tmp_path: Path) -> None:
    _, runs_at, _ = places({}, tmp_path, host=told)
    assert runs_at is not None
    assert runs_at.api == api
    if not told.startswith("jenkins="):
        _, runs_at, lives_at = places({}, tmp_path, forge=told)
        assert runs_at == lives_at, "outside of a build it is both"
        assert lives_at is not None
        assert lives_at.api == api


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that is its own authority, with its key in the same file."""
    need(shutil.which("openssl"), "openssl makes a certificate: apt-get install openssl")
    path = tmp_path_factory.mktemp("authority") / "own.pem"
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=own"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run(["openssl", "req", *words], check=True, capture_output=True)
    return path


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Nothing."""


class _Quiet(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us goes away: that is what is tried."""


@pytest.fixture(scope="module")
def server(authority: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, authority.with_suffix(".key"))
    with _Quiet(("127.0.0.1", 0), _Hello) as http:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield f"https://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(("variable", "trusted"), [*zip(VARIABLES, (True, True, False), strict=True), ("", False)])
def test_an_authority_of_ones_own(
    variable: str, trusted: bool, server: str, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        assert f"`{name}`" in PAGE
    if variable:
        monkeypatch.setenv(variable, str(authority))
    with session(Meter(), patience=Patience(tries=1)) as line:
        if trusted:
            assert line.get(server).status_code == 204
        else:
            with pytest.raises(requests.exceptions.SSLError):
                line.get(server)
