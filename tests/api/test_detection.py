from __future__ import annotations

from pathlib import Path

import pytest

from ci_orchestrator.api.detection import Found, detect


def project(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, []),
        ({"pytest.ini": "[pytest]\n"}, [Found(tool="pytest", because="pytest.ini")]),
        (
            {"pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["t"]\n', "x/test_a.py": ""},
            [Found(tool="pytest", because="pyproject.toml")],
        ),
        (
            {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = []\n", "tests/unit/test_a.py": ""},
            [Found(tool="pytest", because="pyproject.toml", paths=("tests",))],
        ),
        ({"setup.cfg": "[tool:pytest]\ntestpaths = t\n"}, [Found(tool="pytest", because="setup.cfg")]),
        ({"tox.ini": "[pytest]\n"}, [Found(tool="pytest", because="tox.ini")]),
        ({"conftest.py": ""}, [Found(tool="pytest", because="conftest.py")]),
        (
            {"tests/test_a.py": "", "src/pkg/b_test.py": ""},
            [Found(tool="pytest", because="test files in src, tests", paths=("src", "tests"))],
        ),
        ({"test_a.py": ""}, [Found(tool="pytest", because="test files in the project")]),
        ({"go.mod": "module m\n"}, [Found(tool="go", because="go.mod", paths=("./...",))]),
        (
            {"svc/go.mod": "module m\n"},
            [Found(tool="go", because="svc/go.mod", cwd="svc", paths=("./...",))],
        ),
        ({"package.json": '{"devDependencies": {"jest": "1"}}'}, [Found(tool="jest", because="package.json")]),
        (
            {
                "web/package.json": '{"dependencies": {"vitest": "1", "@playwright/test": "1"}}',
                "web/vitest.config.ts": "",
            },
            [
                Found(tool="playwright", because="web/package.json", cwd="web"),
                Found(tool="vitest", because="web/vitest.config.ts", cwd="web"),
            ],
        ),
        ({"Makefile": "test: build\n\tgo test\n"}, [Found(tool="make", because="Makefile")]),
        ({"Makefile": "test := 1\nprotest:\n"}, []),
        ({"node_modules/x/package.json": '{"dependencies": {"jest": "1"}}', "venv/test_a.py": ""}, []),
    ],
)
def test_what_is_found(files: dict[str, str], found: list[Found], tmp_path: Path) -> None:
    assert list(detect(project(tmp_path, files))) == found


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": "[" * 100_000},
        {"package.json": '{"dependencies": 3}'},
        {"package.json": "[]"},
        {"pyproject.toml": "= ="},
        {"pyproject.toml": "tool = 3"},
        {"pyproject.toml": "[tool]\npytest = 3"},
        {"pyproject.toml": "[tool.pytest]\nini_options = 3"},
        {"setup.cfg": "no section\n"},
        {"tox.ini": "[pytest\n"},
    ],
)
def test_broken_files_say_nothing(files: dict[str, str], tmp_path: Path) -> None:
    assert all(found.tool == "pytest" for found in detect(project(tmp_path, files)))


def test_a_big_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"jest": "' + "1" * 1_000_000 + '"}}')
    assert detect(tmp_path) == ()


def test_links_that_go_round_end(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "package.json").symlink_to(tmp_path / "package.json")
    assert detect(tmp_path) == ()
