"""The everyday operations of notebooks work with each frame that ``Archive`` gives."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pyarrow as pa
import pytest

from helpscraper import Archive
from helpscraper.archive.frames import to_frame
from tests.sample_archive import build

mpl.use("agg")

Frame = pd.DataFrame


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(build(tmp_path_factory.mktemp("frames"), states=range(2), articles=40))


@pytest.fixture(scope="module")
def frame(archive: Archive) -> Frame:
    return archive.load()


def compared_with_text(frame: Frame) -> bool:
    later = frame[frame.published_on > "2026-05-20"]
    return 0 < len(later) < len(frame) and bool((frame.snapshot_at >= "2026-01-01").all())


def compared_with_a_timestamp(frame: Frame) -> bool:
    cut = pd.Timestamp("2026-05-20")
    return frame.published_on.gt(cut).tolist() == (frame.published_on > "2026-05-20").tolist()


def resampled(frame: Frame) -> bool:
    weeks = frame.set_index("published_on").resample("W").size()
    return int(weeks.sum()) == int(frame.published_on.notna().sum()) and len(weeks) > 1


def written_as_json(frame: Frame) -> bool:
    back = pd.read_json(io.StringIO(frame.to_json(orient="records", date_format="iso")))
    return back.title.tolist() == frame.title.tolist() and back.listed_in[0] == list(frame.listed_in[0])


def without_repeats(frame: Frame) -> bool:
    return len(pd.concat([frame, frame]).drop_duplicates()) == len(frame)


def grouped(frame: Frame) -> bool:
    by_list, by_section = frame.groupby("listed_in").size(), frame.groupby("section").view_count.sum()
    return int(by_list.sum()) == len(frame) and str(by_section.dtype) == "Int64"


def counted(frame: Frame) -> bool:
    return all(int(frame[name].value_counts(dropna=False).sum()) == len(frame) for name in frame)


def merged(frame: Frame) -> bool:
    dates = frame[["published_on"]].dropna().drop_duplicates().assign(known=True)
    both = frame.merge(dates, on="published_on", how="left").merge(frame, on=["article_id", "listed_in"])
    return len(both) == len(frame)


def pivoted(frame: Frame) -> bool:
    table = frame.pivot_table(index="section", columns="status", values="word_count", aggfunc="mean")
    return len(table) == frame.section.nunique()


def written_as_csv(frame: Frame) -> bool:
    back = pd.read_csv(io.StringIO(frame.to_csv(index=False)), parse_dates=["published_on"])
    return back.published_on.equals(frame.published_on.astype(back.published_on.dtype))


def sorted_by_date(frame: Frame) -> bool:
    return frame.sort_values(["updated_on", "listed_in"]).updated_on.dropna().is_monotonic_increasing


def looked_for_gaps(frame: Frame) -> bool:
    return int(frame.isna().sum().view_count) == int(frame.view_count.isna().sum()) > 0


def plotted_by_month(frame: Frame) -> bool:
    drawn = frame.set_index("published_on").resample("MS").size().plot(kind="bar")
    return len(drawn.patches) > 1


def aged_in_days(frame: Frame) -> bool:
    age = (frame.snapshot_at.dt.tz_localize(None) - frame.published_on).dt.days
    return bool((age.dropna() >= 0).all()) and frame.published_on.dt.year.notna().any()


def written_as_parquet(frame: Frame) -> bool:
    file = io.BytesIO()
    frame.to_parquet(file)
    file.seek(0)
    back = pd.read_parquet(file)
    return back.published_on.equals(frame.published_on) and list(back.listed_in[0]) == list(
        frame.listed_in[0]
    )


def exploded(frame: Frame) -> bool:
    return len(frame.explode("listed_in")) == int(frame.listed_in.str.len().sum())


OPERATIONS = [
    compared_with_text, compared_with_a_timestamp, resampled, written_as_json, without_repeats, grouped, counted,
    merged, pivoted, written_as_csv, sorted_by_date, looked_for_gaps, plotted_by_month, aged_in_days,
    written_as_parquet, exploded,
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_what_a_notebook_does_every_day(operation: Callable[[Frame], bool], frame: Frame) -> None:
    assert operation(frame)


def test_every_frame_has_no_repeats_to_drop_and_goes_into_json(archive: Archive) -> None:
    frames = (
        archive.load(bodies=True), archive.snapshots(), archive.runs(), archive.diff().changes, archive.views(),
        archive.editions(), archive.sql("select * from latest"),
        archive.sql("select section, list(title order by title) as titles from latest group by section"),
    )  # fmt: skip
    for frame in frames:
        assert len(frame.drop_duplicates()) == len(frame) > 0
        assert len(pd.read_json(io.StringIO(frame.to_json(orient="records", date_format="iso")))) == len(
            frame
        )


def test_lists_and_dates_of_any_shape() -> None:
    names = pa.chunked_array(
        [
            pa.array([["a"], None, []], pa.list_(pa.string())),
            pa.array([["x"], ["b", None]], pa.list_(pa.string()))[1:],
        ]
    )
    days = pa.chunked_array(
        [
            pa.array([0, None], pa.int32()).cast(pa.date32()),
            pa.array([1, -719162], pa.int32()).cast(pa.date32()),
        ]
    )
    table = pa.table({"names": names, "day": days})
    frame = to_frame(table)
    assert frame.names.tolist() == [("a",), None, (), ("b", None)]
    assert str(frame.day.dtype) == "datetime64[us]"
    assert frame.day.isna().tolist() == [False, True, False, False]
    assert frame.day[3] == pd.Timestamp(1, 1, 1)
    assert to_frame(table.select(["names"])).names.tolist() == frame.names.tolist()
    assert to_frame(table.slice(0, 0)).shape == (0, 2)
    assert to_frame(table.slice(3)).names.tolist() == [("b", None)]


def test_the_two_ways_to_read_a_snapshot_agree(archive: Archive, frame: Frame) -> None:
    path = Path(archive.snapshots().path.iloc[-1])
    plain = pd.read_parquet(path)
    assert plain.article_id.tolist() == frame.article_id.tolist()
    assert pd.to_datetime(plain.published_on).tolist() == frame.published_on.tolist()
