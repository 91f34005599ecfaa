"""What every queue does, whatever it is made of. A new backend adds one line to `QUEUES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ci_orchestrator.coordinator.queue.base import AGEING, Lease, Queue, Task
from ci_orchestrator.coordinator.queue.memory import MemoryQueue

QUEUES: Mapping[str, Callable[[], Queue]] = {
    "memory": MemoryQueue,
}
LEASE = 60.0

New = Callable[[], Queue]


@pytest.fixture(params=sorted(QUEUES), scope="module")
def new(request: pytest.FixtureRequest) -> New:
    """Makes an empty queue."""
    return QUEUES[request.param]


@pytest.fixture
def queue(new: New) -> Queue:
    return new()


def task(key: str, **more: object) -> Task:
    return Task(**{"key": key, "channel": "unit", "estimate": 1.0, **more})  # type: ignore[arg-type]


def file(name: str, *keys: str, **more: object) -> list[Task]:
    return [task(key, group=name, order=order, **more) for order, key in enumerate(keys)]


def take(queue: Queue, worker: str = "w", now: float = 0.0, budget: float = 0.0, **more: object) -> list[str]:
    return [one.task.key for one in reserve(queue, worker, now, budget, **more)]


def reserve(queue: Queue, worker: str = "w", now: float = 0.0, budget: float = 0.0, **more: object) -> list[Lease]:
    return list(queue.reserve(worker, "unit", now, lease=LEASE, budget=budget, **more))  # type: ignore[arg-type]


def drain(queue: Queue, now: float = 0.0) -> list[str]:
    """Every task, one at a time, in the order in which the queue gives them."""
    out: list[str] = []
    while leases := reserve(queue, now=now):
        out += [one.task.key for one in leases]
        for one in leases:
            assert queue.settle(one.token, now)
    return out


# -- order ---------------------------------------------------------------------------------------


def test_a_group_is_shared_once_and_each_worker_goes_on_in_order(new: New) -> None:
    queue = new()
    queue.put([task(f"t{order}", group="f", order=order, estimate=1.0) for order in range(8)], 0.0)
    assert take(queue, "first") == ["t0"]
    assert take(queue, "second") == ["t5", "t6", "t7"], "the far half, in one go"
    assert take(queue, "second") == [], "what is left stands before what it took"
    assert take(queue, "first", budget=100.0) == ["t1", "t2", "t3", "t4"]


def test_what_a_worker_left_behind_goes_to_whoever_asks(new: New) -> None:
    queue = new()
    queue.put([task(f"t{order}", group="f", order=order, estimate=1.0) for order in range(4)], 0.0)
    take(queue, "first")
    take(queue, "second")
    queue.release("first", 0.0)
    assert take(queue, "second", budget=100.0) == ["t0", "t1", "t2"]


@given(priorities=st.lists(st.integers(-100, 100), max_size=30))
def test_priority_first_and_first_in_first_out_among_equals(new: New, priorities: list[int]) -> None:
    queue = new()
    for index, priority in enumerate(priorities):
        queue.put([task(f"t{index}", priority=priority)], float(index) / 100)
    expected = sorted(range(len(priorities)), key=lambda index: (-priorities[index], index))
    assert drain(queue, now=1.0) == [f"t{index}" for index in expected]


@given(priorities=st.lists(st.integers(0, 3), max_size=20), workers=st.integers(1, 4))
def test_first_in_first_out_holds_over_several_workers(new: New, priorities: list[int], workers: int) -> None:
    queue = new()
    queue.put([task(f"t{index}", priority=priority) for index, priority in enumerate(priorities)], 0.0)
    got = [key for index in range(len(priorities)) for key in take(queue, f"w{index % workers}")]
    assert got == [f"t{index}" for index in sorted(range(len(priorities)), key=lambda i: (-priorities[i], i))]


@given(st.integers(1, 5), st.integers(1, 30))
def test_nothing_starves(new: New, lead: int, rivals: int) -> None:
    queue = new()
    queue.put([task("old", priority=0, estimate=0.001)], 0.0)
    late = (lead + 1) * AGEING
    for number in range(rivals):  # more urgent and bigger work keeps coming in
        queue.put([task(f"new{number}", priority=lead, estimate=100.0)], late)
    assert take(queue, now=late) == ["old"]


@given(st.integers(1, 5))
def test_waiting_less_than_the_lead_does_not_overtake(new: New, lead: int) -> None:
    queue = new()
    queue.put([task("old", priority=0)], 0.0)
    soon = (lead - 1) * AGEING
    queue.put([task("new", priority=lead)], soon)
    assert take(queue, now=soon) == ["new"]


def test_an_effective_priority_shows_in_the_channel(queue: Queue) -> None:
    queue.put([task("a", priority=2)], 0.0)
    assert [state.priority for state in queue.channels(0.0)] == [2]
    assert [state.priority for state in queue.channels(3 * AGEING)] == [5]


def test_most_remaining_work_first_among_equals(queue: Queue) -> None:
    queue.put([*file("short", "s1"), *file("long", "l1", "l2"), *file("middle", "m1", estimate=1.5)], 0.0)
    assert drain(queue) == ["l1", "l2", "m1", "s1"]


def test_tests_of_a_file_stay_together_and_in_order(queue: Queue) -> None:
    queue.put([task(f"{name}{order}", group=name, order=order) for order in (2, 0, 1) for name in "ab"], 0.0)
    assert drain(queue) == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_a_worker_goes_on_with_its_file_then_with_those_at_hand_then_with_free_ones(queue: Queue) -> None:
    queue.put([*file("a", "a0", "a1"), *file("b", "b0"), *file("c", *(f"c{n}" for n in range(9)))], 0.0)
    assert take(queue, "other", prefer={"c"}) == ["c0"]
    assert take(queue, "w") == ["a0"]
    assert take(queue, "w", prefer={"b"}) == ["a1"]
    assert take(queue, "w", prefer={"b"}) == ["b0"]


def test_a_file_at_hand_is_no_reason_to_pass_over_priority(queue: Queue) -> None:
    queue.put([*file("a", "a0", priority=0), *file("b", "b0", priority=1)], 0.0)
    assert take(queue, prefer={"a"}) == ["b0"]


def test_a_file_in_which_another_worker_is_gives_its_far_end_and_at_most_half(queue: Queue) -> None:
    queue.put(file("a", *(f"a{n}" for n in range(9))), 0.0)
    assert take(queue, "owner") == ["a0"]
    assert take(queue, "thief", budget=100) == ["a5", "a6", "a7", "a8"]
    assert take(queue, "owner") == ["a1"]  # the owner goes on where it was


def test_the_far_half_is_half_of_the_work(queue: Queue) -> None:
    slow, quick = file("a", "a0", "a1", estimate=9.0), file("a", "a0", "a1", "a2", "a3", "a4", estimate=1.0)[2:]
    queue.put([*slow, *quick], 0.0)
    assert take(queue, "owner") == ["a0"]
    assert take(queue, "thief") == ["a2", "a3", "a4"]
    assert take(queue, "owner", budget=99.0) == ["a1"]


def test_what_is_kept_for_another_worker_does_not_keep_this_one_idle(queue: Queue) -> None:
    queue.put([*file("a", "a0", "a1", "a2", "a3", priority=2), *file("b", "b0")], 0.0)
    assert take(queue, "owner") == ["a0"]
    assert take(queue, "thief") == ["a3"]
    assert take(queue, "thief") == ["b0"]
    assert take(queue, "third") == ["a2"]
    assert take(queue, "thief") == []


def test_work_that_was_done_counts_no_more_for_the_order(queue: Queue) -> None:
    queue.put([*file("a", "a0", "a1", "a2"), *file("b", "b0", "b1")], 0.0)
    for lease in reserve(queue, "w", budget=2.0):
        queue.settle(lease.token, 0.0)
    assert take(queue, "x") == ["b0"]


def test_a_file_that_was_passed_over_because_of_another_worker_is_free_again_after_it(queue: Queue) -> None:
    queue.put([*file("a", "a0", "a1", "a2"), *file("b", "b0")], 0.0)
    [lease] = reserve(queue, "w")
    assert take(queue, "x") == ["b0"]
    queue.settle(lease.token, 0.0)
    assert take(queue, "y") == ["a1"]


def test_work_is_handed_out_up_to_the_budget_but_at_least_one(queue: Queue) -> None:
    queue.put([*file("a", "a0", "a1", "a2", estimate=2.0), *file("b", "b0", "b1")], 0.0)
    assert take(queue, budget=5.0) == ["a0", "a1"]  # and nothing of b: a is not done
    assert take(queue, budget=0.0) == ["a2"]
    assert take(queue, budget=9.0) == ["b0", "b1"]
    assert take(queue, budget=9.0) == []


def test_a_budget_reaches_over_files_that_are_taken_whole(queue: Queue) -> None:
    queue.put([*file("a", "a0", "a1"), *file("b", "b0", "b1", estimate=0.5), *file("c", "c0", estimate=0.2)], 0.0)
    assert take(queue, budget=3.0) == ["a0", "a1", "b0", "b1"]


def test_files_that_must_stay_whole_are_not_divided(queue: Queue) -> None:
    queue.put([*file("a", "a0", "a1", "a2", whole=True), *file("b", "b0")], 0.0)
    assert take(queue, "one", budget=0.0) == ["a0", "a1", "a2"]
    assert take(queue, "two", budget=0.0) == ["b0"]


def test_tests_that_cost_nothing_are_not_handed_out_all_at_once(queue: Queue) -> None:
    queue.put(file("a", *(f"a{n}" for n in range(50)), estimate=0.0), 0.0)
    assert len(take(queue, budget=queue.channels(0.0)[0].remaining / 10)) < 10


def test_channels_do_not_mix(queue: Queue) -> None:
    queue.put([task("a"), task("b", channel="e2e", priority=9)], 0.0)
    assert take(queue) == ["a"]
    assert take(queue) == []
    assert [(state.channel, state.waiting, state.remaining) for state in queue.channels(0.0)] == [("e2e", 1, 1.0)]


def test_channels_are_told_most_urgent_first_then_by_name(queue: Queue) -> None:
    queue.put([task("a", channel="b"), task("b", channel="a"), task("c", channel="z", priority=1)], 0.0)
    assert [state.channel for state in queue.channels(0.0)] == ["z", "a", "b"]


# -- back-off ------------------------------------------------------------------------------------


def test_a_task_in_back_off_is_not_ready_until_its_time(queue: Queue) -> None:
    queue.put([task("later", not_before=10.0), task("soon", not_before=5.0)], 0.0)
    assert queue.next_at(0.0) == 5.0
    assert queue.channels(4.9) == []
    assert take(queue, now=4.9) == []
    assert take(queue, now=5.0) == ["soon"]
    assert queue.next_at(5.0) == 10.0
    assert take(queue, now=12.0, budget=9) == ["later"]
    assert queue.next_at(12.0) is None


@given(st.lists(st.floats(0, 100), max_size=10), st.floats(0, 100))
def test_back_off_is_respected(new: New, moments: list[float], now: float) -> None:
    queue = new()
    queue.put([task(f"t{index}", not_before=at) for index, at in enumerate(moments)], 0.0)
    ready = {f"t{index}" for index, at in enumerate(moments) if at <= now}
    assert queue.next_at(now) == min((at for at in moments if at > now), default=None)
    assert set(drain(queue, now)) == ready


# -- leases --------------------------------------------------------------------------------------


def test_a_stale_token_is_refused(queue: Queue) -> None:
    queue.put([task("a")], 0.0)
    [first] = reserve(queue, "one")
    queue.release("one", 1.0)
    [second] = reserve(queue, "two", 1.0)
    assert second.token > first.token
    assert not queue.settle(first.token, 2.0, again=task("a", number=2))  # and nothing comes of it
    assert queue.channels(9.0) == []
    assert queue.settle(second.token, 2.0)
    assert not queue.settle(second.token, 2.0)
    assert not queue.settle(10**9, 2.0)


def test_settling_with_another_attempt_puts_it_in_the_same_step(queue: Queue) -> None:
    queue.put([task("a")], 0.0)
    [one] = reserve(queue)
    assert queue.settle(one.token, 1.0, again=task("a", number=2, not_before=3.0))
    assert take(queue, now=2.0) == []
    [two] = reserve(queue, now=3.0)
    assert (two.task.number, two.token > one.token) == (2, True)


def test_release_gives_everything_back_unharmed_and_in_order(queue: Queue) -> None:
    tasks = file("a", "a0", "a1", "a2")
    queue.put(tasks, 0.0)
    reserve(queue, "one", budget=2.0)
    assert list(queue.release("one", 1.0)) == tasks[:2]
    assert list(queue.held("one")) == []
    assert list(queue.release("one", 1.0)) == []
    assert [one.task for one in reserve(queue, "two", 1.0, budget=9.0)] == tasks


def test_what_a_worker_holds_is_told_in_order(queue: Queue) -> None:
    queue.put(file("a", "a0", "a1", "a2"), 0.0)
    leases = reserve(queue, budget=2.0) + reserve(queue)
    assert list(queue.held("w")) == leases
    queue.settle(leases[1].token, 0.0)
    assert list(queue.held("w")) == [leases[0], leases[2]]
    assert list(queue.held("nobody")) == []


def test_leases_expire_oldest_first_and_stay_until_released(queue: Queue) -> None:
    queue.put([task("a"), task("b"), task("c")], 0.0)
    [a] = reserve(queue, "one", 0.0)
    [b] = reserve(queue, "two", 5.0)
    assert list(queue.expired(LEASE - 1)) == []
    assert list(queue.expired(LEASE)) == [a]
    assert list(queue.expired(LEASE + 5)) == [a, b]
    assert queue.settle(a.token, LEASE + 5)  # late, yet nobody else has it
    assert list(queue.expired(LEASE + 5)) == [b]


def test_a_worker_that_is_alive_keeps_its_leases(queue: Queue) -> None:
    queue.put([task("a")], 0.0)
    [a] = reserve(queue)
    queue.extend("w", 50.0, lease=LEASE)
    queue.extend("nobody", 50.0, lease=LEASE)
    assert list(queue.expired(LEASE)) == []
    [held] = queue.expired(50.0 + LEASE)
    assert (held.token, held.expires) == (a.token, 50.0 + LEASE)


def test_what_is_withdrawn_is_never_handed_out_again(queue: Queue) -> None:
    queue.put([task("waits"), task("delayed", not_before=9.0), task("leased", priority=1), task("stays")], 0.0)
    [lease] = reserve(queue)
    gone = queue.withdraw(["waits", "delayed", "leased", "unknown", "waits"])
    assert sorted(one.key for one in gone) == ["delayed", "leased", "waits"]
    assert list(queue.held("w")) == []
    assert not queue.settle(lease.token, 1.0, again=task("leased", number=2))
    assert list(queue.release("w", 1.0)) == []
    assert drain(queue, now=20.0) == ["stays"]
    queue.put([task("waits")], 20.0)  # it is not in the queue any more


@pytest.mark.parametrize("second", [[task("new"), task("waits")], [task("leased"), task("new")], [task("new")] * 2])
def test_a_task_that_is_in_the_queue_already_is_refused_and_nothing_is_added(queue: Queue, second: list[Task]) -> None:
    queue.put([task("leased", priority=1), task("waits"), task("delayed", not_before=5.0)], 0.0)
    reserve(queue)
    with pytest.raises(ValueError, match=second[-1].key if second[0].key == "new" else "leased"):
        queue.put(second, 0.0)
    with pytest.raises(ValueError, match="delayed"):
        queue.put([task("delayed")], 0.0)
    assert drain(queue) == ["waits"]


# -- everything, in any order --------------------------------------------------------------------

KEYS = [f"t{number}" for number in range(8)]
WORKERS = ["w1", "w2", "w3"]


class Model(RuleBasedStateMachine):
    """The queue beside three dictionaries. All of it happens within one period of ageing."""

    new: New

    def __init__(self) -> None:
        super().__init__()
        self.queue = type(self).new()
        self.now = 0.0
        self.waiting: dict[str, Task] = {}
        self.leased: dict[str, Lease] = {}
        self.settled: set[str] = set()
        self.stale: list[int] = []

    @rule(
        key=st.sampled_from(KEYS),
        channel=st.sampled_from(("unit", "e2e")),
        group=st.sampled_from(("", "f", "g")),
        order=st.integers(0, 3),
        priority=st.integers(0, 2),
        estimate=st.sampled_from((0.0, 1.0, 5.0)),
        delay=st.sampled_from((0.0, 0.0, 2.0)),
    )
    def put(self, key: str, delay: float, **more: object) -> None:
        new = Task(key=key, not_before=self.now + delay, **more)  # type: ignore[arg-type]
        if key in self.waiting or key in self.leased:
            with pytest.raises(ValueError, match=key):
                self.queue.put([new], self.now)
            return
        self.queue.put([new], self.now)
        self.settled.discard(key)
        self.waiting[key] = new

    @rule(
        worker=st.sampled_from(WORKERS),
        channel=st.sampled_from(("unit", "e2e")),
        budget=st.sampled_from((0.0, 2.0, 100.0)),
        prefer=st.sets(st.sampled_from(("f", "g"))),
    )
    def reserve(self, worker: str, channel: str, budget: float, prefer: set[str]) -> None:
        ready = self.ready(channel)
        others = any(lease.worker != worker for lease in self.leased.values())
        leases = self.queue.reserve(worker, channel, self.now, lease=LEASE, budget=budget, prefer=prefer)
        assert bool(leases) == bool(ready) or (ready and others), "only what another worker goes on with is kept back"
        for lease in leases:
            assert (lease.worker, lease.expires) == (worker, self.now + LEASE)
            assert ready.pop(lease.task.key) == lease.task
            assert lease.token not in self.stale
            del self.waiting[lease.task.key]
            self.leased[lease.task.key] = lease
        taken = [lease.task for lease in leases]
        assert [one.priority for one in taken] == sorted((one.priority for one in taken), reverse=True)
        free = [one.priority for one in ready.values() if not (others and one.group)]
        if taken and free:
            assert taken[-1].priority >= max(free)
        assert sum(one.estimate for one in taken[:-1]) <= budget or len(taken) == 1 or others

    @rule(key=st.sampled_from(KEYS), again=st.booleans(), delay=st.sampled_from((0.0, 2.0)))
    def settle(self, key: str, again: bool, delay: float) -> None:
        lease = self.leased.pop(key, None)
        if lease is None:
            return
        old = lease.task
        retry = Task(key=key, channel=old.channel, group=old.group, number=old.number + 1, not_before=self.now + delay)
        assert self.queue.settle(lease.token, self.now, again=retry if again else None)
        self.stale.append(lease.token)
        if again:
            self.waiting[key] = retry
        else:
            self.settled.add(key)

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def settle_a_stale_lease(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(self.stale))
        assert not self.queue.settle(token, self.now, again=Task(key="t0", channel="unit"))

    @rule(worker=st.sampled_from(WORKERS))
    def release(self, worker: str) -> None:
        back = self.queue.release(worker, self.now)
        own = [lease for lease in self.leased.values() if lease.worker == worker]
        assert sorted(one.key for one in back) == sorted(lease.task.key for lease in own)
        for lease in own:
            del self.leased[lease.task.key]
            self.waiting[lease.task.key] = lease.task
            self.stale.append(lease.token)

    @rule(worker=st.sampled_from(WORKERS))
    def extend(self, worker: str) -> None:
        self.queue.extend(worker, self.now, lease=LEASE)
        for key, old in self.leased.items():
            if old.worker == worker:
                self.leased[key] = Lease(old.token, old.task, worker, self.now + LEASE)

    @rule(keys=st.sets(st.sampled_from(KEYS), max_size=4))
    def withdraw(self, keys: set[str]) -> None:
        gone = self.queue.withdraw(sorted(keys))
        assert sorted(one.key for one in gone) == sorted(keys & (self.waiting.keys() | self.leased.keys()))
        for one in gone:
            if one.key in self.leased:
                self.stale.append(self.leased.pop(one.key).token)
            self.waiting.pop(one.key, None)
            self.settled.add(one.key)

    @precondition(lambda self: self.now < AGEING / 2)
    @rule(seconds=st.floats(0, 10))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    def ready(self, channel: str) -> dict[str, Task]:
        return {key: one for key, one in self.waiting.items() if one.channel == channel and one.not_before <= self.now}

    @invariant()
    def each_task_is_in_one_state_and_the_queue_agrees(self) -> None:
        assert not self.waiting.keys() & self.leased.keys()
        assert not self.settled & (self.waiting.keys() | self.leased.keys())
        channels = {state.channel: state for state in self.queue.channels(self.now)}
        for channel in ("unit", "e2e"):
            ready = self.ready(channel)
            assert (channel in channels) == bool(ready)
            if ready:
                assert channels[channel].waiting == len(ready)
                assert channels[channel].priority == max(one.priority for one in ready.values())
                assert channels[channel].remaining == pytest.approx(
                    sum(one.estimate for one in ready.values()), abs=0.1
                )
        delayed = [one.not_before for one in self.waiting.values() if one.not_before > self.now]
        assert self.queue.next_at(self.now) == min(delayed, default=None)
        for worker in WORKERS:
            assert set(self.queue.held(worker)) == {one for one in self.leased.values() if one.worker == worker}
        over = {one for one in self.leased.values() if one.expires <= self.now}
        assert set(self.queue.expired(self.now)) == over


def test_a_task_is_always_waiting_leased_or_settled(new: New) -> None:
    model = type("Model", (Model,), {"new": staticmethod(new)})
    run_state_machine_as_test(model, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
