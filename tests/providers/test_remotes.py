"""Remotes as git writes them, and what none of them may become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.remotes import place_of

KNOWN = {
    "git.acme.example": "gitlab",
    "code.acme.example:8443": "gitlab",
    "ghe.acme.example": "github",
    "tfs.acme.example": "azure",
    "eu.ghe.com": "github",
}


def github(repository: str, web: str = "https://github.com", api: str = "https://api.github.com") -> Place:
    return Place(kind="github", api=api, web=web, repository=repository)


def gitlab(repository: str, web: str = "https://gitlab.com") -> Place:
    return Place(kind="gitlab", api=f"{web}/api/v4", web=web, repository=repository)


def azure(repository: str, web: str = "https://dev.azure.com/acme") -> Place:
    return Place(kind="azure", api=web, web=web, repository=repository)


@pytest.mark.parametrize(
    ("remote", "place"),
    [
        ("https://github.com/acme/shop.git", github("acme/shop")),
        ("https://github.com/acme/shop/", github("acme/shop")),
        ("https://GitHub.com:443/acme/shop", github("acme/shop")),
        ("https://name:pa%40ss@github.com/acme/shop.git", github("acme/shop")),
        ("https://x-access-token:ghs_secret@github.com/acme/shop", github("acme/shop")),
        ("git@github.com:acme/shop.git", github("acme/shop")),
        ("github.com:acme/shop.git", github("acme/shop")),
        ("org-123@github.com:acme/shop.git", github("acme/shop")),
        ("ssh://git@github.com/acme/shop.git", github("acme/shop")),
        ("ssh://git@ssh.github.com:443/acme/shop.git", github("acme/shop")),
        ("git://github.com/acme/shop.git", github("acme/shop")),
        (
            "git@ghe.acme.example:acme/shop",
            github("acme/shop", "https://ghe.acme.example", "https://ghe.acme.example/api/v3"),
        ),
        ("https://eu.ghe.com/acme/shop", github("acme/shop", "https://eu.ghe.com", "https://api.eu.ghe.com")),
        ("https://other.ghe.com/acme/shop", github("acme/shop", "https://other.ghe.com", "https://api.other.ghe.com")),
        ("https://gitlab.com/acme/web/shop.git", gitlab("acme/web/shop")),
        ("git@gitlab.com:a/b/c/d/shop.git", gitlab("a/b/c/d/shop")),
        ("ssh://git@altssh.gitlab.com:443/acme/shop.git", gitlab("acme/shop")),
        ("https://gitlab-ci-token:glcbt-64_x@gitlab.com/acme/shop.git", gitlab("acme/shop")),
        ("git@git.acme.example:acme/shop.git", gitlab("acme/shop", "https://git.acme.example")),
        ("ssh://git@git.acme.example:2222/acme/shop.git", gitlab("acme/shop", "https://git.acme.example")),
        ("http://git.acme.example:8080/acme/shop", gitlab("acme/shop", "http://git.acme.example:8080")),
        ("https://code.acme.example:8443/acme/shop", gitlab("acme/shop", "https://code.acme.example:8443")),
        ("https://dev.azure.com/acme/web/_git/shop", azure("web/shop")),
        ("https://acme@dev.azure.com/acme/web%20site/_git/my%20shop", azure("web site/my shop")),
        ("https://dev.azure.com/acme/_git/shop", azure("shop/shop")),
        ("https://dev.azure.com/acme/web/_git/_optimized/shop", azure("web/shop")),
        ("git@ssh.dev.azure.com:v3/acme/web/shop", azure("web/shop")),
        ("ssh://git@ssh.dev.azure.com/v3/acme/web%20site/shop", azure("web site/shop")),
        ("acme@vs-ssh.visualstudio.com:v3/acme/web/shop", azure("web/shop")),
        ("https://acme.visualstudio.com/web/_git/shop", azure("web/shop")),
        ("https://acme.visualstudio.com/DefaultCollection/web/_git/shop", azure("web/shop")),
        ("https://acme.visualstudio.com/_git/shop", azure("shop/shop")),
        ("https://tfs.acme.example/tfs/Main/web/_git/shop", azure("web/shop", "https://tfs.acme.example/tfs/Main")),
        ("https://tfs.acme.example/Main/_git/shop", azure("shop/shop", "https://tfs.acme.example/Main")),
    ],
)
def test_a_remote_names_its_forge(remote: str, place: Place) -> None:
    assert place_of(remote, known=KNOWN) == place


@pytest.mark.parametrize(
    "remote",
    [
        *("", "/srv/git/shop.git", "../shop.git", "file:///srv/git/shop.git", "shop", "C:/git/shop"),
        *("https://bitbucket.org/acme/shop", "git@example.org:acme/shop", "https://code.acme.example/acme/shop"),
        *("https://github.com/acme", "https://github.com/acme/shop/tree/main", "https://gitlab.com/shop"),
        *("https://github.com/acme/..", "https://github.com/acme/%2e%2e", "https://gitlab.com/a//b"),
        *("https://github.com/acme/sh%2Fop", "https://github.com/acme/sh%0aop", "https://github.com/acme/a?b=c"),
        *("https://github.com\\@evil.example/acme/shop", "https://evil.example/github.com/acme/shop"),
        *("https://github.com.evil.example/acme/shop", "https://notgithub.com/acme/shop", "https://evilghe.com/a/b"),
        *("https://github.com:99999/acme/shop", "https://[::1/acme/shop", "https://-x.visualstudio.com/a/_git/b"),
        *("ext::sh -c touch% /tmp/x", "-oProxyCommand=x:acme/shop", "git@github.com:acme/shop\nx", "h" * 5000),
        *(
            "https://dev.azure.com/acme/web/shop",
            "https://dev.azure.com/_git/shop",
            "git@ssh.dev.azure.com:v3/acme/shop",
        ),
        *("https://github.com/acme/a#b", "https://github.com/acme/.git"),
        *("https://dev.azure.com/acme/a/b/_git/shop", "https://dev.azure.com/acme/web/_git/a/b"),
    ],
)
def test_what_is_no_forge_of_ours_is_none(remote: str) -> None:
    assert place_of(remote, known=KNOWN) is None


def test_a_kind_that_nobody_knows_is_none() -> None:
    assert place_of("https://forge.example/a/b", known={"forge.example": "gitea"}) is None


@given(
    st.sampled_from(("https://{}@github.com/a/b", "ssh://{}@gitlab.com/a/b", "{}@gitlab.com:a/b")),
    st.text(alphabet="abcXYZ0189-_.~%", min_size=8),
)
def test_credentials_never_come_along(form: str, secret: str) -> None:
    place = place_of(form.format(f"user:{secret}" if "//" in form else secret), known={})
    assert place is None or secret not in repr(place)


@given(st.text(max_size=80) | st.from_regex(r"(https://|git@)(github|gitlab)\.com[:/][^ ]{0,40}", fullmatch=True))
def test_anything_is_a_place_or_none(remote: str) -> None:
    place = place_of(remote, known=KNOWN)
    assert place is None or (place.repository.count("/") >= 1 and ".." not in place.repository.split("/"))
