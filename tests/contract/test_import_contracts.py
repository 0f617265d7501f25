"""Services meet only on the broker: the contracts in pyproject.toml hold, and they would notice if they did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("libs", "services", "demo", "bench", "samples")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the house, in which something can be planted."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def test_the_contracts_hold(copy: Path) -> None:
    result = lint_imports(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "planted", "broken"),
    [
        ("services/api/__init__.py", "import services.mailer", "Services meet only on the broker"),
        ("services/mailer/settings.py", "from services.scheduler import settings", "Services meet only on the broker"),
        ("libs/common/store.py", "import services.api.tables", "Libraries never import services"),
        ("libs/common/loop.py", "import libs.local.ports", "does not depend on the client or on running locally"),
        ("services/generator/__init__.py", "import libs.mailsink.sink", "Services use only the shared library"),
    ],
)
def test_a_planted_import_breaks_its_contract(copy: Path, file: str, planted: str, broken: str) -> None:
    with (copy / file).open("a") as source:
        source.write(f"\n{planted}\n")
    result = lint_imports(copy)
    assert result.returncode == 1
    kept = {line for line in result.stdout.splitlines() if line.endswith("KEPT")}
    assert any(broken in line and line.endswith("BROKEN") for line in result.stdout.splitlines()), result.stdout
    assert kept, "only the planted import may be what is broken"
