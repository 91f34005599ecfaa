#!/usr/bin/env bash
# Finds a Python for ci-orchestrator itself: 3.11 or newer, with venv. What the tests run with is not touched.
# Goes on with install.py --locate, which says where the private environment is.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
check='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

candidates=("${INPUT_PYTHON:-}")
if [[ -z "${INPUT_PYTHON:-}" ]]; then
  candidates=(python3 python3.14 python3.13 python3.12 python3.11 python /usr/bin/python3)
  # What GitHub's images have beside the one on the PATH, which may be the tests' own and old.
  for each in "${RUNNER_TOOL_CACHE:-/nowhere}"/Python/3.1[1-9]*/*/{bin/python3,python.exe}; do
    candidates+=("$each")
  done
fi

for python in "${candidates[@]}"; do
  if "$python" -I -c "$check" >/dev/null 2>&1; then
    exec "$python" -BEs "$here/install.py" --locate
  fi
done

if [[ -n "${INPUT_PYTHON:-}" ]]; then
  echo "::error title=ci-orchestrator::The input python is not a Python 3.11 or newer with venv." >&2
else
  echo "::error title=ci-orchestrator::No Python 3.11 or newer with venv was found. Add a step with actions/setup-python before, or name one with the input python." >&2
fi
exit 2
