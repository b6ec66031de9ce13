"""Jobs run in threads come to an end, whatever fails."""

import time
from collections.abc import Callable, Iterator
from threading import Thread

import pyarrow as pa
import pytest

from loader.batches import Batch
from loader.parsing import Job
from loader.pipeline import Sink, run

EMPTY = Batch([], pa.array([], pa.int64()))


class BrokenError(Exception):
    """What a test breaks with."""


def broken() -> Batch:
    raise BrokenError


def runs_out(jobs: Callable[[], Iterator[Job]], sinks: list[Sink]) -> None:
    """Run the jobs, and raise what that raises; fail when it does not end."""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            run(jobs(), sinks)
        except BrokenError as error:
            errors.append(error)

    running = Thread(target=work, daemon=True)
    running.start()
    running.join(10)
    assert not running.is_alive()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("before", [0, 1, 20])
@pytest.mark.parametrize("wait", [0, 0.3])
def test_a_source_that_breaks_ends_threads_that_wait_for_it(before: int, wait: float) -> None:
    def jobs() -> Iterator[Job]:
        for _ in range(before):
            yield lambda: EMPTY
        time.sleep(wait)
        raise BrokenError

    with pytest.raises(BrokenError):
        runs_out(jobs, [lambda _: None] * 3)


@pytest.mark.parametrize("wait", [0, 0.3])
def test_a_job_that_breaks_ends_threads_that_wait_for_others(wait: float) -> None:
    def jobs() -> Iterator[Job]:
        time.sleep(0.2)
        yield broken
        time.sleep(wait)

    with pytest.raises(BrokenError):
        runs_out(jobs, [lambda _: None] * 4)


def test_a_sink_that_breaks_while_others_are_slow_ends_them() -> None:
    def slow(_: Batch) -> None:
        time.sleep(0.1)

    def jobs() -> Iterator[Job]:
        for _ in range(50):
            yield lambda: EMPTY

    def break_off(_: Batch) -> None:
        raise BrokenError

    with pytest.raises(BrokenError):
        runs_out(jobs, [slow, break_off, slow])


def test_every_job_is_done_once() -> None:
    done: list[int] = []

    def job(number: int) -> Job:
        def work() -> Batch:
            done.append(number)
            return EMPTY

        return work

    taken: list[list[Batch]] = [[], [], []]
    runs_out(lambda: iter([job(number) for number in range(200)]), [part.append for part in taken])
    assert sorted(done) == list(range(200))
    assert sum(map(len, taken)) == 200
