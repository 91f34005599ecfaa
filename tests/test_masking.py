from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.masking import MASK, NO_MASK, SHORTEST, Mask, Secret

secrets = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\r\n*"), min_size=8, max_size=40
).filter(lambda text: len(text.strip()) >= SHORTEST)


def test_a_secret_shows_nothing_of_itself():
    secret = Secret("hunter2-hunter2")
    assert "hunter" not in f"{secret!r} {secret} {[secret]} {secret!s}"
    assert secret.reveal() == "hunter2-hunter2"
    assert secret
    assert not Secret("")
    assert secret == Secret("hunter2-hunter2") != Secret("other")


@given(secrets, st.text(max_size=30), st.text(max_size=30))
def test_no_form_of_a_secret_is_left(secret, before, after):
    mask = Mask([secret])
    for form in (secret, html.escape(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]):
        masked = mask(f"{before}{form}{after}")
        assert form not in masked
        assert MASK in masked
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    assert coded not in mask(coded)
    assert secret.encode() not in mask.data(f"{before}{secret}".encode("utf-8", "replace"))


def test_of_several_lines_each_is_masked():
    mask = Mask(["-----BEGIN KEY-----\nMIIEabcdef\n-----END KEY-----\n"])
    assert mask("key: MIIEabcdef.") == f"key: {MASK}."
    assert "MIIE" not in mask("-----BEGIN KEY-----\nMIIEabcdef\n-----END KEY-----\n")


def test_the_longer_secret_wins():
    assert Mask(["secret", "secret-token"])("secret-token secret") == f"{MASK} {MASK}"


def test_short_values_and_none_hide_nothing():
    assert Mask(["1", "", "yes"])("1 yes") == "1 yes"
    assert not Mask(["1"])
    assert NO_MASK("text") == "text"
    assert NO_MASK.data(b"text") == b"text"
