#!/usr/bin/env bash
# Installs the browser that tests/test_report_browser*.py look at the report with: Debian's package chromium.
# Where that is impossible it prints why and ends with 0; those tests are then skipped with that reason.
#
# Usage: bash tests/install_browser.sh
#
# IMAPP_BROWSER names a Chromium that is somewhere else; the tests use it as well.
set -euo pipefail

BROWSER=${IMAPP_BROWSER:-/usr/bin/chromium}
PACKAGES=(chromium fonts-dejavu-core)
APT=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=300)

skip() {
    printf 'skipped: %s; the tests of the report in a browser will be skipped\n' "$1"
    exit 0
}

# Debian's start script of the browser may complain on standard error about the machine.
print_version() {
    "$BROWSER" --version 2>/dev/null
}

main() {
    local as_root=() output
    if [[ -x $BROWSER ]]; then
        print_version
        return
    fi
    command -v apt-get >/dev/null || skip "there is no $BROWSER, and no apt-get to install it with"
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null || skip "there is no $BROWSER, and installing it needs root or sudo without a password"
        as_root=(sudo -n)
    fi
    printf 'installing %s\n' "${PACKAGES[*]}"
    # The package lists may be absent or old, so they are fetched first; old ones may do when that fails.
    "${as_root[@]}" "${APT[@]}" update >/dev/null 2>&1 </dev/null || true
    if ! output=$("${as_root[@]}" "${APT[@]}" install --no-install-recommends "${PACKAGES[@]}" 2>&1 </dev/null); then
        tail -n 5 <<<"$output"
        skip "apt-get could not install ${PACKAGES[*]}"
    fi
    [[ -x $BROWSER ]] || skip "the package chromium brought no $BROWSER here"
    print_version
}

main "$@"
