"""The notebooks run on an archive, begin with the line that loads it, and are committed with their outputs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.sample_archive import build

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LOAD = 'from helpscraper import Archive; archive = Archive("../output")'


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the project is: ``output/`` beside ``notebooks/``."""
    folder = tmp_path_factory.mktemp("workplace")
    build(folder / "output", states=range(4))
    (folder / "notebooks").mkdir()
    return folder


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_there_are_the_four_analyses() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "how_fresh", "read_more_and_more", "story_of_one_article", "what_changed"
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
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, workplace: Path) -> None:
    copy = Path(shutil.copy(path, workplace / "notebooks"))
    notebook = nbformat.read(copy, as_version=4)
    resources = {"metadata": {"path": str(copy.parent)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(shown) == len([cell for cell in code_cells(path) if cell.outputs])
    if path.stem in {"read_more_and_more", "how_fresh"}:
        kinds = {kind for cell in shown for output in cell.outputs for kind in output.get("data", {})}
        assert "image/png" in kinds, "the plots are drawn"
