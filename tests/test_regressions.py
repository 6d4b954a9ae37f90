"""What once went wrong with the state file, the command and the log, and must not again."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import stat
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import InternalError, StartupError
from rtgmock.storage.file import FileStorage
from tests.cli.test_command import create, refusal
from tests.storage.test_durability import AUTHORIZATION, create_until
from tests.storage.test_file import NEW, OLD, elsewhere, on_disk
from tests.storage.test_store import a_record, instance, tables
from tests.storage.test_store import refusal as file_refusal
from tests.support import raw
from tests.support.command import DEADLINE, PROGRAM, Command, environment, run, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve

    Start = Callable[..., Command]


def test_a_file_closed_in_another_thread_can_be_opened_again(tmp_path: Path) -> None:
    opened = FileStorage(tmp_path / "state.json")
    elsewhere(opened.close)
    FileStorage(tmp_path / "state.json").close()


def test_memory_and_disk_agree_when_only_the_folder_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    with contextlib.closing(FileStorage(path)) as file:
        file.write(OLD)
        fsync = os.fsync

        def fail_for_folders(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", fail_for_folders)
        with contextlib.suppress(InternalError):
            file.write(NEW)
        assert file.read() == on_disk(path)


def test_the_temporary_file_of_a_state_file_with_a_longer_name_is_left_alone(tmp_path: Path) -> None:
    others = tmp_path / ".state.json.a1b2c3d4.tmp"
    others.write_text("in use by the emulator of state.json")
    FileStorage(tmp_path / "state").close()
    assert others.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "null"
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    with pytest.raises(StartupError):
        FileStorage(path).write(OLD)
    assert path.is_char_device()


def test_a_fifo_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(FileStorage, tmp_path / "fifo")
        try:
            with pytest.raises(StartupError):
                opening.result(timeout=2)
        finally:
            with contextlib.suppress(OSError):
                os.close(os.open(tmp_path / "fifo", os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("folder", ["my folder", "$HOME", "it's"])
def test_the_mkdir_command_works_when_pasted(tmp_path: Path, folder: str) -> None:
    with pytest.raises(StartupError) as raised:
        FileStorage(tmp_path / folder / "state.json")
    subprocess.run(["sh", "-c", "mkdir -p" + str(raised.value).partition("mkdir -p")[2]], check=True)
    assert (tmp_path / folder).is_dir()


def without_boot(content: dict[str, Any]) -> None:
    del content["instances"]["1"]["boot"]


@pytest.mark.parametrize(
    "fault",
    [
        without_boot,
        instance(boot={"reads": 1}),
        instance(boot={"reads": 1}, status="new"),
        lambda content: content["instances"].update({"2": a_record(id=2)}),
        lambda content: content["rtgmock"].update({"1": {"format": 1, "last_instance_id": -3}}),
        lambda content: content["rtgmock"].update({"1": {"format": 0, "last_instance_id": 5}}),
        lambda content: content["rtgmock"].update({"1": {"format": 1, "last_instance_id": 2**64 - 1}}),
        lambda content: content["accounts"].update({"2": {"name": "username"}}),
        lambda content: content["servers"].update({"1": {"name": "r\x01ay"}}),
        instance(user_id=9),
    ],
    ids=[
        "no boot",
        "boot of a running one",
        "boot of a new one",
        "a port twice",
        "negative last id",
        "format 0",
        "last id of 64 bits",
        "account twice",
        "control character in a server's name",
        "no such account",
    ],
)
def test_a_file_with_a_fault_is_refused(tmp_path: Path, fault: Callable[[dict[str, Any]], object]) -> None:
    content = tables()
    fault(content)
    file_refusal(tmp_path / "state.json", content)


def test_no_password_of_the_file_is_in_the_refusal(tmp_path: Path) -> None:
    content = tables()
    content["instances"]["1"] |= {"password": "hunter2\n"}
    assert "hunter2" not in file_refusal(tmp_path / "state.json", content)


def test_a_refusal_is_one_line_whatever_the_key(tmp_path: Path) -> None:
    content = tables()
    content["instances"]["1\n2"] = {}
    assert "\n" not in file_refusal(tmp_path / "state.json", content)


def test_a_relative_state_file_is_named_in_full(command: Start, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"_default": {}}')
    assert str(tmp_path / "state.json") in refusal(command, "--state", "state.json")


def test_a_busy_kept_connection_does_not_keep_it_from_ending(command: Start) -> None:
    server = command("--state", "state.json", "--ports", "10001-59999")
    begun, never = threading.Event(), threading.Event()
    with ThreadPoolExecutor(8) as pool:
        for n in range(8):
            pool.submit(create_until, never, server.url, str(n), begun)
        assert begun.wait(DEADLINE)
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 2


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
def test_a_signal_that_was_ignored_stays_ignored(tmp_path: Path, name: str) -> None:
    ready = tmp_path / "url"
    arguments = ["serve", "--port", "0", "--state", ":memory:", "--ready-file", str(ready)]
    ignoring = f"trap '' {name[3:]}; exec \"$@\""
    process = subprocess.Popen(
        ["sh", "-c", ignoring, "sh", *PROGRAM, *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(ready.exists)
        process.send_signal(getattr(signal, name))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    finally:
        process.kill()
        process.wait()


def test_a_log_that_nobody_reads_any_more_does_no_harm(tmp_path: Path) -> None:
    ready = tmp_path / "url"
    reading, writing = os.pipe()
    arguments = ["serve", "--port", "0", "--state", ":memory:", "--ready-file", str(ready)]
    process = subprocess.Popen(
        [*PROGRAM, *arguments], cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=writing
    )
    os.close(writing)
    os.close(reading)
    try:
        until(ready.exists)
        create(ready.read_text().strip())
        process.terminate()
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()


def test_every_line_of_the_log_as_json_is_json(command: Start) -> None:
    server = command("--state", ":memory:", "--log-format", "json")
    create(server.url)
    server.stop()
    for line in server.err.splitlines():
        json.loads(line)


def test_a_stale_ready_file_is_gone_when_the_start_fails(command: Start, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("http://127.0.0.1:1\n")
    refusal(command, "--state", "not/there.json", ready_file=tmp_path / "url")


def test_nothing_is_left_beside_a_ready_file_that_cannot_be_written(command: Start, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "url").mkdir()
    server = command("--state", ":memory:", ready_file=tmp_path / "folder" / "url", wait=False)
    assert server.wait() == 1
    assert [entry.name for entry in (tmp_path / "folder").iterdir()] == ["url"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ready-file", ""],
        ["--ready-file", "."],
        ["--ready-file", "/"],
        ["--state", "/"],
        ["--state", "loop"],
        ["--host", "a..b"],
        ["--host", "a" * 64],
    ],
)
def test_there_is_never_a_traceback(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "loop").symlink_to("loop")
    refused = run("serve", "--port", "0", "--state", ":memory:", *arguments, folder=tmp_path)
    assert refused.returncode in {1, 2}
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("path", ["file/state.json"])
def test_a_file_in_place_of_the_folder_is_not_called_missing(command: Start, tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    assert "does not exist" not in refusal(command, "--state", path)


# D

S = "s3cret"
HEAD = f"Host: localhost\nAuthorization: {AUTHORIZATION}"


@pytest.mark.parametrize(
    "request_bytes",
    [
        raw.head(f"PUT /instances/1.json?timeout=30 HTTP/1.1\n{HEAD}", f'{{"password": "{S}"}}'.encode()),
        raw.head(f"POST /instances.json?plan=nano HTTP/1.1\n{HEAD}", f"<i><password>{S}</password></i>".encode()),
        raw.head(f"POST /instances.json?password={S} HTTP/1.1\n{HEAD}\nTransfer-Encoding: gzip"),
        raw.head(f"POST /instances.json?password={S} HTTP/1.1\n{HEAD}\nContent-Length: x"),
        raw.head(f"GET http://username:{S}@localhost/instances HTTP/1.1\n{HEAD}\nTransfer-Encoding: gzip"),
        f"GET /instances HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {S}\n\r\n\r\n".encode(),
        f"GET /instances HTTP/1.1\r\n Authorization: Basic {S}\r\n\r\n".encode(),
        raw.head(f"PUT /instances/1.json?timeout=30&master-password={S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances?+password={S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances?a=1;password={S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances?password=x;{S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances%3Fpassword={S} HTTP/1.1\n{HEAD}"),
        raw.head(f'{{"password": "{S}"}}'),
    ],
    ids=[
        "JSON as a form",
        "XML as a form",
        "refused 501",
        "refused 400",
        "refused absolute",
        "header with LF",
        "folded header",
        "dashed name",
        "name with a blank",
        "semicolon",
        "semicolon in it",
        "quoted question mark",
        "no HTTP",
    ],
)
def test_no_password_is_in_the_log_or_the_journal(serve: Serve, request_bytes: bytes) -> None:
    served = serve()
    served.create()
    raw.send(served.url, request_bytes)
    assert len(served.log) == 2
    assert S not in json.dumps(served.log)
    assert len(served.emulator.requests) == 2
    assert S not in served.get("/_rtgmock/requests").text
