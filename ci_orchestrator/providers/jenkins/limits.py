"""The walls of Jenkins, and of the Java class file that a Jenkinsfile becomes."""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Limits, Wall

_DATE = "2026-11-21"
_CLASS_FILE = "https://docs.oracle.com/javase/specs/jvms/se17/html/jvms-4.html#jvms-4.11"
_CPS_LITERALS = "https://issues.jenkins.io/browse/JENKINS-47363"
_SCALING = "https://www.jenkins.io/doc/book/pipeline/scaling-pipeline/"

LIMITS = Limits(
    "Jenkins",
    {
        # Jenkins names no number of branches. Each is some 20 flow nodes and a stash on the controller's disk: 5,000
        # are our own bound, and a map built in a loop has no other.
        "matrix": Wall(5_000, "branches of one parallel step", _SCALING, _DATE),
        "jobs": Wall(5_000, "jobs whose bundles one build stashes", _SCALING, _DATE),
        "bytes": Wall(16_383_750, "bytes of text constants in one list (250 of 65,535)", _CPS_LITERALS, _DATE),
        "constant": Wall(65_535, "bytes of one text constant in modified UTF-8", _CLASS_FILE, _DATE),
        "method": Wall(65_535, "bytes of bytecode in one method", _CLASS_FILE, _DATE),
        "list": Wall(250, "elements of one list literal", _CPS_LITERALS, _DATE),
        "map": Wall(125, "pairs of one map literal", _CPS_LITERALS, _DATE),
        # A constant pool has 65,535 entries; a function of ours takes up to 300, those of its CPS twin included.
        "functions": Wall(200, "functions of one Jenkinsfile", _CLASS_FILE, _DATE),
    },
)
"""`matrix`, `jobs` and `functions` are our own bounds where Jenkins states none; the others are hard."""
