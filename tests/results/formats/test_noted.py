from __future__ import annotations

from ci_orchestrator.errors import Where
from ci_orchestrator.results.formats.noted import SAME_WARNING, WORDINGS, Noted

HERE = Where("r.xml", 3)


def test_of_one_wording_the_first_are_shown_and_the_rest_counted():
    noted = Noted("r.xml")
    for _ in range(SAME_WARNING + 7):
        noted.note("left out", HERE)
    noted.note("replaced", HERE)
    assert [str(one) for one in noted.fresh()] == ["r.xml:3: left out"] * SAME_WARNING + ["r.xml:3: replaced"]
    assert list(noted.fresh()) == []
    assert [str(one) for one in noted.repeated()] == ["r.xml: left out (7 more times)"]


def test_a_file_cannot_make_up_wordings_without_end():
    noted = Noted("r.xml")
    for number in range(10_000):
        noted.note(f"the entity &{number};", HERE)
    assert len(list(noted.fresh())) == WORDINGS + SAME_WARNING
    (rest,) = noted.repeated()
    assert f"{10_000 - WORDINGS - SAME_WARNING} more times" in rest.what
