"""Sum up all runs of pytest: ``python tests/closing_line.py FOLDER`` reads their JUnit reports, ``.ci/run`` calls it.

The last line is ``N passed, N failed``. The exit status tells of failures, of skipped tests, and of runs that left no
report: the oldest and the newest pair of Python and Django on two databases, the five between on one each.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

EXPECTED_RUNS = 9


def main(folder: Path) -> int:
    """Print the sums and return the exit status."""
    reports = sorted(folder.glob("*.xml"))
    passed = failed = skipped = 0
    for report in reports:
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            wrong = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            left_out = int(suite.get("skipped", 0))
            good = int(suite.get("tests", 0)) - wrong - left_out
            seconds = float(suite.get("time", 0))
            print(f"{report.stem}: {good} passed, {wrong} failed, {left_out} skipped, {seconds:.0f} s")
            passed, failed, skipped = passed + good, failed + wrong, skipped + left_out
    if len(reports) < EXPECTED_RUNS:
        print(f"{EXPECTED_RUNS - len(reports)} of {EXPECTED_RUNS} runs of pytest left no report")
    if skipped:
        print(f"{skipped} tests were skipped, and none may be")
    print(f"{passed} passed, {failed} failed")
    return int(bool(failed or skipped or len(reports) < EXPECTED_RUNS))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
