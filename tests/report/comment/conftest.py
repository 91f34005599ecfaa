"""The comment's tests import samples of the report's tests, and their own helpers."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent

sys.path[:0] = [str(HERE), str(HERE.parent)]
