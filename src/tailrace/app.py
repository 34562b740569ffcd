"""The composition root: a home directory and everything that works on it, put together once."""

from __future__ import annotations

import gc
import hashlib
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from tailrace.activities.compactor import Compactor
from tailrace.activities.counting import count_by_type
from tailrace.activities.lake_locks import LakeLocks
from tailrace.activities.pages import ActivityPages
from tailrace.activities.settler import Settler, SettlingLimits
from tailrace.chosen_parts import (
    fragment_executor,
    lake,
    rendered_fragments,
    result_files,
    store_location,
)
from tailrace.domain.errors import HomeError, StoreUnavailableError
from tailrace.durability import make_directory
from tailrace.extract.planning import Planner
from tailrace.files.uploads import Uploads
from tailrace.home_directory import check_store, key_of, locked, mark_store
from tailrace.imports.runner import ImportRunner
from tailrace.imports.service import LeadImports
from tailrace.ingest.activity_batches import ActivityBatches
from tailrace.jobs.janitor import Janitor
from tailrace.jobs.runner import Runner, RunnerLimits
from tailrace.jobs.service import ExportJobs
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.home_lake import (
    LAKE_NAME,
    lake_address,
    remember_address,
)
from tailrace.operation.cluster_watch import ClusterWatch
from tailrace.operation.home_metrics import HomeMetrics
from tailrace.operation.readiness import Readiness
from tailrace.store.api_users import ApiUsers
from tailrace.store.asset_collection import Assets
from tailrace.store.call_counts import CallCounts
from tailrace.store.database import Database
from tailrace.store.home_key import confirm_key
from tailrace.store.identity import Identity, ServiceCredentials
from tailrace.store.jobs import expire_leases
from tailrace.store.lead_imports import expire_leases as expire_import_leases
from tailrace.store.subscriptions import (
    DEFAULT_SUBSCRIPTION_NAME,
    Subscriptions,
    create_subscription,
)
from tailrace.store.tables import subscription
from tailrace.store.turns import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.settings import Settings

#: The API user that a new home begins with.
FIRST_USER = "admin@tailrace.local"


def utc_now() -> datetime:
    return datetime.now(UTC)


class Application:
    """Everything that works on one home; any number of processes may have one open."""

    def __init__(self, settings: Settings, key: bytes, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.clock = clock
        home = settings.home
        self.database = Database(
            store_location(settings), answer_seconds=settings.store_answer_seconds
        )
        self.subscriptions = Subscriptions(self.database, is_strict=settings.strict)
        self.assets = Assets(self.database, clock)
        self.api_users = ApiUsers(self.database, clock)
        self.identity = self._identity(key)
        self.call_counts = CallCounts(self.database, clock)
        self.files = result_files(settings)
        #: Told apart from others that keep files at the same place; tells nothing of the key.
        self._files_owner = hashlib.sha256(b"result files\n" + key).hexdigest()
        #: None if exports are rendered in this process.
        self.executor = fragment_executor(settings)
        self.lake = lake(settings, key)
        self._lake_locks = LakeLocks(
            self.database, home / LAKE_NAME, is_elsewhere=settings.lake is not None
        )
        self.settler = self._settler()
        self.compactor = self._compactor()
        self.activity_batches = ActivityBatches(
            self.database, self.subscriptions, self.settler, clock
        )
        self.activity_pages = ActivityPages(self.database, self.activity_log, clock)
        self.runner = self._runner()
        self.jobs = ExportJobs(
            self.database, self.subscriptions, clock=clock, on_change=self.runner.wake
        )
        uploads = Uploads(home / "imports")
        self.import_runner = self._import_runner(uploads)
        self.lead_imports = self._lead_imports(uploads)
        self.janitor = self._janitor(uploads)
        cluster = None if self.executor is None else ClusterWatch(self.executor.look)
        self.readiness = self._readiness(cluster)
        self.metrics = self._metrics(cluster)

    def activity_log(self, subscription_id: SubscriptionId) -> ActivityLog:
        """The lake of one subscription's activities."""
        return ActivityLog(self.lake.table(subscription_id), self._lake_locks.of(subscription_id))

    def activity_counts(self, subscription_id: SubscriptionId) -> dict[int, int]:
        """Number of activities of each type that a subscription has any of."""
        return count_by_type(self.database, self.activity_log(subscription_id), subscription_id)

    def first_service(self) -> ServiceCredentials | None:
        """A service for a home that has none yet, else None; its secret cannot be shown again."""
        subscription_id = self.subscriptions.default_id()
        if self.identity.services(subscription_id):
            return None
        return self.identity.create_service(subscription_id, FIRST_USER, name="first service")

    def begin_to_stop(self) -> None:
        """Take on no more work; what is under way may finish within `stop_seconds` from now."""
        self.readiness.begin_stopping()
        self.runner.begin_to_stop(self.settings.stop_seconds)

    @contextmanager
    def serving(self) -> Generator[None]:
        """Run jobs and imports, the settler, the compactor and the janitor while the block lasts.

        Raises HomeError if another process serves this home already, and its store is a file, or
        if its result files cannot be reached.
        """
        with self._server_place():
            self.files.claim(self._files_owner)
            self.lake.claim()
            # What is there now stays to the end: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            with ExitStack() as running:
                for part in (
                    self.janitor,
                    self.runner,
                    self.import_runner,
                    self.settler,
                    self.compactor,
                    self.call_counts,
                ):
                    running.callback(part.stop)
                    part.start()
                yield

    @contextmanager
    def _server_place(self) -> Generator[None]:
        """Be the one server of the home, or one of the servers of its shared store."""
        if self.database.is_shared:
            with self.database.presence(self._expire_leases):
                yield
            return
        with locked(self.settings.home / "serve.lock", is_exclusive_now=True):
            self._expire_leases()
            yield

    def _expire_leases(self) -> None:
        """Nobody else runs anything: what an earlier process left unfinished can go on at once."""
        with self.database.write(CLAIMS) as connection:
            expire_leases(connection, self.clock())
            expire_import_leases(connection, self.clock())

    def close(self) -> None:
        self.database.close()

    def parts_elsewhere(self) -> dict[str, Callable[[], None]]:
        """Parts that are on object storage; each raises RetryLaterError if that does not answer."""
        places = {"files": self.settings.files, "lake": self.settings.lake}
        checks = {"files": self.files.check, "lake": self.lake.check}
        return {name: check for name, check in checks.items() if places[name] is not None}

    def _identity(self, key: bytes) -> Identity:
        return Identity(
            self.database,
            key=key,
            token_lifetime_seconds=self.settings.token_lifetime_seconds,
            clock=self.clock,
        )

    def _compactor(self) -> Compactor:
        return Compactor(
            self.subscriptions,
            activity_log=self.activity_log,
            pause_seconds=self.settings.compact_seconds,
            clock=self.clock,
        )

    def _settler(self) -> Settler:
        return Settler(
            self.database,
            self.subscriptions,
            activity_log=self.activity_log,
            limits=SettlingLimits(
                seconds=self.settings.settle_seconds,
                rows=self.settings.settle_rows,
                most_rows=self.settings.maximum_hot_rows,
            ),
        )

    def _runner(self) -> Runner:
        return Runner(
            self.database,
            self.subscriptions,
            self.files,
            planner=self._planner,
            rendered=rendered_fragments(self.files, self.settings),
            executor=self.executor,
            limits=RunnerLimits(
                threads=self.settings.runner_threads,
                lease_seconds=self.settings.lease_seconds,
                maximum_attempts=self.settings.maximum_attempts,
                poll_seconds=self.settings.poll_seconds,
            ),
            clock=self.clock,
        )

    def _import_runner(self, uploads: Uploads) -> ImportRunner:
        return ImportRunner(
            self.database,
            self.subscriptions,
            uploads,
            lease_seconds=self.settings.lease_seconds,
            maximum_attempts=self.settings.maximum_attempts,
            poll_seconds=self.settings.poll_seconds,
            clock=self.clock,
        )

    def _lead_imports(self, uploads: Uploads) -> LeadImports:
        return LeadImports(
            self.database,
            self.subscriptions,
            uploads,
            clock=self.clock,
            on_change=self.import_runner.wake,
        )

    def _janitor(self, uploads: Uploads) -> Janitor:
        return Janitor(
            self.database,
            self.subscriptions,
            self.identity,
            self.files,
            uploads,
            activity_log=self.activity_log,
            pause_seconds=self.settings.janitor_seconds,
            clock=self.clock,
        )

    def _readiness(self, cluster: ClusterWatch | None) -> Readiness:
        return Readiness(
            self.database,
            self.subscriptions,
            activity_log=self.activity_log,
            home=self.settings.home,
            least_free_megabytes=self.settings.least_free_megabytes,
            cluster=cluster,
            elsewhere=self.parts_elsewhere(),
        )

    def _metrics(self, cluster: ClusterWatch | None) -> HomeMetrics:
        return HomeMetrics(
            self.database,
            self.subscriptions,
            activity_log=self.activity_log,
            lake=self.lake,
            home=self.settings.home,
            clock=self.clock,
            cluster=cluster,
        )

    def _planner(self, subscription_id: SubscriptionId) -> Planner:
        return Planner(self.database, self.activity_log(subscription_id))


def open_application(
    settings: Settings, clock: Callable[[], datetime] = utc_now, *, must_exist: bool = False
) -> Application:
    """The application on `settings.home`, brought up to date, and made unless it `must_exist`.

    Raises HomeError if the directory cannot be used, or is no home though it must be one.
    """
    settings = _checked(settings, must_exist=must_exist)
    home = settings.home
    try:
        if not home.exists():
            make_directory(home)
            # It holds people's data and the key to every token.
            home.chmod(0o700)
        with locked(home / "setup.lock", is_exclusive_now=False):
            key = key_of(home / "key")
            application = Application(settings, key, clock)
            if settings.lake is not None:
                remember_address(home, settings.lake, application.lake)
            application.database.migrate()
            if application.database.is_shared:
                confirm_key(application.database, key)
                mark_store(home)
            _ensure_subscription(application)
    except OSError as error:
        raise HomeError(f"The home '{home}' cannot be used: {error.strerror}.") from error
    except (SQLAlchemyError, StoreUnavailableError) as error:
        reason = error.__cause__ if isinstance(error, StoreUnavailableError) else error
        raise HomeError(f"The database of the home '{home}' cannot be used: {reason}.") from error
    return application


@contextmanager
def home_as_it_is(settings: Settings) -> Generator[Application]:
    """The application on a home, to look at it: nothing is made, nor brought up to date.

    Raises HomeError if there is none.
    """
    application = Application(_checked(settings, must_exist=True), b"", utc_now)
    try:
        yield application
    finally:
        application.close()


def _checked(settings: Settings, *, must_exist: bool) -> Settings:
    """The settings, and what the home remembers of where its parts are.

    Raises HomeError if the two contradict each other, or a home is missing that `must_exist`.
    """
    home = settings.home
    check_store(home, is_elsewhere=settings.store is not None, must_exist=must_exist)
    address = lake_address(home, settings.lake, files=settings.files)
    return settings.model_copy(update={"lake": address})


def _ensure_subscription(application: Application) -> None:
    with application.database.read() as connection:
        if _has_subscription(connection):
            return
    with application.database.write() as connection:
        # On a shared store, another home may have been set up in between.
        if not _has_subscription(connection):
            create_subscription(connection, DEFAULT_SUBSCRIPTION_NAME, application.clock())


def _has_subscription(connection: Connection) -> bool:
    return connection.execute(select(func.count()).select_from(subscription)).scalar_one() > 0
