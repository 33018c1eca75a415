"""The benchmarks still run. What they measure, a test cannot tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SMALLEST = Path(__file__).parents[1] / "benchmarks" / "smallest.py"


@pytest.mark.slow
@pytest.mark.once
def test_every_benchmark_runs_in_its_smallest_size() -> None:
    run = subprocess.run([sys.executable, SMALLEST], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
