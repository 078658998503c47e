"""The package on every supported version of Python that this machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator

import pytest
from support import HOSTS, PATIENCE, TOKEN, Imitation

_SOURCES = Path(__file__).parents[1] / "src"
_OLDEST = (3, 8)


def _candidates() -> Iterator[Path]:
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders += [version / "bin" for version in pyenv.glob("versions/*")]
    for folder in folders:
        yield from folder.glob("python3.[0-9]*")
    yield Path(sys.executable)


def _interpreters() -> Dict[str, str]:
    """Returns one interpreter of each version that starts, by version."""
    found: Dict[str, str] = {}
    for candidate in _candidates():
        done = _ask(candidate)
        if done is not None:
            found.setdefault(done, str(candidate))
    return dict(sorted(found.items(), key=lambda pair: _parsed(pair[0])))


def _ask(candidate: Path) -> str | None:
    program = "import sys, ssl, zlib; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [str(candidate), "-c", program], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        # Not a program, such as python3.11-config, or a shim of a version that is not installed.
        return None
    version = done.stdout.strip()
    is_version = done.returncode == 0 and version.replace(".", "").isdigit()
    return version if is_version and _parsed(version) >= _OLDEST else None


def _parsed(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@pytest.fixture(scope="module", params=_interpreters().items(), ids=lambda pair: str(pair[0]))
def interpreter(request: pytest.FixtureRequest) -> str:
    path: str = request.param[1]
    return path


def _run(
    interpreter: str, imitation: Imitation, *arguments: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "URL": imitation.url, "TOKEN": TOKEN}
    environment["PYTHONPATH"] = str(_SOURCES)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    # Forking while a thread runs is what is tested.
    options = ["-W", "error", "-W", "ignore::DeprecationWarning"]
    return subprocess.run(
        [interpreter, *options, str(HOSTS / "any_python.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )


def test_a_job_delivers_every_line_once(interpreter: str, imitation: Imitation) -> None:
    done = _run(interpreter, imitation)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = imitation.numbers()
    # The spawned child imports the job, and so has its exit handler.
    at_exit = numbers.pop(5_000)
    assert numbers == dict.fromkeys(range(2_004), 1)
    assert at_exit in (1, 2)


def test_lines_logged_only_at_exit_arrive(interpreter: str, imitation: Imitation) -> None:
    done = _run(interpreter, imitation, "only-at-exit")
    assert (done.returncode, done.stderr) == (0, "")
    assert imitation.numbers() == {5_000: 1}
