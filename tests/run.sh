#!/usr/bin/env bash
# Linters and tests; every step runs, and the exit code is 1 when one of them failed.
#
# Usage: bash tests/run.sh [--full] [PYTEST ARGUMENTS]
#   --full   tests marked as full run at full size, and stages on a real SLURM
#
# IMAPP_REFERENCE_DATA names the reference data (default: ../shared, seen from the project root); tests that
# need it are skipped where it is absent. Tests in a browser need Debian's chromium, which is installed where that
# is possible, or a Chromium that IMAPP_BROWSER names. With --full, Debian's SLURM is installed where that is possible.
set -euo pipefail

# shellcheck source=utils/setup_environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../utils/setup_environment.sh"

FAILED=()

step() {
    local title=$1
    shift
    printf '\n== %s\n' "$title"
    if "$@"; then
        printf '== %s: passed\n' "$title"
    else
        printf '== %s: FAILED\n' "$title"
        FAILED+=("$title")
    fi
}

check_imports() {
    # From the project's folder, which Python's own start-up puts on the path for scripts only.
    PYTHONPATH=. "$PYTHON" -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
}

check_shell_scripts() {
    if ! command -v shellcheck >/dev/null; then
        echo "skipped: there is no shellcheck"
    elif ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        echo "skipped: this is not a git clone, and the scripts to check are the tracked ones"
    else
        git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck --external-sources
    fi
}

export_reference_data() {
    local folder=${IMAPP_REFERENCE_DATA:-$(dirname -- "$PROJECT_ROOT")/shared}
    [[ $folder == /* ]] || folder=$PWD/$folder
    export IMAPP_REFERENCE_DATA=$folder
}

main() {
    trap 'say "interrupted"; exit 130' INT
    export_reference_data
    set_up_environment
    add_requirements requirements-dask.txt
    add_requirements tests/requirements.txt
    PATH=$(dirname -- "$PYTHON"):$PATH
    cd -- "$PROJECT_ROOT"

    step "ruff check" "$PYTHON" -m ruff check .
    step "mypy" "$PYTHON" -m mypy
    step "import-linter" check_imports
    step "shellcheck" check_shell_scripts
    step "browser" bash tests/install_browser.sh
    if [[ " $* " == *" --full "* ]]; then
        step "SLURM" bash tests/install_slurm.sh
    fi
    step "pytest" "$PYTHON" -m pytest -n auto "$@"

    if ((${#FAILED[@]} > 0)); then
        printf '\n%s step(s) failed:' "${#FAILED[@]}"
        printf ' [%s]' "${FAILED[@]}"
        printf '\n'
        exit 1
    fi
}

main "$@"
