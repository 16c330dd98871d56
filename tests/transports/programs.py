"""Real servers and proxies from Debian's packages, each on a free port of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NGINX = """
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 1m;
  keepalive_requests 3;
  default_type text/plain;
  root {folder}/files;
  server {{
    listen 127.0.0.1:{port};
    location /plain {{ return 200 "hello"; }}
    location /gone {{ return 204; }}
    location /packed {{ gzip on; gzip_min_length 1; gzip_types text/plain; try_files /text =404; }}
    location /upload {{ proxy_pass http://127.0.0.1:{port}/plain; }}
  }}
  server {{
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    location / {{ return 200 "hello by tls"; }}
  }}
}}
"""

TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 30
MaxClients 20
Allow 127.0.0.1
LogLevel Critical
BasicAuth me fake-pass
"""


def program(name: str, package: str) -> str:
    """Where the program is; a missing one fails the test and says what to install."""
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    found = shutil.which(name, path=places)
    if found is None:
        pytest.fail(f"{name} is not installed; run: apt-get install {package}")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """The program, from when it answers at its port until the end of the test."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _await(port, process)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                pytest.fail(f"{process.args!r} did not start: {process.communicate()[0]!r}")
            threading.Event().wait(0.01)
        else:
            return


@contextmanager
def nginx(folder: Path, certificate: bytes) -> Iterator[tuple[str, str]]:
    """A web server; its plain and its TLS origin."""
    command = program("nginx", "nginx")
    port, tls_port = free_port(), free_port()
    files = folder / "files"
    files.mkdir()
    (files / "text").write_bytes(b"hello " * 2000)
    (files / "large").write_bytes(bytes(range(256)) * 20_000)
    (folder / "server.pem").write_bytes(certificate)
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, tls_port=tls_port))
    with running([command, "-e", "stderr", "-p", str(folder), "-c", str(settings)], port):
        yield f"http://127.0.0.1:{port}", f"https://localhost:{tls_port}"


@contextmanager
def tinyproxy(folder: Path) -> Iterator[str]:
    """An HTTP proxy that wants the user name `me` and the password `fake-pass`; its `host:port`."""
    command = program("tinyproxy", "tinyproxy")
    port = free_port()
    settings = folder / "tinyproxy.conf"
    settings.write_text(TINYPROXY.format(port=port))
    with running([command, "-d", "-c", str(settings)], port):
        yield f"127.0.0.1:{port}"


@contextmanager
def microsocks(*, login: bool) -> Iterator[str]:
    """A SOCKS5 proxy, with the user name `me` and the password `fake-pass` or without; its `host:port`."""
    command = program("microsocks", "microsocks")
    port = free_port()
    names = ["-u", "me", "-P", "fake-pass"] if login else []
    with running([command, "-i", "127.0.0.1", "-p", str(port), *names], port):
        yield f"127.0.0.1:{port}"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis server that keeps nothing on disk; its address."""
    command = program("redis-server", "redis-server")
    port = free_port()
    settings = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    with running([command, *settings], port):
        yield f"redis://127.0.0.1:{port}/0"
