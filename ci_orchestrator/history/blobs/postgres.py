"""Blobs as rows of a PostgreSQL table, which is made when it is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.base import LARGEST
from ci_orchestrator.history.blobs.heads import Heads
from ci_orchestrator.masking import Mask

TABLE = "ci_orchestrator_history"
_LOCK = 0x43494F48  # held while the table is made: IF NOT EXISTS alone lets two that start at once collide
_CONNECT = 10  # seconds
_MAKE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    memory text NOT NULL, name text NOT NULL, data bytea NOT NULL, written timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (memory, name)
)
"""
_LOGIN = re.compile(r"^//[^/?#@]*@")
_PASSWORD = re.compile(r"^//[^/?#@:]*:([^/?#@]*)@|[?&]password=([^&#]*)")


class PostgresBlobs(Heads):
    """`history.blobs.base.BlobStore` in ``//USER@HOST/DATABASE#NAME``: NAME, by default ``history``, tells several
    memories of one database apart. The rest is a URI of libpq, which also knows PGPASSWORD and PGPASSFILE. Raises
    `MissingPartError` when psycopg is not installed."""

    def __init__(self, address: str, root: Path = Path()) -> None:
        self._psycopg = _psycopg()
        uri, _, name = address.partition("#")
        self._uri, self._name = f"postgresql:{uri}", name or "history"
        self._mask = Mask(found for pair in _PASSWORD.findall(uri) for found in pair if found)
        self.place = f"postgresql:{_LOGIN.sub('//', uri).partition('?')[0]}#{self._name}"

    def _names(self) -> Iterable[str]:
        return [name for (name,) in self._ask(f"SELECT name FROM {TABLE} WHERE memory = %s", ())]  # noqa: S608

    def _get(self, name: str) -> bytes | None:
        query = f"SELECT substring(data FROM 1 FOR {LARGEST + 1}) FROM {TABLE} WHERE memory = %s AND name = %s"  # noqa: S608
        rows = self._ask(query, (name,))
        return bytes(rows[0][0]) if rows else None

    def _put(self, name: str, data: bytes) -> None:
        query = f"INSERT INTO {TABLE} (memory, name, data) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING name"  # noqa: S608
        self._ask(query, (name, data))

    def _delete(self, name: str) -> None:
        self._ask(f"DELETE FROM {TABLE} WHERE memory = %s AND name = %s RETURNING name", (name,))  # noqa: S608

    def _ask(self, query: str, values: tuple[object, ...]) -> list[Any]:
        with (
            self._explained(),
            self._psycopg.connect(self._uri, connect_timeout=_CONNECT, client_encoding="utf8") as db,
        ):
            if db.execute("SELECT to_regclass(%s)", (TABLE,)).fetchone() == (None,):
                db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                db.execute(_MAKE)
            return list(db.execute(query, (self._name, *values)).fetchall())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._psycopg.Error as error:
            fix = f"check the address and PGPASSWORD, and that the user may create or use the table {TABLE}"
            words = self._mask(str(error).strip())
            raise HistoryError(f"{self.place} cannot be used: {words}", fix=fix) from None


def _psycopg() -> Any:  # noqa: ANN401 - the module, which may be missing
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingPartError("psycopg is not installed", fix="pip install 'ci-orchestrator[postgres]'") from None
    return psycopg
