"""CI is green when every run of the table passed some tests, failed none and skipped none."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from noxfile import expected_reports

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]

SumUp = Callable[[], tuple[int, list[str]]]


@pytest.fixture
def reports(tmp_path: Path) -> list[Path]:
    """Return the reports of all runs, with three tests in each."""
    paths = [tmp_path / report.name for report in expected_reports()]
    for path in paths:
        _write(path, tests=3)
    return paths


def _write(path: Path, *, tests: int, failures: int = 0, skipped: int = 0) -> None:
    counts = f'tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}"'
    path.write_text(f"<testsuites><testsuite {counts}/></testsuites>")


@pytest.fixture
def sum_up(reports: list[Path], capsys: pytest.CaptureFixture[str]) -> SumUp:
    """Return a function that sums the reports up, and returns the exit status and the lines that are printed."""
    main = runpy.run_path(str(ROOT / ".ci" / "closing_line.py"))["main"]

    def _sum_up() -> tuple[int, list[str]]:
        status = main(reports[0].parent)
        return status, capsys.readouterr().out.splitlines()

    return _sum_up


def test_the_last_line_says_what_all_runs_came_to(reports: list[Path], sum_up: SumUp) -> None:
    status, lines = sum_up()
    assert (status, lines[-1]) == (0, f"{3 * len(reports)} passed, 0 failed")


def test_a_failed_test_is_counted(reports: list[Path], sum_up: SumUp) -> None:
    _write(reports[0], tests=3, failures=1)
    status, lines = sum_up()
    assert (status, lines[-1]) == (1, f"{3 * len(reports) - 1} passed, 1 failed")


@pytest.mark.parametrize("counts", [{"tests": 3, "skipped": 1}, {"tests": 0}], ids=["skipped test", "no test"])
def test_a_run_that_tested_less_than_it_should_fails(
    reports: list[Path], sum_up: SumUp, counts: dict[str, int]
) -> None:
    _write(reports[0], **counts)
    assert sum_up()[0] == 1


def test_every_run_of_the_table_has_to_leave_a_report(reports: list[Path], sum_up: SumUp) -> None:
    for report in reports:
        report.unlink()
        status, lines = sum_up()
        assert status == 1
        assert f"{report.stem}: no report, or no test that passed" in lines
        _write(report, tests=3)
