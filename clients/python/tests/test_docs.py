"""The programs in the documents run, and publish what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
from support import PATIENCE, TOKEN, Imitation

_PACKAGE = Path(__file__).parents[1]
_DOCUMENTS = [_PACKAGE / "README.md", _PACKAGE.parents[1] / "docs" / "python.md"]
#: Examples with this comment in front show a part of a program that needs more to run.
_BLOCK = re.compile(r"(<!-- not run: [^\n]*-->\n)?```python\n(.*?)```", re.DOTALL)


def _programs() -> List[str]:
    texts = [document.read_text("utf-8") for document in _DOCUMENTS]
    return [program for text in texts for mark, program in _BLOCK.findall(text) if not mark]


def test_the_documents_have_examples() -> None:
    assert len(_programs()) >= 8


@pytest.mark.parametrize("number", range(len(_programs())))
def test_an_example_publishes_one_log(imitation: Imitation, number: int) -> None:
    variables = {"DATASHOP_LOGS_URL": imitation.url, "DATASHOP_LOGS_TOKEN": TOKEN}
    done = subprocess.run(
        [sys.executable, "-c", _programs()[number]],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    # loguru also prints to standard error.
    assert done.returncode == 0, done.stderr
    assert "datashop_logs:" not in done.stderr
    (stored,) = imitation.stored
    assert stored.channel == "logs:etl:workspace123:workflow456"
    assert "078-05-1120" not in str(stored.data)
