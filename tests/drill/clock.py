"""The bot's wall clock: a file moves it while the machine's stays right. It takes a C compiler."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

HOUR = 3600
_SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long ahead(void) {
    static const volatile long long *shared;
    if (!shared) {
        const char *name = getenv("DRILL_CLOCK");
        int file = name ? open(name, O_RDONLY) : -1;
        if (file < 0) return 0;
        shared = mmap(0, sizeof *shared, PROT_READ, MAP_SHARED, file, 0);
        close(file);
    }
    return *shared;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, which, now);
    if (!result && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead();
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    int result = (int)syscall(SYS_gettimeofday, now, zone);
    if (!result && now) now->tv_sec += ahead();
    return result;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
"""


class Clock:
    """The clock of the processes that are started with `settings`."""

    def __init__(self, folder: Path) -> None:
        self._file, self._library = folder / "clock", folder / "clock.so"
        self._file.write_bytes(struct.pack("q", 0))
        source, compiler = folder / "clock.c", shutil.which("cc") or shutil.which("gcc")
        source.write_text(_SOURCE, encoding="ascii")
        command = [compiler or "", "-O1", "-shared", "-fPIC", "-o", str(self._library), str(source)]
        self._can = compiler is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0

    @property
    def settings(self) -> dict[str, str]:
        """What a child process needs in its environment to live by this clock."""
        return {"LD_PRELOAD": str(self._library), "DRILL_CLOCK": str(self._file)} if self._can else {}

    def faults(self) -> dict[str, Callable[[], AbstractContextManager[None]]]:
        """The clock goes wrong, where it can be made to."""
        return {"clock: an hour ahead, and back": self._ahead} if self._can else {}

    @contextmanager
    def _ahead(self) -> Iterator[None]:
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
            shared[:] = struct.pack("q", HOUR)
            yield
            shared[:] = struct.pack("q", 0)
