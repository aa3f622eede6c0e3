"""The notebooks run on an archive, begin with the line that loads it, and are committed with their outputs."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from helpscraper.sample.model import EPOCH
from tests.sample_archive import build

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
NEWER = {"two_editions", "who_says_it"}
LOAD = 'from helpscraper import Archive; archive = Archive("../output")'


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the project is: ``output/`` beside ``notebooks/``."""
    folder = tmp_path_factory.mktemp("workplace")
    build(folder / "output", states=range(12))
    (folder / "notebooks").mkdir()
    return folder


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workplace whose archive holds two editions."""
    folder = tmp_path_factory.mktemp("editions")
    build(folder / "output", states=range(6), locales=("en", "zh-hans"))
    (folder / "notebooks").mkdir()
    return folder


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of which one edition has been crawled once, and another one more often and at other instants."""
    folder = tmp_path_factory.mktemp("beginning")
    build(folder / "output", states=range(1))
    build(folder / "output", states=range(1, 3), locales=("zh-hans",), begin=EPOCH + dt.timedelta(minutes=20))
    (folder / "notebooks").mkdir()
    return folder


def execute(path: Path, workplace: Path) -> Any:
    """Run a notebook on the archive of a workplace and return it with its outputs."""
    copy = Path(shutil.copy(path, workplace / "notebooks"))
    notebook = nbformat.read(copy, as_version=4)
    resources = {"metadata": {"path": str(copy.parent)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    return notebook


def told(notebook: Any) -> list[list[str]]:
    """What the outputs say, cell by cell: what stands in their tables, however pandas draws them."""
    return [
        re.findall(r"<td[^>]*>(.*?)</td>", output.get("data", {}).get("text/html", ""), re.DOTALL)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_there_are_the_six_analyses() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "how_fresh", "read_more_and_more", "story_of_one_article", "two_editions", "what_changed", "who_says_it",
    ]  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_the_line_that_loads(path: Path) -> None:
    first, *rest = code_cells(path)
    assert first.source.startswith(LOAD)
    assert "\n" not in first.source
    assert not any("Archive(" in cell.source for cell in rest), "the path stands in one place only"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_with_its_outputs(path: Path) -> None:
    shown = [cell for cell in code_cells(path) if cell.outputs]
    assert len(shown) >= 3
    outputs = [output for cell in shown for output in cell.outputs]
    assert not any(output.output_type in {"error", "stream"} for output in outputs)


# The kernel announces that it talks over loopback, which is where it is meant to talk.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.long] * (path.stem == "two_editions")) for path in NOTEBOOKS],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs(path: Path, request: pytest.FixtureRequest) -> None:
    place = "editions" if path.stem == "two_editions" else "workplace"
    notebook = execute(path, request.getfixturevalue(place))
    assert told(notebook) == told(nbformat.read(path, as_version=4)), (
        "committed with outputs of another state"
    )
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(shown) == len([cell for cell in code_cells(path) if cell.outputs])
    if path.stem in {"read_more_and_more", "how_fresh"}:
        kinds = {kind for cell in shown for output in cell.outputs for kind in output.get("data", {})}
        assert "image/png" in kinds, "the plots are drawn"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.long] * (path.stem in NEWER)) for path in NOTEBOOKS],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs_on_an_archive_that_has_just_begun(path: Path, beginning: Path) -> None:
    notebook = execute(path, beginning)
    if path.stem == "read_more_and_more":
        said = [
            output.get("data", {}).get("text/plain")
            for cell in notebook.cells
            if cell.cell_type == "code"
            for output in cell.outputs
        ]
        assert "'nothing gained yet'" in said, "another edition's view counts are not this one's"
