"""Runs a command that serves the API, creates an instance, sends a PING by its URL, and prints what was said and when.

    python3 empty_machine_client.py PORT COMMAND

It is run on a machine that has Python and nothing else. It prints one JSON object: ``url``, ``reply``, ``seconds`` from
the command's start to the reply, and ``log``, what the command has printed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request


def create(api: str) -> str:
    """Create an instance and return its URL."""
    request = urllib.request.Request(
        f"{api}/instances.json", b"plan=nano", {"Authorization": "Basic dXNlcm5hbWU6cGFzc3dvcmQ="}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(json.load(answer)["url"])


def ping(url: str) -> str:
    """Return what the Redis at a URL answers to its password and a PING."""
    parts = urllib.parse.urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 20) as connection:
        connection.sendall(f"AUTH {parts.password}\r\nPING\r\n".encode())
        said = connection.makefile("rb")
        return " ".join(said.readline().decode().strip() for _ in range(2))


def main(port: str, command: str) -> None:
    with tempfile.TemporaryFile() as log:
        begun = time.monotonic()
        server = subprocess.Popen(["sh", "-c", command], stdout=log, stderr=log, start_new_session=True)
        url = reply = ""
        while not reply and server.poll() is None and time.monotonic() < begun + 300:
            try:
                url = create(f"http://127.0.0.1:{port}")
                reply = ping(url)
            except urllib.error.HTTPError as error:
                reply = error.read().decode()
            except OSError:
                time.sleep(0.005)  # nothing listens yet; a shorter interval would take the processor from pip
        seconds = round(time.monotonic() - begun, 2)
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
        log.seek(0)
        print(json.dumps({"url": url, "reply": reply, "seconds": seconds, "log": log.read().decode()}))


main(*sys.argv[1:])
