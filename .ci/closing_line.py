"""Sum up all runs of pytest: ``python .ci/closing_line.py FOLDER`` reads their JUnit reports, ``.ci/run`` calls it.

The last line is ``N passed, N failed``. The exit status tells of failures, of skipped tests, and of runs in the table
of the noxfile that left no report or in which no test passed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

from noxfile import expected_reports


def main(folder: Path) -> int:
    """Print the sums and return the exit status."""
    passed: dict[str, int] = {report.stem: 0 for report in expected_reports()}
    failed = skipped = 0
    for report in sorted(folder.glob("*.xml")):
        good = wrong = left_out = 0
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            wrong += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            left_out += int(suite.get("skipped", 0))
            good += int(suite.get("tests", 0))
        passed[report.stem] = good - wrong - left_out
        failed, skipped = failed + wrong, skipped + left_out
        print(f"{report.stem}: {passed[report.stem]} passed, {wrong} failed, {left_out} skipped")
    missing = [name for name, number in passed.items() if not number]
    for name in missing:
        print(f"{name}: no report, or no test that passed")
    if skipped:
        print(f"{skipped} tests were skipped, and none may be")
    print(f"{sum(passed.values())} passed, {failed} failed")
    return int(bool(failed or skipped or missing))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
