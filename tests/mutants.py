"""Change the code in one place after the other and see whether a test notices: ``make mutants``.

``[tool.mutants]`` in pyproject.toml names the modules, each with the tests that have to notice, and the kinds of change
that are left out. cosmic-ray makes the changes in a copy of the tree (``mutants/``) and keeps each verdict in a session
there, so a run that was cut off goes on where it stopped; a module that was edited begins anew. Prints killed and all
of each module and every survivor, and ends with 1 below the share that is wanted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COPY = ROOT / "mutants"


def main() -> int:
    """Run the modules named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as archive/writer (default: all)")
    parser.add_argument("--report", action="store_true", help="print what is known and run nothing")
    arguments = parser.parse_args()
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutants"]
    killed = total = 0
    for module, tests in config["modules"].items():
        if arguments.modules and module not in arguments.modules:
            continue
        session = COPY / "sessions" / f"{module.replace('/', '-')}-{_state(module, tests)}.sqlite"
        if not arguments.report:
            _copy()
            _run(module, tests, config, session)
        if session.exists():
            one, of = _report(module, session)
            killed, total = killed + one, total + of
    print(f"all: {killed}/{total} killed")
    return int(killed < config["wanted"] * total)


def _state(module: str, tests: list[str]) -> str:
    """Return a name for the module and its tests as they are now."""
    files = [f"helpscraper/{module}.py", *tests]
    return hashlib.sha256(b"".join((ROOT / file).read_bytes() for file in files)).hexdigest()[:12]


def _copy() -> None:
    """Bring the copy up to date: the change that a killed run left in it goes."""
    for name in ("helpscraper", "tests"):
        shutil.rmtree(COPY / name, ignore_errors=True)
        shutil.copytree(ROOT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)


def _run(module: str, tests: list[str], config: Mapping[str, Any], session: Path) -> None:
    paths = " ".join([*tests, f"helpscraper/{module}.py"])  # the module's own doctests too
    command = f"{sys.executable} -m pytest -q -x -p no:cacheprovider --hypothesis-profile=mutants {paths}"
    exclude = ", ".join(json.dumps(each) for each in config["exclude"])
    session.parent.mkdir(exist_ok=True)
    own = session.with_suffix(".toml")
    own.write_text(
        f'[cosmic-ray]\nmodule-path = "helpscraper/{module}.py"\ntimeout = {config["timeout"]}\nexcluded-modules = []\n'
        f"test-command = {json.dumps(command)}\n[cosmic-ray.distributor]\nname = 'local'\n"
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = [{exclude}]\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(COPY), os.environ.get("PYTHONPATH", "")])}

    def call(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", *arguments], cwd=COPY, env=environment, check=True)

    if not session.exists():
        new = session.with_suffix(".new")
        new.unlink(missing_ok=True)
        call("cosmic_ray.cli", "init", str(own), str(new))
        call("cosmic_ray.tools.filters.operators_filter", str(new), str(own))
        new.rename(session)
    call("cosmic_ray.cli", "exec", str(own), str(session))


def _report(module: str, session: Path) -> tuple[int, int]:
    """Print what is known of a module; return how many changes were noticed, and how many were tried."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import TestOutcome, WorkerOutcome

    killed, survived, waiting = 0, [], 0
    with use_db(str(session), WorkDB.Mode.open) as work:
        waiting = sum(1 for _ in work.pending_work_items)
        for item, result in work.completed_work_items:
            if result.worker_outcome == WorkerOutcome.SKIPPED or "\n-@dataclass(" in (result.diff or ""):
                continue  # how a class keeps its fields is no behaviour
            # What never ends is noticed: a test that hangs is one that fails.
            if result.test_outcome == TestOutcome.SURVIVED and result.worker_outcome == WorkerOutcome.NORMAL:
                survived += [(item.mutations[0], result.diff or "")]
            else:
                killed += 1
    for change, diff in survived:
        lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        print(f"  survived: helpscraper/{module}.py:{change.start_pos[0]}  {change.operator_name}")
        print("".join(f"    {line}\n" for line in lines), end="")
    print(
        f"{module}: {killed}/{killed + len(survived)} killed" + (f", {waiting} not tried yet" * bool(waiting))
    )
    return killed, killed + len(survived)


if __name__ == "__main__":
    sys.exit(main())
