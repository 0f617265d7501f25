"""Each image holds every library that its code imports; here all extras are installed, so nobody would notice."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
OURS = ("libs", "services")
PACKAGES = {
    "scheduler": "services.scheduler",
    "generator": "services.generator",
    "mailer": "services.mailer",
    "api": "services.api",
    "mailsink": "libs.mailsink",
}


def module_file(name: str) -> Path | None:
    """The file of one of our modules, or None if `name` is something inside a module."""
    path = ROOT / name.replace(".", "/")
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.exists():
            return file
    return None


def imports_of(file: Path) -> Iterator[str]:
    """The modules that `file` imports when it runs, wherever in it."""
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting.extend(ast.iter_child_nodes(node))


def libraries_of(package: str) -> dict[str, Path]:
    """The libraries that `python -m package` imports sooner or later, each with a file that does."""
    folder = ROOT / package.replace(".", "/")
    files = {folder / "__main__.py", *folder.glob("migrations/**/*.py")}
    seen: set[Path] = set()
    found: dict[str, Path] = {}
    while files:
        file = files.pop()
        seen.add(file)
        for name in imports_of(file):
            top = name.split(".")[0]
            if top in OURS:
                inner = module_file(name)
                files |= {inner} - seen if inner else set()
            elif top not in sys.stdlib_module_names and top != "__future__":
                found.setdefault(top, file.relative_to(ROOT))
    return found


def distributions_with(extra: str) -> set[str]:
    """All distributions that `pip install .[extra]` brings."""
    found: set[str] = set()
    waiting = [Requirement(f"pressroom[{extra}]")]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        key = (canonical(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        found.add(key[0])
        waiting += requirements_of(wanted)
    return found


def requirements_of(wanted: Requirement) -> list[Requirement]:
    """What `wanted` needs, with its extras, on this platform."""
    if wanted.name == "pressroom":  # as it stands, not as it was when it was installed
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in wanted.extras)]
        return [Requirement(text) for one in lists for text in one]
    try:
        needed = [Requirement(text) for text in requires(wanted.name) or []]
    except PackageNotFoundError:  # not installed, because it is for another platform
        return []
    extras = wanted.extras or {""}
    return [one for one in needed if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras)]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("image", PACKAGES)
def test_an_image_has_every_library_that_its_code_imports(image):
    providers = packages_distributions()
    installed = distributions_with(image)
    missing = {
        f"{library} (in {file})"
        for library, file in libraries_of(PACKAGES[image]).items()
        if not {canonical(name) for name in providers.get(library, [library])} & installed
    }
    assert missing == set()


def test_the_walk_sees_what_the_api_imports():
    libraries = libraries_of("services.api")
    assert {"litestar", "msgspec", "sqlalchemy", "kombu", "cryptography"} <= set(libraries)
    assert "litestar" not in distributions_with("mailer")
