"""Run the checks that are named as arguments; write one JUnit file into $CI_ORCHESTRATOR_RESULTS."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

CHECKS = {
    "has-a-docstring": lambda text: text.startswith('"""'),
    "has-a-title": lambda text: text.startswith("# "),
}


def main(tests: list[str]) -> int:
    """Exit code 1 when a check failed."""
    suite = ElementTree.Element("testsuite", name="checks")
    for test in tests:
        path, _, name = test.partition("::")
        started = time.perf_counter()
        good = CHECKS[name](Path(path).read_text(encoding="utf-8"))
        taken = time.perf_counter() - started
        case = ElementTree.SubElement(suite, "testcase", classname=path, name=name, time=f"{taken:.6f}")
        if not good:
            ElementTree.SubElement(case, "failure", message=f"{path}: {name.replace('-', ' ')}: no")
    results = Path(os.environ["CI_ORCHESTRATOR_RESULTS"])
    ElementTree.ElementTree(suite).write(results / "checks.xml", encoding="utf-8", xml_declaration=True)
    return int(suite.find(".//failure") is not None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
