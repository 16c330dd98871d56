"""A real terminal for a test: the program on one side, a person who types and reads on the other."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from tests.cli.conftest import START, environment
from tests.unwatched import unwatched

_STEERING = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78])|\r")
_PATIENCE_S = 20.0
_TAKE = """
import faulthandler, fcntl, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
faulthandler.register(signal.SIGUSR1)
"""
"""Makes the terminal the program's own, so that Ctrl-C reaches it; and has the program tell where it is."""


class Terminal:
    """Runs the program until it ends or the test does; use it in `with`."""

    def __init__(
        self,
        *args: str,
        before: str = "",
        columns: int = 80,
        lines: int = 40,
        interrupted: bool = False,
        **env: str,
    ) -> None:
        """`interrupted`: Ctrl-C will be pressed."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        variables = environment(TERM="xterm-256color", PROMPT_TOOLKIT_NO_CPR="1", **env)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TAKE + before + START, *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=unwatched(variables) if interrupted else variables,
            start_new_session=True,
        )
        os.close(slave)
        self._bytes = b""
        self._read = 0

    @property
    def raw(self) -> str:
        """Everything that the terminal was sent."""
        return self._bytes.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        """Everything shown so far, without what only steers the terminal."""
        return _STEERING.sub("", self.raw)

    def expect(self, wanted: str) -> None:
        """Wait until that was shown after what was expected before."""
        end = time.monotonic() + _PATIENCE_S
        while (at := self.text.find(wanted, self._read)) < 0:
            if not self._more(end):
                raise AssertionError(f"{wanted!r} was not shown, but: {self.text[self._read :]!r}")
        self._read = at + len(wanted)

    def press_until(self, key: str, wanted: str) -> None:
        """Press a key again and again, as a person would, until that is shown.

        Python's own `input` misses a Ctrl-C that comes after it has shown its prompt and before it waits.
        """
        end = time.monotonic() + _PATIENCE_S
        while wanted not in self.text[self._read :]:
            assert time.monotonic() < end, f"{wanted!r} was not shown"
            self.type(key)
            self._more(time.monotonic() + 1.0)
        self.expect(wanted)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Wait for the program's end; gives its exit code. One that goes on is asked where it is."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self._more(end):
            continue
        if not self._has_ended(end):
            text, shown = self.text[-500:], len(self.raw)
            self._process.send_signal(signal.SIGUSR1)
            end = time.monotonic() + 2.0
            while time.monotonic() < end and self._more(end):
                continue
            raise AssertionError(f"the program goes on; it shows {text!r} and is at:\n{self.raw[shown:]}")
        return self._process.wait()

    def _has_ended(self, end: float) -> bool:
        try:
            self._process.wait(max(end - time.monotonic(), 1.0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(end - time.monotonic(), 0))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self._bytes += data
        return bool(data)
