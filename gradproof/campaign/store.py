"""The store of a campaign: one SQLite file, in which a task is done with all that it has found, or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradproof.campaign.tallies import added
from gradproof.campaign.tasks import Settings, Task
from gradproof.errors import GradproofError

FORMAT = 1
NAME = "campaign.sqlite"
_TABLES = """
create table if not exists campaign (format integer not null, settings text not null);
create table if not exists cases (name text primary key, stretch integer not null, wanted integer not null,
                                  tallies text not null default '{}');
create table if not exists done (name text not null, first integer not null, primary key (name, first)) without rowid;
"""


class Store:
    """A campaign on disk.

    Args:
        folder: Where it lies.
        settings: What its tasks have in common; those of a store that exists have to be the same. None takes them as
            they are there.

    Raises:
        GradproofError: There is none and no settings are given, it is of another campaign, or it cannot be opened.
    """

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        path = folder / NAME
        if settings is None and not path.is_file():
            raise GradproofError(f"{folder} holds no campaign: gradproof campaign CASE --trials N --store {folder}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=60)
            self.connection.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise GradproofError(f"the store {path} cannot be opened: {error}") from error
        self.settings = self._settled(folder, settings)

    def _settled(self, folder: Path, asked: Settings | None) -> Settings:
        """The settings of the store, which are written once."""
        with self._transaction():
            row = self.connection.execute("select format, settings from campaign").fetchone()
            if row is None:
                if asked is None:
                    raise GradproofError(f"{folder} holds no campaign yet")
                text = json.dumps(asdict(asked), sort_keys=True)
                self.connection.execute("insert into campaign values (?, ?)", (FORMAT, text))
                return asked
        if row[0] != FORMAT:
            raise GradproofError(f"{folder} holds a campaign of format {row[0]}; this version reads format {FORMAT}")
        kept = Settings(**json.loads(row[1]))
        if asked is not None and asked != kept:
            changed = ", ".join(name for name, value in asdict(asked).items() if value != getattr(kept, name))
            raise GradproofError(
                f"{folder} holds a campaign with other {changed}: its trials do not add up with these; give another "
                "--store, or go on with what it was begun with"
            )
        return kept

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def want(self, case: str, stretch: int, trials: int) -> None:
        """Ask for at least so many trials of a case, in whole stretches; never for fewer than before."""
        wanted = -(-trials // stretch) * stretch
        with self._transaction():
            self.connection.execute(
                "insert into cases (name, stretch, wanted) values (?, ?, ?) "
                "on conflict (name) do update set wanted = max(wanted, excluded.wanted)",
                (case, stretch, wanted),
            )

    def cases(self) -> list[tuple[str, int, int, int]]:
        """Every case with its stretch, the trials that are wanted, and those that are done."""
        rows = self.connection.execute(
            "select name, stretch, wanted, (select count(*) from done where done.name = cases.name) from cases "
            "order by name"
        ).fetchall()
        return [(name, stretch, wanted, count * stretch) for name, stretch, wanted, count in rows]

    def open_tasks(self) -> Iterator[Task]:
        """The tasks that are not done, the cases in turn."""
        left = []
        for name, stretch, wanted, _ in self.cases():
            done = {first for (first,) in self.connection.execute("select first from done where name = ?", (name,))}
            left.append(Task(name, k, k + stretch) for k in range(0, wanted, stretch) if k not in done)
        while left:
            for tasks in list(left):
                task = next(tasks, None)
                if task is None:
                    left.remove(tasks)
                else:
                    yield task

    def add(self, task: Task, found: dict[str, Any]) -> None:
        """Note a task as done, with what it has found; one that is done already changes nothing."""
        with self._transaction():
            new = self.connection.execute("insert or ignore into done values (?, ?)", (task.case, task.first)).rowcount
            if not new:
                return
            (text,) = self.connection.execute("select tallies from cases where name = ?", (task.case,)).fetchone()
            total = json.dumps(added(json.loads(text), found), sort_keys=True)
            self.connection.execute("update cases set tallies = ? where name = ?", (total, task.case))

    def tallies(self, case: str) -> dict[str, Any]:
        """The sum of what all tasks of a case have found."""
        row = self.connection.execute("select tallies from cases where name = ?", (case,)).fetchone()
        return {} if row is None else dict(json.loads(row[0]))

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
