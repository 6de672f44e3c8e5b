"""The demonstration as a stranger starts it: one link, already signed in, a service to try, nothing left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest


@dataclass
class Started:
    """A running demonstration: its process, its one link, and the directory it may use."""

    process: subprocess.Popen[str]
    link: str
    folder: Path


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "cockpit", "demo"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    watchdog = threading.Timer(240, process.kill)
    watchdog.start()
    assert process.stdout is not None
    links = []
    for line in process.stdout:
        links += re.findall(r"http\S+", line)
        if links:
            break
    assert len(links) == 1, "the demonstration ended before it printed its link"
    yield Started(process, links[0], tmp_path)
    watchdog.cancel()
    if process.poll() is None:
        process.kill()
    process.wait(20)
    process.stdout.close()


def test_the_whole_demonstration(started: Started) -> None:
    assert re.fullmatch(r"http://localhost:\d+/demonstration/[\w-]+", started.link)
    with httpx2.Client(follow_redirects=True, timeout=30) as visitor:
        home = visitor.get(started.link)
        assert home.status_code == 200
        assert "Camille" in home.text
        base = started.link.partition("/demonstration")[0]
        assert "kWh" in visitor.get(base + "/donnees/energie").text
        assert "Agence Démo" in visitor.get(base + "/historique").text
        service = re.search(r'href="(http://localhost:\d+)"', home.text)
        assert service is not None
        refused = visitor.post(service.group(1) + "/demander-trop")
        assert "meter not declared for this use" in refused.text
        asked = visitor.post(service.group(1) + "/demander")
        assert "/demande?" in str(asked.url)
        # A witness of its own cosigns the log within the first minute, and the page of proofs names it.
        check = visitor.get(base + "/verification").text
        for _ in range(60):
            if "a contresigné" in check:
                break
            time.sleep(0.5)
            check = visitor.get(base + "/verification").text
        assert re.search(r"localhost:\d+/witness", check)
    assert any(started.folder.iterdir())
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(60) == 0
    assert [path.name for path in started.folder.iterdir() if path.name.startswith("cockpit-demo-")] == []
