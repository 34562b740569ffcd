"""Renders fragments on the workers of a Dask cluster.

Theory of operation: each export is a client of the scheduler by itself, so that one that waits for
a dead worker holds up no other, and the death of this process makes the scheduler forget all that
it asked for. An export keeps a bounded window of tasks there: the scheduler takes tasks first come
first served, so exports share the workers, and shards that wait to be fetched are bounded. They
are fetched from the workers themselves, one at a time and in order.

Dask renders a task again whose worker died or stood still (`worker-ttl`). Everything else is
one case: the conversation is given up, whatever the cause, and begun anew with what was not fetched
yet. As a fragment is the same bytes wherever and whenever it is rendered, that is always right.
One deadline bounds it all: an export that gets no shard for so long fails.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast
from uuid import uuid4

import distributed
import structlog
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker, NoWorkerError

from tailrace.domain.cluster_state import ClusterState
from tailrace.domain.errors import ExportFailedError, HomeError, TailraceError
from tailrace.extract.executor import Item
from tailrace.extract.shard import OtherVersionsError, RenderingError, render_shard, versions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Iterator

    from tailrace.extract.executor import Work
    from tailrace.extract.shard import Shard

_log = structlog.get_logger(__name__)

#: How often a conversation looks whether it is still wanted.
_LOOK_SECONDS = 0.2
#: For what the scheduler answers by itself.
_ANSWER_SECONDS = 10.0
#: For whoever only wants to know whether it is there.
_GLANCE_SECONDS = 2.0
_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 3.0
#: Between two conversations, so that a cluster that refuses is not asked without end.
_PAUSE_SECONDS = 0.5
#: A window is no smaller, so that a cluster without workers sees work that it can grow for.
_LEAST_WINDOW = 4
#: One that is rendered, and one that waits, for each thread of the cluster.
_TASKS_PER_THREAD = 2
#: How often the number of threads is looked up.
_THREADS_SECONDS = 5.0
#: How often Dask tries a task again that raised, on whichever worker.
_RETRIES = 2

_SCHEMES = {"dask": "tcp", "dask+tls": "tls"}

_Result = TypeVar("_Result")


class _Future(Protocol):
    """What we use of a future of Dask."""

    status: str

    def release(self) -> None: ...

    def __await__(self) -> Generator[Any, None, Shard]: ...


class _Client(Protocol):
    """What we use of a client of Dask."""

    status: str
    scheduler: Any

    def submit(
        self, function: Callable[..., Shard], *arguments: object, **named: Any
    ) -> _Future: ...

    def close(self) -> Awaitable[None]: ...

    def __await__(self) -> Generator[Any, None, Any]: ...


class _LostError(Exception):
    """Nothing more is to be expected of a conversation; the text says why."""


@dataclass(frozen=True, slots=True)
class DaskLimits:
    #: Without a single shard for an export, after which it fails.
    patience_seconds: float
    #: Tasks of one export on the cluster at once; 0 goes by the cluster's threads.
    window: int = 0
    #: For fetching a finished shard, after which its worker is taken for dead.
    fetch_seconds: float = 120.0


class DaskExecutor:
    """A FragmentExecutor on the cluster whose scheduler is at `address`, as Dask writes it."""

    def __init__(self, address: str, limits: DaskLimits) -> None:
        """Raises HomeError for an address that wants certificates of which Dask knows nothing."""
        if address.startswith("tls://") and not _credentials().get("ssl_context"):
            raise HomeError(
                "TAILRACE_EXECUTOR asks for TLS, and no DASK_DISTRIBUTED__COMM__TLS__… variable"
                " names the certificates."
            )
        self._address = address
        self._limits = limits
        _log_as_the_others()

    def render(
        self,
        works: Iterable[Work[Item]],
        put: Callable[[Item, Shard | None], None],
        check: Callable[[], None],
    ) -> None:
        """As `FragmentExecutor.render`."""
        asyncio.run(_Conversation(self._address, self._limits, iter(works), put, check).run())

    def look(self) -> ClusterState | None:
        """As `FragmentExecutor.look`."""
        return asyncio.run(_look(self._address))


def dask_address(setting: str) -> str:
    """The address of a scheduler as Dask writes it."""
    scheme, place = setting.split("://", 1)
    return f"{_SCHEMES.get(scheme, scheme)}://{place}"


def _credentials() -> dict[str, Any]:
    """What Dask's settings say of TLS."""
    return cast("Any", distributed).Security().get_connection_args("client")


async def _look(address: str) -> ClusterState | None:
    scheduler = cast("Any", distributed).rpc(address, connection_args=_credentials())
    try:
        async with asyncio.timeout(_GLANCE_SECONDS):
            threads: dict[str, int] = await scheduler.ncores()
    except (OSError, TimeoutError):
        return None
    finally:
        await scheduler.close_rpc()
    return ClusterState(len(threads), sum(threads.values()))


def _log_as_the_others() -> None:
    """Dask brings handlers of its own; its logs go the way of any library's."""
    logger = logging.getLogger("distributed")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.WARNING)


@dataclass(slots=True)
class _Ahead(Generic[Item]):
    """A work that was begun, or waits for those before it."""

    work: Work[Item]
    future: _Future | None = None
    #: When it was first seen to be finished, by the monotonic clock.
    finished_at: float | None = None


@dataclass
class _Conversation(Generic[Item]):
    """One export and the cluster."""

    address: str
    limits: DaskLimits
    works: Iterator[Work[Item]]
    put: Callable[[Item, Shard | None], None]
    check: Callable[[], None]
    ahead: deque[_Ahead[Item]] = field(default_factory=deque[_Ahead[Item]])
    has_more: bool = True
    threads: int = 0
    threads_known_at: float = float("-inf")
    #: When the latest shard came, by the monotonic clock.
    progress_at: float = field(default_factory=time.monotonic)
    #: Why there was none since.
    trouble: str = "its workers are busy, or stand still"

    async def run(self) -> None:
        while self.has_more or self.ahead:
            try:
                async with self._client() as client:
                    await self._talk(client)
            except _LostError as lost:
                self.trouble = str(lost)
                _log.warning("cluster_lost", reason=self.trouble)
                for one in self.ahead:
                    one.future = one.finished_at = None
                await self._done(asyncio.sleep(_PAUSE_SECONDS))

    async def _talk(self, client: _Client) -> None:
        """Hands over shard after shard until there are no more."""
        while True:
            await self._fill(client)
            if not self.ahead:
                return
            head = self.ahead[0]
            shard = None if head.future is None else await self._shard(client, head, head.future)
            self.ahead.popleft()
            # It may block for long, and the connection must be kept alive meanwhile.
            await asyncio.to_thread(self.put, head.work.item, shard)
            self.progress_at = time.monotonic()

    async def _fill(self, client: _Client) -> None:
        """Begins as many works as the window has room for."""
        window = self.limits.window or await self._window(client)
        while self.has_more and len(self.ahead) < window:
            work = await asyncio.to_thread(next, self.works, None)
            if work is None:
                self.has_more = False
            else:
                self.ahead.append(_Ahead(work))
        for one in self.ahead:
            if one.future is None and one.work.packed_task is not None:
                one.future = client.submit(
                    render_shard,
                    versions(),
                    one.work.packed_task,
                    key=f"render-shard-{uuid4().hex}",
                    retries=_RETRIES,
                )

    async def _window(self, client: _Client) -> int:
        if time.monotonic() - self.threads_known_at > _THREADS_SECONDS:
            threads: dict[str, int] = await self._answer(client.scheduler.ncores())
            self.threads = sum(threads.values())
            self.threads_known_at = time.monotonic()
            if not self.threads:
                self.trouble = "it has no workers"
        return max(_LEAST_WINDOW, _TASKS_PER_THREAD * self.threads)

    async def _shard(self, client: _Client, head: _Ahead[Item], future: _Future) -> Shard:
        def must_be_alive() -> None:
            if client.status != "running":
                raise _LostError("the connection to its scheduler broke off")
            if future.status == "finished":
                head.finished_at = head.finished_at or time.monotonic()
                if time.monotonic() - head.finished_at > self.limits.fetch_seconds:
                    raise _LostError("a worker does not hand over what it has rendered")

        rendering = await self._done(_shard_of(future), must_be_alive)
        error = rendering.exception()
        if error is not None:
            raise _meaning(error) from error
        # Its worker may forget it.
        future.release()
        return rendering.result()

    async def _answer(self, asked: Awaitable[_Result]) -> _Result:
        """What the scheduler answers. Raises _LostError if it does not."""
        began = time.monotonic()

        def must_answer() -> None:
            if time.monotonic() - began > _ANSWER_SECONDS:
                raise _LostError("its scheduler does not answer")

        answer = await self._done(asked, must_answer)
        try:
            return answer.result()
        except OSError as error:
            raise _LostError("its scheduler cannot be reached") from error

    async def _done(
        self, asked: Awaitable[_Result], must_hold: Callable[[], None] = lambda: None
    ) -> asyncio.Future[_Result]:
        """What is asked for, done, unless nobody wants it any more or patience is at its end."""
        task = asyncio.ensure_future(asked)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_LOOK_SECONDS)
                self.check()
                if not task.done():
                    self._check_patience()
                    must_hold()
        except BaseException:
            task.cancel()
            raise
        return task

    def _check_patience(self) -> None:
        if time.monotonic() - self.progress_at > self.limits.patience_seconds:
            raise ExportFailedError(
                f"The cluster has rendered nothing of the export for"
                f" {self.limits.patience_seconds:g} seconds: {self.trouble}"
            )

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[_Client]:
        client = cast(
            "_Client",
            cast("Any", distributed).Client(
                self.address,
                asynchronous=True,
                set_as_default=False,
                # Not by way of the scheduler, which every export would go through.
                direct_to_workers=True,
                timeout=_CONNECT_SECONDS,
            ),
        )
        try:
            await self._answer(_begun(client))
            yield client
        finally:
            # Whoever does not answer has forgotten us, or will when the connection ends.
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await client.close()


async def _begun(client: _Client) -> None:
    await client


async def _shard_of(future: _Future) -> Shard:
    return await future


def _meaning(error: BaseException) -> Exception:
    """What an error of a future means for the export."""
    match error:
        case RenderingError(number=int(number), text=text):
            return OSError(number, text)
        case RenderingError() | TailraceError():
            return error
        case OtherVersionsError():
            return ExportFailedError(f"The cluster has other versions than the server: {error}")
        case KilledWorker():
            return ExportFailedError("Several workers died while they rendered the same part")
        case FutureCancelledError() | NoWorkerError() | OSError():
            return _LostError(f"it gave up a task ({type(error).__name__})")
        case _:
            return ExportFailedError(
                f"A worker of the cluster cannot run the server's tasks ({type(error).__name__})"
            )
