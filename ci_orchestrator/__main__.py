"""``python -m ci_orchestrator``: the same door as the ``ci-orchestrator`` command."""

from __future__ import annotations

import sys

from ci_orchestrator.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
