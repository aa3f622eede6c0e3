"""Change the code in one place after the other and see whether a test notices: ``make mutants``.

``[tool.mutants]`` in pyproject.toml names the modules, each with the tests that have to notice, the kinds of change
that are left out, and under ``same`` changes that no test can notice, each with its reason; ``tests/mutations.py``
makes them. A first run notes which lines of the module each test runs; a change is then tried in a copy of the tree
(``mutants/``), in a process forked from one that has imported the libraries, by the tests that run the changed
statement, the quick ones first. Verdicts are kept in the copy, so a run that was cut off goes on where it stopped; a
module whose file or tests were edited begins anew. Prints killed and all of each module and every survivor, and ends
with 1 below the share that is wanted.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import threading
import time
import tomllib
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from tests.mutations import changes_of, line_of, statements

ROOT = Path(__file__).parents[1]
COPY = ROOT / "mutants"
MEMORY = 6 << 30  # bytes a change may take before it counts as noticed


def main() -> int:
    """Run the modules named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as archive/writer (default: all)")
    parser.add_argument("--report", action="store_true", help="print what is known and run nothing")
    parser.add_argument("--sample", type=int, metavar="N", help="try N changes of a module, drawn at random")
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="of the sample: after a mend another one tells the truth (default: 0)",
    )
    arguments = parser.parse_args()
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutants"]
    killed = total = 0
    for name, tests in config["modules"].items():
        if arguments.modules and name not in arguments.modules:
            continue
        module = Module(name, tests, config)
        changes = module.chosen(arguments.sample, arguments.seed)
        if not arguments.report:
            module.run(changes)
        one, of = module.report(changes)
        killed, total = killed + one, total + of
    print(f"all: {killed}/{total} killed")
    return int(killed < config["wanted"] * total)


class Module:
    """One module, the changes that can be made to it, and what is known of them."""

    def __init__(self, name: str, tests: list[str], config: Mapping[str, Any]) -> None:
        self.name = name
        self.path = f"helpscraper/{name}.py"
        self.tests = [*tests, self.path]  # the module's own doctests too
        self.timeout: int = config["timeout"]
        self.exclude = re.compile("|".join(config["exclude"]))
        self.same: Mapping[str, str] = config["same"]
        self.code = (ROOT / self.path).read_text("utf-8")
        state = hashlib.sha256(b"".join((ROOT / file).read_bytes() for file in self.tests)).hexdigest()[:12]
        self.verdicts = COPY / "verdicts" / f"{name.replace('/', '-')}-{state}.jsonl"

    @cached_property
    def changes(self) -> dict[str, str]:
        """Return the changed code of each change, by a name that says it: ``line: before -> after``."""
        found = changes_of(self.code, self.exclude)
        return {
            what: code
            for what, code in found.items()
            if f"{self.name}: {what.split(': ', 1)[1]}" not in self.same
        }

    def known(self) -> dict[str, bool]:
        """Return the verdicts so far: whether a test noticed the change."""
        if not self.verdicts.exists():
            return {}
        return dict(map(json.loads, self.verdicts.read_text("utf-8").splitlines()))

    def chosen(self, sample: int | None, seed: int) -> dict[str, str]:
        """Return the changes to try: all, or a sample of so many."""
        changes = self.changes
        if sample is None or len(changes) <= sample:
            return changes
        return {what: changes[what] for what in random.Random(seed).sample(sorted(changes), sample)}

    def run(self, changes: Mapping[str, str]) -> None:
        """Try those of ``changes`` of which nothing is known."""
        known = self.known()
        waiting = {what: code for what, code in changes.items() if what not in known}
        if not waiting:
            return
        COPY.mkdir(exist_ok=True)
        with FileLock(COPY / "lock", timeout=0):
            self.judge(waiting)

    def judge(self, waiting: Mapping[str, str]) -> None:
        """Make each change in the copy, run the tests, and keep the verdict."""
        _copy()
        os.chdir(COPY)
        os.environ["PYTHONPATH"] = str(COPY)
        sys.path[0] = str(COPY)
        ran = self.baseline()
        self.verdicts.parent.mkdir(exist_ok=True)
        places = statements(self.code)
        for what, code in waiting.items():
            lines = places[line_of(what)]
            inside = [test for test in ran if lines & set(ran[test]["lines"])]
            # A statement that only the import runs is met by every test.
            names = sorted(inside or ran, key=lambda test: ran[test]["seconds"])
            (COPY / self.path).write_text(code, "utf-8")
            limit = 10 + 10 * sum(ran[test]["seconds"] for test in names)
            noticed = _forked(lambda names=names: _pytest(names), limit, self.timeout) != 0
            with self.verdicts.open("a", encoding="utf-8") as file:
                file.write(json.dumps([what, noticed]) + "\n")
        (COPY / self.path).write_text(self.code, "utf-8")

    def baseline(self) -> dict[str, Any]:
        """Run the tests on the code as it is; return the lines that each ran and its seconds, and import libraries."""
        notes = COPY / "baseline.json"
        notes.unlink(missing_ok=True)
        noted = Noted(str(COPY / self.path))

        def traced() -> int:
            result = pytest.main([*_OPTIONS, *self.tests], plugins=[noted])
            libraries = [name for name in sys.modules if name.split(".")[0] != "tests"]
            notes.write_text(json.dumps({"tests": noted.tests, "libraries": libraries}), "utf-8")
            return result

        if _forked(traced, 3600, 3600, quiet=False) != 0:
            raise SystemExit(f"{self.name}: the tests fail on the code as it is")
        found = json.loads(notes.read_text("utf-8"))
        _forget(name for name in sys.modules if name.split(".")[0] in ("helpscraper", "tests"))
        with warnings.catch_warnings(action="ignore"):
            for name in found["libraries"]:
                with suppress(Exception):
                    importlib.import_module(name)
        _forget(_importers(self.path.removesuffix(".py").replace("/", ".")))
        for compiled in (COPY / self.path).parent.glob(f"__pycache__/{Path(self.path).stem}.*"):
            compiled.unlink()  # its date could be that of the change
        tests: dict[str, Any] = found["tests"]
        quick = sorted(tests, key=lambda test: tests[test]["seconds"])[:20]
        if _forked(lambda: _pytest(quick), 3600, 3600, quiet=False) != 0:
            raise SystemExit(f"{self.name}: without a change the tests fail in a forked process")
        return tests

    def report(self, changes: Mapping[str, str]) -> tuple[int, int]:
        """Print what is known of ``changes``; return how many were noticed, and how many were tried."""
        known = self.known()
        tried = {what: known[what] for what in sorted(changes, key=line_of) if what in known}
        for what in tried:
            if not tried[what]:
                print(f"  survived: {self.path}:{what}")
        sample = f" (a sample of {len(self.changes)})" * (len(changes) < len(self.changes))
        waiting = f", {len(changes) - len(tried)} not tried yet" * (len(tried) < len(changes))
        print(f"{self.name}: {sum(tried.values())}/{len(tried)} killed{sample}{waiting}", flush=True)
        return sum(tried.values()), len(tried)


class Noted:
    """A plugin of pytest that notes which lines of a file each test runs."""

    def __init__(self, path: str) -> None:
        self.path, self.tests = path, {}
        self.lines: set[int] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        _shorten(items)

    def trace(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != self.path:
            return None
        self.lines.add(frame.f_lineno)
        return self.trace

    def forget(self) -> None:
        """Empty the module's caches: a test that is answered from one would seem not to run its lines."""
        for module in list(sys.modules.values()):
            if getattr(module, "__file__", None) == self.path:
                for value in list(vars(module).values()):
                    if hasattr(value, "cache_clear"):
                        value.cache_clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.forget()
        self.lines, begun = set(), time.process_time()
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        result = yield
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        self.tests[item.nodeid] = {"lines": sorted(self.lines), "seconds": time.process_time() - begun}
        return result


class Ordered:
    """A plugin of pytest that keeps the tests of these names, in this order."""

    def __init__(self, names: list[str]) -> None:
        self.places = {name: place for place, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.places), key=lambda item: self.places[item.nodeid]
        )
        _shorten(items)


def _shorten(items: list[pytest.Item]) -> None:
    """Let no test try more examples than the profile says, whatever it asks for itself."""
    for item in items:
        asked = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
        if asked is not None:
            item.obj._hypothesis_internal_use_settings = settings(  # type: ignore[attr-defined]
                asked, max_examples=min(settings().max_examples, asked.max_examples)
            )


_OPTIONS = [
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--assert=plain",
    "--hypothesis-profile=mutants",
]


def _importers(changed: str) -> set[str]:
    """Return the modules that hold anything of ``changed``: those that import it when they are imported."""
    needs: dict[str, set[str]] = {}
    for name, module in sys.modules.items():
        if name.split(".")[0] == "helpscraper" and module.__file__:
            body = ast.parse(Path(module.__file__).read_text("utf-8")).body
            names = [
                (node.module, each.name)
                for node in body
                if isinstance(node, ast.ImportFrom)
                for each in node.names
            ]
            needs[name] = {str(one) for one, _ in names} | {f"{one}.{other}" for one, other in names}
    found, size = {changed}, 0
    while len(found) > size:
        size = len(found)
        found |= {name for name, needed in needs.items() if needed & found}
    return found


def _forget(names: Iterable[str]) -> None:
    """Let modules be imported anew."""
    for name in list(names):
        package, _, leaf = name.rpartition(".")
        if sys.modules.pop(name, None) is not None and package in sys.modules:
            vars(sys.modules[package]).pop(leaf, None)


def _pytest(names: list[str]) -> int:
    sys.dont_write_bytecode = True
    files = list(dict.fromkeys(name.split("::")[0] for name in names))
    return pytest.main([*_OPTIONS, "--tb=short", *files], plugins=[Ordered(names)])


def _forked(call: Callable[[], int], limit: float, timeout: int, *, quiet: bool = True) -> int:
    """Return the exit status of ``call`` in a process of its own in the copy; one that never ends is killed."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    status = 1
    try:
        os.setsid()
        signal.alarm(timeout)
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        if quiet:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        status = int(call())
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 (a process of its own ends here)
        traceback.print_exc()
    finally:
        os._exit(status)


def _copy() -> None:
    """Bring the copy up to date: the change that a killed run left in it goes."""
    for name in ("helpscraper", "tests"):
        shutil.rmtree(COPY / name, ignore_errors=True)
        shutil.copytree(ROOT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)


if __name__ == "__main__":
    sys.exit(main())
