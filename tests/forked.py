"""Commands in processes forked from one that has loaded helpscraper, because loading takes longer than most commands.

``run`` and ``Started`` are for a test, ``program`` for a script on the path. What is about the start of a process (its
environment, its terminal) starts one of its own instead.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

_FORKS = sys.platform == "linux"
"""Elsewhere a fork does not survive what is loaded, and each command is started anew."""

_ROOM = 1 << 17
"""Bytes of a message at most: the arguments and the environment of a command."""


@cache
def _server() -> str:
    """Start this process's server and return its address; the server ends when this process does."""
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="helpscraper-forked-")
    address = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, "--serve", address],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    _kept.extend((folder, process))
    return address


_kept: list[object] = []


def run(
    arguments: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``helpscraper ARGUMENTS`` to its end, as ``subprocess.run`` does with ``python -m helpscraper``."""
    from tempfile import TemporaryFile

    if not _FORKS:
        words = [sys.executable, "-m", "helpscraper", *arguments]
        return subprocess.run(
            words, capture_output=True, text=True, timeout=timeout, check=False, env=env, cwd=cwd
        )
    with Path(os.devnull).open() as nothing, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        streams = [nothing.fileno(), out.fileno(), err.fileno()]
        code = _ask(_server(), arguments, streams, dict(env or os.environ), str(cwd or Path.cwd()), timeout)
        texts = [os.pread(stream, os.fstat(stream).st_size, 0).decode() for stream in streams[1:]]
    return subprocess.CompletedProcess(["helpscraper", *arguments], code, *texts)


class Started:
    """A command that was started and not waited for, with what tests need of ``subprocess.Popen``."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        from tempfile import TemporaryFile

        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(_server())
        self._told = [TemporaryFile("w+") for _ in range(2)]  # noqa: SIM115 (``wait`` closes them)
        with Path(os.devnull).open() as nothing:
            streams = [nothing.fileno(), *(each.fileno() for each in self._told)]
            environ = dict(os.environ if env is None else env)
            self.pid = _request(self._connection, arguments, streams, environ, str(Path.cwd()))

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def send_signal(self, number: int) -> None:
        """Send a signal; a process that has ended gets none."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> subprocess.CompletedProcess[str]:
        """Wait for the end, at most ``timeout`` seconds."""
        with self._connection, self._told[0], self._told[1]:
            self._connection.settimeout(timeout)
            code = int(self._connection.recv(100))
            streams = [each.fileno() for each in self._told]
            texts = [os.pread(stream, os.fstat(stream).st_size, 0).decode() for stream in streams]
        return subprocess.CompletedProcess(["helpscraper"], code, *texts)


def program() -> str:
    """Return a shell command that runs ``helpscraper`` with the arguments behind it."""
    if not _FORKS:
        return f'"{sys.executable}" -m helpscraper'
    return f'"{sys.executable}" -S -E "{__file__}" --run "{_server()}"'


def _ask(
    address: str, arguments: Sequence[str], streams: list[int], env: dict[str, str], cwd: str, timeout: float | None
) -> int:  # fmt: skip
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(address)
        process = _request(connection, arguments, streams, env, cwd)
        connection.settimeout(timeout)
        try:
            return int(connection.recv(100))
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["helpscraper", *arguments], timeout or 0) from None


def _request(
    connection: socket.socket, arguments: Sequence[str], streams: list[int], env: dict[str, str], cwd: str
) -> int:
    """Let the server start a command, and return the id of its process."""
    request = json.dumps({"arguments": [*map(str, arguments)], "env": env, "cwd": cwd}).encode()
    assert len(request) < _ROOM
    socket.send_fds(connection, [request], streams)
    return int(connection.recv(100))


def _serve(address: str) -> None:
    """Load what commands need and fork for each request; returns in the process that is to run a command."""
    import gc
    import select

    _load()
    gc.freeze()  # the collector of a command would look through all of it, and copy it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(address)
    listening.listen(64)
    os.write(1, b"ready\n")
    while True:
        ready, _, _ = select.select([listening, 0], [], [])
        if 0 in ready:  # the pipe of the process that started this one is closed
            os._exit(0)
        connection, _ = listening.accept()
        if _fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(connection)
            return
        connection.close()


def _fork() -> int:
    import warnings

    with warnings.catch_warnings():
        # Libraries have started threads, none of which is at work here.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _answer(connection: socket.socket) -> None:
    message, streams, _, _ = socket.recv_fds(connection, _ROOM, 3)
    if not message:
        os._exit(0)
    request = json.loads(message)
    process = _fork()
    if process:
        for stream in (*streams, 0, 1, 2):
            os.close(stream)
        connection.send(str(process).encode())
        _, status = os.waitpid(process, 0)
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    # A package that only this command is to find, and none of the modules that are loaded already.
    sys.path += [
        each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each not in ("", *sys.path)
    ]
    time.tzset()
    sys.argv = ["helpscraper", *request["arguments"]]


def _load() -> None:
    """Import the package and what Scrapy loads by name, but not the settings: they read the environment."""
    import importlib
    import pkgutil

    from scrapy.settings import default_settings

    import helpscraper
    from helpscraper.archive.arrow import leave_pandas_out

    leave_pandas_out()
    own = (found.name for found in pkgutil.walk_packages(helpscraper.__path__, "helpscraper."))
    for name in own:
        if not name.endswith(("__main__", ".settings")):
            importlib.import_module(name)
    for table in ("EXTENSIONS_BASE", "DOWNLOADER_MIDDLEWARES_BASE", "SPIDER_MIDDLEWARES_BASE"):
        for name in getattr(default_settings, table):
            importlib.import_module(name.rpartition(".")[0])
    downloader = [f"scrapy.core.downloader.{name}" for name in ("contextfactory", "handlers.http11")]
    scrapy = [*downloader, "scrapy.core.scheduler", "scrapy.dupefilters", "scrapy.pqueues", "scrapy.robotstxt",
              "scrapy.squeues", "scrapy.statscollectors"]  # fmt: skip
    for name in (*scrapy, "protego", "apprise", "dateparser", "matplotlib.backends.backend_svg"):
        importlib.import_module(name)
    from helpscraper.platforms import get_platform, platform_names
    from helpscraper.publish.report import plots, render
    from helpscraper.sites import sites_at

    sites_at(folder="")
    for name in platform_names():
        get_platform(name)
    for name in render.environment().list_templates():
        render.environment().get_template(name)
    plots.inline_svg(plots.changes_by_kind(["1"], {"added": [1]}), "n", "d")
    assert "twisted.internet.reactor" not in sys.modules and "helpscraper.settings" not in sys.modules


def _run() -> int:
    """Run the command of ``sys.argv`` as the interpreter would: an exception is told and ends it with 1."""
    from helpscraper.cli import main

    try:
        return main()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 (the end of a process)
        import traceback

        traceback.print_exc()
        return 1


def _end(code: int) -> None:
    """End as the interpreter does, but for taking all modules apart: that takes longer than most commands."""
    import atexit
    import threading

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    if sys.argv[1] == "--run":
        code = _ask(sys.argv[2], sys.argv[3:], [0, 1, 2], dict(os.environ), os.getcwd(), None)  # noqa: PTH109
        sys.exit(code if code >= 0 else 128 - code)
    _serve(sys.argv[2])
    _end(_run())
