from __future__ import annotations

from pathlib import Path

import pytest

from ci_orchestrator.errors import UserError
from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.opening import open_blobs


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("folder:kept", "/project/kept"),
        ("kept/here", "/project/kept/here"),
        ("/mnt/history:2", "/mnt/history:2"),
        ("branch:ci/history", "the branch ci/history of origin"),
        ("branch:data@https://robot:t0ken@example.org/r.git", "the branch data of https://***@example.org/r.git"),
        ("s3://bucket", "s3://bucket/"),
        ("s3://bucket/a/b/", "s3://bucket/a/b/"),
        ("postgresql://robot:t0ken@db.example.org/ci#shop", "postgresql://db.example.org/ci#shop"),
        ("postgres://db/ci?user=robot&password=t0ken", "postgresql://db/ci#history"),
    ],
)
def test_an_address_names_a_place_and_shows_no_secret(address: str, place: str) -> None:
    blobs = open_blobs(address, Path("/project"))
    assert blobs.place == place
    assert "t0ken" not in repr(blobs)


@pytest.mark.parametrize(
    ("address", "fix"), [("s33://bucket", "did you mean 's3'"), ("s3:///key", "s3://BUCKET/PREFIX")]
)
def test_what_names_no_place_is_refused(address: str, fix: str) -> None:
    with pytest.raises(UserError, match=fix):
        open_blobs(address, Path())


def test_a_database_that_is_not_there_is_said_without_the_password() -> None:
    blobs = open_blobs("postgresql://robot:t0ken-of-mine@127.0.0.1:9/ci", Path())
    with pytest.raises(HistoryError, match="fix: check the address") as caught:
        blobs.read()
    assert "t0ken" not in str(caught.value)


def test_a_bucket_that_is_not_there_is_said_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "t0ken-of-mine",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(HistoryError, match=r"(?s)s3://bucket/ cannot be used.*fix: check the bucket") as caught:
        open_blobs("s3://bucket", Path()).read()
    assert "t0ken" not in str(caught.value)
