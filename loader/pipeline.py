"""Runs the jobs of a file: in this thread for one sink, else in a thread for each of them.

Proving releases Python's lock nearly all the time, so threads do use several processors.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread

from loader.batches import Batch
from loader.parsing import Job

Sink = Callable[[Batch], None]
_WAITING_JOBS = 2
_PATIENCE_SECONDS = 0.2


def run(jobs: Iterator[Job], sinks: Sequence[Sink]) -> None:
    """Do every job once and hand its batch to one of the sinks.

    Each sink is called from one thread only. The first error of a job, of a sink, or of reading
    the jobs is raised, after every thread has ended.
    """
    if len(sinks) == 1:
        for job in jobs:
            sinks[0](job())
        return
    _Threads(sinks).run(jobs)


class _Threads:
    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._queue: Queue[Job | None] = Queue(_WAITING_JOBS * len(sinks))
        self._failed = Event()
        self._errors: list[BaseException] = []
        self._threads = [
            Thread(target=self._work, args=(sink,), name="loader-copy", daemon=True)
            for sink in sinks
        ]

    def run(self, jobs: Iterator[Job]) -> None:
        for thread in self._threads:
            thread.start()
        try:
            for job in jobs:
                if not self._put(job):
                    break
        except BaseException:
            self._failed.set()
            raise
        finally:
            self._end()
        if self._errors:
            raise self._errors[0]

    def _end(self) -> None:
        """Let every thread come to its end, also one that sleeps because there is nothing to do."""
        for _ in self._threads:
            if not self._put(None):
                break
        if self._failed.is_set():
            with suppress(Empty):
                while True:
                    self._queue.get_nowait()
            # As many fit in: nobody else puts anything.
            for _ in self._threads:
                self._queue.put_nowait(None)
        for thread in self._threads:
            thread.join()

    def _put(self, job: Job | None) -> bool:
        while not self._failed.is_set():
            try:
                self._queue.put(job, timeout=_PATIENCE_SECONDS)
            except Full:
                continue
            return True
        return False

    def _work(self, sink: Sink) -> None:
        try:
            while (job := self._take()) is not None:
                sink(job())
        except BaseException as error:  # noqa: BLE001  # raised again by the thread that runs all
            self._errors.append(error)
            self._failed.set()

    def _take(self) -> Job | None:
        job = self._queue.get() if not self._failed.is_set() else None
        return None if self._failed.is_set() else job
