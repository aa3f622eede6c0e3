"""The installed package is complete: templates, assets and phrases are part of it, like its modules."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import s3fs

from helpscraper import Archive
from helpscraper.extras import EXTRAS
from helpscraper.sample.server import SampleServer
from tests.conftest import ROOT
from tests.s3_server import S3Server
from tests.sample_archive import build

PACKAGE = ROOT / "helpscraper"


def package_files() -> set[str]:
    """Every file of the package but for what Python makes itself, as paths from the repository's root."""
    found = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_the_package_needs_files_that_are_no_modules() -> None:
    kinds = {Path(name).suffix for name in package_files()}
    assert kinds >= {".html", ".css", ".js", ".json", ".toml", ".typed"}


def test_no_file_of_the_package_is_ignored() -> None:
    """The build leaves out what .gitignore names, and says nothing."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    names = "\n".join(sorted(package_files()))
    # 0 and the names when some are ignored, 1 when none is.
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT, input=names, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (asked.returncode, asked.stdout, asked.stderr) == (1, "", "")


# ---- The wheel in an environment of its own (`make wheel-test`); needs a package index

CORE_MIB = 420
"""Most MiB of files in the environment of an analyst: the core and all that it needs, compiled, without pip."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(build, check=True, timeout=900)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def everything(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with every extra, made with the command that the README names."""
    folder = tmp_path_factory.mktemp("all")
    return environment(folder, f"helpscraper[all] @ {wheel.as_uri()}", "pip", "install")


@pytest.fixture(scope="module")
def demo(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that `helpscraper demo` leaves."""
    folder = tmp_path_factory.mktemp("demo")
    said = run(folder, everything / "helpscraper", "demo")
    assert "report/index.html" in said
    return folder / "output" / "demo"


def environment(folder: Path, requirement: str, *installer: str) -> Path:
    """Install ``requirement`` into a new environment without pip, in the pinned versions; return its programs.

    uv does so in a tenth of the time of pip.
    """
    venv.create(folder, with_pip=False)
    python = next(folder.glob("[bS]*/python*"))
    installer = installer or ("uv", "pip", "install")
    subprocess.run(
        [sys.executable, "-m", *installer, "--quiet", "--constraint", str(ROOT / "constraints.txt"), requirement],
        env=os.environ | {"PIP_PYTHON": str(python), "UV_PYTHON": str(python)}, check=True, timeout=3600,
    )  # fmt: skip
    return python.parent


def run(folder: Path, *command: str | Path, code: int = 0, **more: str) -> str:
    """Run a program in ``folder`` without anything of this environment; return all that it said."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"} | more
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


@pytest.mark.long
def test_a_wheel_holds_the_whole_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("helpscraper/")}
        (scripts,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "helpscraper = helpscraper.cli:main" in archive.read(scripts).decode()
    assert held == package_files()


@pytest.mark.long
def test_the_core_is_small_and_reads_compares_and_queries_an_archive(
    wheel: Path, demo: Path, tmp_path: Path
) -> None:
    programs = environment(tmp_path / "core", str(wheel), "uv", "pip", "install", "--compile-bytecode")
    size = sum(path.lstat().st_size for path in (tmp_path / "core").rglob("*"))
    print(f"the core takes {size / (1 << 20):.0f} MiB")
    assert size <= CORE_MIB << 20
    helpscraper = [programs / "helpscraper"]
    place = ("--archive", demo)
    assert "articles" in run(tmp_path, *helpscraper, "log", *place)
    assert "silent" in run(tmp_path, *helpscraper, "diff", *place)
    assert "http" in run(tmp_path, *helpscraper, "export", *place)
    assert "all well" in run(tmp_path, *helpscraper, "verify", *place)
    assert run(tmp_path, *helpscraper, "grep", "--history", "the", *place)
    article = run(
        tmp_path, programs / "python", "-c",
        "import sys; from helpscraper import Archive; archive = Archive(sys.argv[1]);"
        "assert archive.sql('select count(*) as n from latest')['n'][0] == len(archive.load());"
        "assert len(archive.diff().changes);"
        "print(archive.load().query('warc_record.notna()')['article_id'].iloc[0])",
        demo,
    ).strip()  # fmt: skip
    run(tmp_path, *helpscraper, "show", article, "--raw", "--output", "page.html", *place)
    assert (tmp_path / "page.html").stat().st_size
    for command, extra in (("crawl", "crawl"), ("report", "report"), (f"blame {article}", "words")):
        said = run(tmp_path, *helpscraper, *command.split(), *place, code=1)
        assert said.endswith(f"pip install 'helpscraper[{extra}]'\n") and said.count("\n") == 1


@pytest.mark.long
def test_scrapy_crawls_from_an_installed_wheel_in_any_folder(everything: Path, tmp_path: Path) -> None:
    with SampleServer() as site:
        run(
            tmp_path, everything / "scrapy", "crawl", "help", "-a", f"base_url={site.url}", "-a", "limit=3",
            "-s", "DOWNLOAD_DELAY=0", SCRAPY_SETTINGS_MODULE="helpscraper.settings",
        )  # fmt: skip
    assert len(Archive(tmp_path / "output").load()) >= 3


COMMANDS = {
    "crawl": "crawl --archive new -a base_url={site} -a limit=3 -s DOWNLOAD_DELAY=0",
    "words": "diff --words",
    "report": "report --out report",
    "xlsx": "export --to xlsx articles.xlsx",
    "s3": "log --archive {bucket}",
    "gcs": "log --archive gs://bucket/archive",
    "azure": "log --archive az://bucket/archive",
}
"""A command for each extra that one needs."""
OPENED = "from helpscraper.archive.store import open_store; assert open_store('{}://bucket/archive').uri"
USES = {
    "notify": "from helpscraper.crawl.setting_checks import receivers; assert not receivers('json://127.0.0.1/')",
    "gcs": OPENED.format("gs"),
    "azure": OPENED.format("az"),
    "dask": "import distributed, dask.dataframe as dd;"
    "assert len(dd.read_parquet('a/snapshots', dataset={'partitioning': 'hive'}))",
}
"""Python for each extra that no command shows without a service of somebody else."""


@pytest.mark.long
@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_alone_does_its_work_and_every_other_command_names_its_own(
    extra: str, wheel: Path, s3: S3Server, tmp_path: Path
) -> None:
    programs = environment(tmp_path / "alone", f"helpscraper[{extra}] @ {wheel.as_uri()}")
    archive, bucket = build(tmp_path / "a", states=range(2), articles=20), s3.new_uri(f"alone-{extra}")
    s3fs.S3FileSystem().put(f"{archive}/", bucket, recursive=True)
    credentials = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | {
        "AZURE_STORAGE_ACCOUNT_NAME": "nobody",
        "AZURE_STORAGE_ANON": "true",
    }
    with SampleServer() as site:
        for needed, command in COMMANDS.items():
            words = command.format(site=site.url, bucket=bucket).split()
            place = [] if "--archive" in words else ["--archive", str(archive)]
            own = set(EXTRAS[needed]) <= set(EXTRAS[extra])
            if own and needed in USES:
                continue
            said = run(tmp_path, programs / "helpscraper", *words, *place, code=int(not own), **credentials)
            line = f"pip install 'helpscraper[{needed}]'\n"
            assert (said.endswith(line) and said.count("\n") == 1) is not own, said
    if extra in USES:
        run(tmp_path, programs / "python", "-c", USES[extra], **credentials)
