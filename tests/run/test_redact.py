from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.masking import MASK, NO_MASK, Mask
from ci_orchestrator.run import redact
from ci_orchestrator.run.redact import holds_secret, mask_file

SECRET = "s3cr3t-value"


@given(st.lists(st.sampled_from([SECRET, "text", "\n", "s3cr3t-"]), max_size=12), st.integers(1, 40))
def test_a_file_loses_its_secrets_wherever_its_pieces_end(tmp_path_factory, parts, size):
    text = "".join(parts)
    path = tmp_path_factory.mktemp("redact") / "file"
    path.write_text(text)
    before, redact._CHUNK = redact._CHUNK, size
    try:
        assert holds_secret(path, Mask([SECRET])) == (SECRET in text)
        mask_file(path, Mask([SECRET]))
    finally:
        redact._CHUNK = before
    assert path.read_text() == text.replace(SECRET, MASK)


def test_without_secrets_nothing_is_read_or_written(tmp_path):
    path = tmp_path / "file"
    path.write_text(SECRET)
    path.chmod(0o444)
    mask_file(path, NO_MASK)
    assert path.read_text() == SECRET
