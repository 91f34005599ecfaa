"""One comment, in whatever order racing jobs are served: every order of two, and many of more with deaths and lags."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.online import Ability, Comment, NativeResults, Status
from ci_orchestrator.providers.sticky import ROUNDS, post

MARKER = "<!-- ci-orchestrator: tests -->"
CHANGE = 7


class DiedError(Exception):
    """The job was killed here."""


@dataclass
class Wall:
    """A forge whose comments are in memory. `turn` is called before each request."""

    turn: Callable[[], None] = lambda: None
    held: dict[int, Comment] = field(default_factory=dict)
    last: list[int] = field(default_factory=lambda: [0])
    created: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    name: str = "wall"
    abilities: frozenset[Ability] = frozenset()

    def seen_by(self, turn: Callable[[], None]) -> Wall:
        """The same comments, for another job."""
        return Wall(turn, self.held, self.last, self.created, self.written)

    def comments(self, change: int) -> Iterator[Comment]:
        self.turn()
        return iter([self.held[number] for number in sorted(self.held)])

    def create_comment(self, change: int, body: str) -> Comment:
        self.turn()
        return self.add(body)

    def add(self, body: str, *, ours: bool = True) -> Comment:
        self.last[0] += 1
        self.held[self.last[0]] = Comment(id=self.last[0], body=body, ours=ours)
        self.created.append(body)
        self.written.append(body)
        return self.held[self.last[0]]

    def update_comment(self, change: int, comment: Comment, body: str) -> Comment | None:
        self.turn()
        if comment.id not in self.held:
            return None
        self.held[comment.id] = Comment(id=comment.id, body=body)
        self.written.append(body)
        return self.held[comment.id]

    def delete_comment(self, change: int, comment: Comment) -> None:
        self.turn()
        self.held.pop(comment.id, None)

    @property
    def bodies(self) -> list[str]:
        return [self.held[number].body.removeprefix(f"{MARKER}\n") for number in sorted(self.held)]

    def head_of(self, change: int) -> str:
        raise NotImplementedError

    def change_of(self, revision: str, branch: str) -> int | None:
        raise NotImplementedError

    def set_status(self, revision: str, status: Status) -> None:
        raise NotImplementedError

    def statuses(self, revision: str) -> Iterator[Status]:
        raise NotImplementedError

    def publish_results(self, revision: str, results: NativeResults) -> None:
        raise NotImplementedError

    def attach(self, change: int, name: str, data: bytes) -> str:
        raise NotImplementedError


class Stage:
    """Jobs that run one request at a time, in the order that is asked for; the rest as they come."""

    def __init__(self, wall: Wall, texts: Sequence[str], order: Sequence[int], deaths: dict[int, int]) -> None:
        self.wall = wall
        self.go = [threading.Semaphore(0) for _ in texts]
        self.stopped = [threading.Semaphore(0) for _ in texts]
        self.done = [False] * len(texts)
        self.asked = [0] * len(texts)
        self.deaths = deaths
        threads = [threading.Thread(target=self._job, args=(job, text)) for job, text in enumerate(texts)]
        for thread in threads:
            thread.start()
        for stopped in self.stopped:
            stopped.acquire()
        rest = (job for _ in range(100) for job in range(len(texts)))
        for job in (*order, *rest):
            if not self.done[job]:
                self.go[job].release()
                self.stopped[job].acquire()
        for thread in threads:
            thread.join()

    def _job(self, job: int, text: str) -> None:
        def turn() -> None:
            self.stopped[job].release()
            self.go[job].acquire()
            self.asked[job] += 1
            if self.asked[job] == self.deaths.get(job):
                raise DiedError

        try:
            post(self.wall.seen_by(turn), CHANGE, MARKER, text)
        except DiedError:
            pass
        finally:
            self.done[job] = True
            self.stopped[job].release()


def test_every_order_of_two_leaves_the_oldest_comment_with_the_newest_text() -> None:
    for order in product((0, 1), repeat=7):
        wall = Wall()
        Stage(wall, ["of A", "of B"], order, {})
        assert list(wall.held) == [1], order
        newest = wall.created[-1] if len(wall.created) == 2 else wall.written[-1]
        assert wall.held[1].body == newest, order


@given(
    order=st.lists(st.integers(0, 3), max_size=30),
    deaths=st.dictionaries(st.integers(0, 3), st.integers(1, 8), max_size=3),
    there=st.integers(0, 2),
)
def test_four_jobs_of_which_some_die_leave_one_when_the_next_build_has_come(
    order: list[int], deaths: dict[int, int], there: int
) -> None:
    wall = Wall()
    for number in range(there):
        wall.add(f"{MARKER}\nearlier {number}")
    wall.add(f"{MARKER}\nsomebody else's", ours=False)
    texts = ["a", "b", "c", "d"]
    Stage(wall, texts, order, deaths)
    ours = [body for body in wall.bodies if body != "somebody else's"]
    if not deaths:
        assert len(ours) == 1
        assert ours[0] in texts
    post(wall, CHANGE, MARKER, "next build")
    assert sorted(wall.bodies) == ["next build", "somebody else's"]


def test_nothing_is_written_when_it_says_so_already() -> None:
    wall = Wall()
    made = post(wall, CHANGE, MARKER, "red")
    assert made is not None
    for same in ("red", "red\n", f"{MARKER}\nred"):
        assert post(wall, CHANGE, MARKER, same) is None
    wall.held[1] = Comment(id=1, body=f"{MARKER}\r\nred  \r\n")
    assert post(wall, CHANGE, MARKER, "red") is None, "forges change the ends of lines"
    assert len(wall.written) == 1


def test_a_later_text_takes_the_place_of_the_earlier_and_nothing_is_created() -> None:
    """Who watches the change is mailed for each new comment, also for one that is deleted at once."""
    wall = Wall()
    post(wall, CHANGE, MARKER, "one")
    post(wall, CHANGE, MARKER, "two")
    assert wall.created == [f"{MARKER}\none"]
    assert [one.body for one in wall.held.values()] == [f"{MARKER}\ntwo"]


def test_several_of_ours_become_one() -> None:
    wall = Wall()
    for _ in range(3):
        wall.add(f"{MARKER}\nthe same")
    kept = post(wall, CHANGE, MARKER, "the same")
    assert kept is not None
    assert (kept.id, wall.bodies) == (1, ["the same"])


def test_the_marker_is_the_first_line_and_of_ours() -> None:
    wall = Wall()
    wall.add(f"about\n{MARKER}\nthe marker")
    wall.add(f"> {MARKER}\nquoted")
    wall.add(f"{MARKER} and more\ntext")
    wall.add(f"{MARKER}\ncopied", ours=False)
    made = post(wall, CHANGE, MARKER, "mine")
    assert made is not None
    assert made.id == 5
    assert len(wall.held) == 5


def test_a_marker_is_one_line() -> None:
    for marker in ("", " ", "a\nb"):
        with pytest.raises(ValueError, match="a marker is a line"):
            post(Wall(), CHANGE, marker, "text")


class Lost(Wall):
    """What was asked is done, and the answer lost; `done`: False for a refusal."""

    done = True

    def create_comment(self, change: int, body: str) -> Comment:
        if self.done:
            super().create_comment(change, body)
        raise ProviderError("the connection was cut", fix="try again")

    def update_comment(self, change: int, comment: Comment, body: str) -> Comment | None:
        if self.done:
            super().update_comment(change, comment, body)
        raise ProviderError("the connection was cut", fix="try again")


def test_an_answer_that_got_lost_is_looked_for_and_nothing_is_sent_twice() -> None:
    wall = Lost()
    for text in ("red", "green"):
        kept = post(wall, CHANGE, MARKER, text)
        assert kept is not None
        assert (kept.id, wall.bodies) == (1, [text])
    wall.done = False
    with pytest.raises(ProviderError, match="cut"):
        post(wall, CHANGE, MARKER, "blue")
    assert wall.bodies == ["green"]
    wall.held.clear()
    with pytest.raises(ProviderError, match="cut"):
        post(wall, CHANGE, MARKER, "blue")


class Lagging(Wall):
    """A list that does not have the newest comment yet."""

    def comments(self, change: int) -> Iterator[Comment]:
        return iter([self.held[number] for number in sorted(self.held) if number != self.last[0]])


def test_a_list_that_lags_behind() -> None:
    wall = Lagging()
    kept = post(wall, CHANGE, MARKER, "red")
    assert kept is not None
    assert wall.bodies == ["red"]


class Deleting(Wall):
    """Somebody deletes our comment as soon as it is there."""

    def create_comment(self, change: int, body: str) -> Comment:
        made = super().create_comment(change, body)
        self.held.clear()
        return made


def test_somebody_who_deletes_it_again_and_again_is_told_of() -> None:
    with pytest.raises(ProviderError, match=f"deleted {ROUNDS} times"):
        post(Deleting(), CHANGE, MARKER, "new")
