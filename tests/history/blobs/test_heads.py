from __future__ import annotations

import pytest

from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.memory import MemoryBlobs


class Busy(MemoryBlobs):
    """Another build writes, in the place of all that is there, whenever this one is in the midst of reading."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.turns = turns

    def _get(self, name: str) -> bytes | None:
        data = super()._get(name)
        if self.turns:
            self.turns -= 1
            self._files = {f"history-{self.turns:064x}.bin": b"%d turns left" % self.turns}
        return data


@pytest.mark.parametrize("turns", [1, 7])
def test_what_comes_while_one_reads_is_not_overlooked(turns: int) -> None:
    blobs = Busy(turns)
    blobs.write(b"begin", replacing=())
    assert [blob.data for blob in blobs.read()] == [b"0 turns left"]


def test_a_place_that_never_rests_is_said() -> None:
    blobs = Busy(10**9)
    blobs.write(b"begin", replacing=())
    with pytest.raises(HistoryError, match="faster than it can be read"):
        blobs.read()
