# shellcheck shell=bash
# Finds or makes the Python environment; sourced by overall_script.sh and tests/run.sh.
#
#   set_up_environment           sets PYTHON to an interpreter that has requirements.txt
#   add_requirements FILE        adds the packages of a further file to that environment
#
# An active environment (venv or conda), and one that .venv is a link to, is its user's: requirements.txt is checked
# in it, never installed. Otherwise the project has its own in .venv, made on first use.

PROJECT_ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# The newest first: the first that is found is taken.
SUPPORTED_VERSIONS=(3.14 3.13 3.12 3.11 3.10)
VENV=$PROJECT_ROOT/.venv
# There while .venv is being changed: one that is left over tells of an interrupted installation.
UNFINISHED=$VENV.unfinished

say() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
}

fail() {
    say "$1"
    exit 1
}

# Runs a command of a moment that Ctrl-C does not reach, which would leave a traceback: bash acts on it right after.
undisturbed() (
    trap '' INT
    exec "$@"
)

set_up_environment() {
    local active=${VIRTUAL_ENV:-${CONDA_PREFIX:-}}
    [[ -n $active || ! -L $VENV ]] || active=$VENV
    if [[ -n $active ]]; then
        use_active_environment "$active"
    else
        use_own_environment
    fi
}

add_requirements() {
    local file=$1
    if [[ $PYTHON == "$VENV/bin/python" && -z ${VIRTUAL_ENV:-} && ! -L $VENV ]]; then
        if [[ ! -e $UNFINISHED ]] && is_installed "$file"; then
            return
        fi
        lock_own_environment
        install_once "$file"
        exec 8>&-
    elif ! check_requirements "$file"; then
        say "installing $file into the active environment"
        pip_install "$file"
    fi
}

use_active_environment() {
    local version
    PYTHON=$1/bin/python
    version=$(python_version "$PYTHON") || fail "the active environment $1 has no Python that runs"
    is_supported "$version" || fail "the active environment $1 has Python $version; needed is one of ${SUPPORTED_VERSIONS[*]}"
    check_requirements requirements.txt || fail "the active environment $1 lacks packages. Install them with
  '$PYTHON' -m pip install -r '$PROJECT_ROOT/requirements.txt'
or deactivate it: without an active environment this script makes its own in .venv."
}

use_own_environment() {
    local version
    PYTHON=$VENV/bin/python
    # One that is ready is used as it is, also where nothing may be written.
    if [[ ! -e $UNFINISHED ]] && is_installed requirements.txt && is_supported "$(python_version "$PYTHON")"; then
        offer_pip
        return
    fi
    lock_own_environment
    if [[ -e $UNFINISHED ]] || ! python_version "$PYTHON" >/dev/null; then
        make_venv
    fi
    version=$(python_version "$PYTHON") || fail "the new $VENV does not run"
    is_supported "$version" || fail "$VENV has Python $version; needed is one of ${SUPPORTED_VERSIONS[*]}: remove it and start again"
    install_once requirements.txt
    offer_pip
    exec 8>&-
}

# Waits until no other run is making or changing .venv, and keeps others waiting until descriptor 8 is closed.
lock_own_environment() {
    local python=$PYTHON
    python_version "$python" >/dev/null || python=$(find_python) || exit
    { exec 8>>"$VENV.lock"; } 2>/dev/null ||
        fail "$VENV is not ready, and nothing can be written in $PROJECT_ROOT: make it writable, or activate an \
environment that has requirements.txt"
    # Without locks in this file system, or in this Python, two first runs at once are on their own.
    "$python" -c 'import fcntl; fcntl.flock(8, fcntl.LOCK_EX)' 2>/dev/null || true
}

make_venv() {
    local base version
    base=$(find_python) || exit
    version=$(python_version "$base")
    "$base" -c 'import ensurepip, venv' 2>/dev/null || fail "Python $version ($base) cannot make virtual environments, \
its modules venv or ensurepip are missing. On Debian and Ubuntu: apt install python3-venv (or python$version-venv)"
    [[ ! -e $VENV || -e $UNFINISHED || -e $VENV/pyvenv.cfg ]] ||
        fail "$VENV is there, but this script did not make it: move it away and start again"
    say "making $VENV with Python $version"
    : >"$UNFINISHED"
    # pip comes later, under the protection of the file UNFINISHED.
    run_quietly "$base" -m venv --clear --without-pip "$VENV"
}

# Prints the first interpreter of a supported version. Each is really run: a version manager's stand-in may be
# on PATH for a Python that is not there.
find_python() {
    local name path version tried=""
    for name in "${SUPPORTED_VERSIONS[@]/#/python}" python3 python; do
        path=$(command -v "$name") || continue
        version=$(python_version "$path") || version="does not run"
        if is_supported "$version"; then
            printf '%s\n' "$path"
            return
        fi
        tried+="
  $path: $version"
    done
    fail "no usable Python was found; needed is one of ${SUPPORTED_VERSIONS[*]}. Tried:${tried:-
  nothing, as PATH has no Python}"
}

python_version() {
    undisturbed "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

is_supported() {
    [[ " ${SUPPORTED_VERSIONS[*]} " == *" $1 "* ]]
}

# Installs a requirements file into .venv unless this very file was installed there for this very Python.
install_once() {
    local file=$1
    if is_installed "$file"; then
        return
    fi
    undisturbed "$PYTHON" -c 'import sys; sys.exit(sys.prefix == sys.base_prefix)' ||
        fail "$VENV is damaged (it is not an environment any more): move it away and start again"
    say "installing $file into $VENV (a minute or two, this once)"
    : >"$UNFINISHED"
    "$PYTHON" -c 'import pip' 2>/dev/null || run_quietly "$PYTHON" -m ensurepip --default-pip
    pip_install "$file"
    state_of "$file" >"$(stamp_of "$file")"
    rm -f "$UNFINISHED"
}

# The file that tells for which Python a requirements file was installed, and in which version.
stamp_of() {
    printf '%s\n' "$VENV/${1//\//-}.stamp"
}

state_of() {
    printf '%s %s\n' "$(python_version "$PYTHON")" "$(cksum <"$PROJECT_ROOT/$1")"
}

is_installed() {
    local stamp
    stamp=$(stamp_of "$1")
    [[ -f $stamp && $(<"$stamp") == "$(state_of "$1")" ]]
}

# Environments that this script made before have pip3 alone: `pip` would be that of another Python.
offer_pip() {
    if [[ ! -e $VENV/bin/pip && -e $VENV/bin/pip3 ]]; then
        # Where nothing can be written, the environment works all the same.
        ln -s pip3 "$VENV/bin/pip" 2>/dev/null || true
    fi
}

pip_install() {
    run_quietly "$PYTHON" -m pip install --quiet --no-input --disable-pip-version-check -r "$PROJECT_ROOT/$1"
}

# Runs a command in silence; when it fails shows the end of what it printed, and ends the script.
run_quietly() {
    local output
    if ! output=$("$@" 2>&1 </dev/null); then
        tail -n 15 <<<"$output" >&2
        fail "this failed: $*"
    fi
}

# Compares what is installed with a requirements file: names packages that are missing (and then returns 1),
# warns of other versions.
check_requirements() {
    undisturbed "$PYTHON" - "$PROJECT_ROOT/$1" <<'PYTHON_CODE' >&2
import sys

sys.path = [folder for folder in sys.path if folder]  # modules of the current directory are not meant

from importlib import import_module, metadata
from pathlib import Path

for module in ("packaging.requirements", "pip._vendor.packaging.requirements"):
    try:
        Requirement = import_module(module).Requirement
        break
    except ImportError:
        pass
else:
    print("  missing: packaging")
    sys.exit(1)

missing = False
for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
    text = line.partition("#")[0].strip()
    requirement = Requirement(text) if text else None
    if requirement is None or requirement.marker and not requirement.marker.evaluate():
        continue
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        missing = True
        print(f"  missing: {requirement.name}{requirement.specifier}")
        continue
    if not requirement.specifier.contains(found, prereleases=True):
        print(f"  warning: {requirement.name} is {found}, tested is {requirement.specifier}")
sys.exit(missing)
PYTHON_CODE
}
