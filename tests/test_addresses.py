"""Addresses are told without what is secret in them, everywhere."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retainkit.addresses import shown, without_secrets
from retainkit.cli import app

SECRET = "SEKRET123"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("https://u:SEKRET123@h/x.csv?token=SEKRET123", "https://…@h/x.csv?…"),
        ("https://SEKRET123@h:80/a@b.csv", "https://…@h:80/a@b.csv"),
        ("https://h:8080/a@b.csv#SEKRET123", "https://h:8080/a@b.csv#…"),
        ("ftp://u:SEKRET/123@h/x.csv", "ftp://…@h/x.csv"),
        ("s3://bucket/2024/x.parquet", "s3://bucket/2024/x.parquet"),
        ("folder/a?b@c.csv", "folder/a?b@c.csv"),
    ],
)
def test_what_is_secret_goes(name: str, told: str) -> None:
    assert shown(name) == told
    assert without_secrets(f"'{name}' is gone.") == f"'{told}' is gone."


DATA = b"user_id,time\na,2024-01-01\nb,\n"


class Ranges(http.server.BaseHTTPRequestHandler):
    """Serves DATA, also in pieces."""

    def log_message(self, *_: object) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        first, last = map(int, asked.groups()) if asked else (0, len(DATA) - 1)
        piece = DATA[first : last + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(piece)))
        self.send_header("Content-Range", f"bytes {first}-{first + len(piece) - 1}/{len(DATA)}")
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(piece)


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{served.server_port}"
        served.shutdown()


def test_no_command_tells_a_secret(server: str, tmp_path: Path) -> None:
    url = f"http://u:{SECRET}@{server}/x.csv?sig={SECRET}"
    runs = [
        ["cohort", url, "-f", "json", "--verbose", "--rejects", str(tmp_path / "r.csv")],
        ["inspect", url],
        ["init", url, "-o", str(tmp_path / "s.toml")],
        ["cohort", url.replace("x.csv", "x.parquet")],
        ["cohort", __file__, "--members", f"file://u:{SECRET}@/x?y={SECRET}"],
    ]
    for run in runs:
        done = CliRunner().invoke(app, run)
        assert SECRET not in done.output, run
        assert "…" in done.output or run[0] == "init", (run, done.output)
    for path in (tmp_path / "r.csv", tmp_path / "s.toml"):
        assert SECRET not in path.read_text(encoding="utf-8")
