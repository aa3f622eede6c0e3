"""The files of ``docs/recipes``: each is read by its own engine or fits its published schema, and every command in it
is one of helpscraper's."""

from __future__ import annotations

import copy
import os
import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpscraper.archive.reader import Catalog
from helpscraper.cli import build_parser
from helpscraper.errors import ExitCode
from helpscraper.sample import SampleServer
from tests import forked
from tests.docs.blocks import ROOT
from tests.e2e.test_fleet import QUICK
from tests.test_public import check

RECIPES = ROOT / "docs" / "recipes"
CRONJOB = RECIPES / "cronjob.yaml"
WORKFLOW = RECIPES / "github-workflow.yml"
SCRIPT = RECIPES / "crawl-due.sh"


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every call of helpscraper in a recipe: its file and its words."""
    job = yaml.safe_load(CRONJOB.read_text())["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    yield CRONJOB.name, job["containers"][0]["command"]
    for file in RECIPES.iterdir():
        lines = file.read_text().splitlines() if file != CRONJOB else ()
        for line in lines:
            call = re.search(r"(?<![\w'@.])(?:/\S+/)?helpscraper (?:crawl|due|report|runs)\b[^)]*", line)
            if call and not line.lstrip().startswith("#"):
                yield file.name, shlex.split(call[0].replace('"$@"', ""))


def test_every_recipe_calls_commands_that_there_are() -> None:
    seen = defaultdict(list)
    for file, (_, *words) in commands():
        args = build_parser(words[0]).parse_args(words)
        assert args.command != "crawl" or args.due, f"{file}: {words}"
        seen[file].append(args.command)
    timers = {"helpscraper@.timer"}
    assert seen.keys() == {file.name for file in RECIPES.iterdir()} - timers
    assert seen[SCRIPT.name] == ["due", "crawl"]


def wrong_about(job: dict[str, Any]) -> str:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    try:
        kubernetes_validate.validate(job, "1.30", strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error)
    return ""


def test_the_cron_job_fits_the_schema_of_kubernetes() -> None:
    job = yaml.safe_load(CRONJOB.read_text())
    assert wrong_about(job) == ""
    for place, key in (((), "concurencyPolicy"), (("jobTemplate", "spec"), "podFailurePolice")):
        broken = copy.deepcopy(job)
        inner = broken["spec"]
        for name in place:
            inner = inner[name]
        inner[key] = "Forbid"
        assert key in wrong_about(broken)


def test_the_cron_job_tries_again_only_where_that_helps() -> None:
    job = yaml.safe_load(CRONJOB.read_text())["spec"]
    work = job["jobTemplate"]["spec"]
    pod = work["template"]["spec"]
    (final,) = (rule for rule in work["podFailurePolicy"]["rules"] if rule["action"] == "FailJob")
    told = set(final["onExitCodes"]["values"])
    # NOTHING is an answer of grep and digest; a crawl never ends with it.
    assert set(ExitCode) - told == {ExitCode.OK, ExitCode.INTERNAL, ExitCode.LOCKED, ExitCode.NOTHING}
    # The schema does not know that a policy needs these two.
    assert pod["restartPolicy"] == "Never"
    assert final["onExitCodes"]["containerName"] in {each["name"] for each in pod["containers"]}
    assert job["concurrencyPolicy"] == "Forbid"


def test_the_workflow_fits_the_schema_of_the_code_host(tmp_path: Path) -> None:
    done = check("github-workflows", WORKFLOW)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "crawl.yml"
    broken.write_text(WORKFLOW.read_text().replace("timeout-minutes", "timeout-hours"))
    assert check("github-workflows", broken).returncode == 1


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")

    def verify(program: str) -> tuple[int, list[str]]:
        for kind in ("service", "timer"):
            text = (RECIPES / f"helpscraper@.{kind}").read_text()
            text = text.replace("/opt/helpscraper/.venv/bin/helpscraper", program)
            (tmp_path / f"helpscraper@acme.{kind}").write_text(text)
        units = [str(tmp_path / f"helpscraper@acme.{kind}") for kind in ("service", "timer")]
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
        )
        return done.returncode, [line for line in done.stderr.splitlines() if "helpscraper" in line]

    assert verify("/bin/true") == (0, [])
    assert verify("/no/such/program")[0] != 0
    text = (RECIPES / "helpscraper@.service").read_text()
    assert {int(code) for code in re.findall(r"\d+", text.split("SuccessExitStatus=")[1].split("\n")[0])} == {
        ExitCode.INCOMPLETE, ExitCode.LOCKED
    }  # fmt: skip


@pytest.mark.long
def test_the_script_crawls_each_host_by_one_job(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "helpscraper"
    program.write_text(f'#!/bin/sh\nexec {forked.program()} "$@"\n')
    program.chmod(0o755)
    env = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "HELPSCRAPER_ARCHIVE": "output"}

    def run() -> int:
        # Slow enough that two editions of one host would be seen at once.
        slow = ("-s", "DOWNLOAD_DELAY=0.1", "-s", "AUTOTHROTTLE_ENABLED=False")
        return subprocess.run(
            ["sh", str(SCRIPT), *QUICK, *slow], cwd=tmp_path, env=env, check=False, timeout=300
        ).returncode  # fmt: skip

    with ExitStack() as stack:
        servers = [
            stack.enter_context(SampleServer(layout="zendesk", articles=60, interface_page=10)) for _ in "abc"
        ]
        for name, server in zip("abc", servers, strict=True):
            (tmp_path / "sites" / f"{name}.toml").write_text(
                f'platform = "zendesk"\nbase_url = "{server.url}"\ncrawl_locales = ["en-us", "de"]\n'
            )
        assert run() == 0
        spans = []
        for server in servers:
            named = [re.search(r"/help_center/([\w-]+)/", each.path) for each in server.requests]
            order = [match[1] for match in named if match]
            assert len(set(order)) == 2 and order == sorted(order), "two crawls of one host at once"
            spans.append((server.requests[0].at, server.requests[-1].at))
        assert max(first for first, _ in spans) < min(last for _, last in spans), (
            "hosts are not crawled together"
        )
        assert len(Catalog(tmp_path / "output").snapshots()) == 6
        # Nothing is due, and a run that finds another at work says so.
        assert run() == 0
        (tmp_path / "sites" / "dead.toml").write_text(
            'platform = "zendesk"\nbase_url = "http://127.0.0.1:9"\n'
        )
        assert run() == 123
        with (tmp_path / "crawl-due.lock").open("w") as lock:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
            assert run() == 75
