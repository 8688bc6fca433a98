#!/usr/bin/env bash
# Installs the browser that tests/test_report_browser*.py look at the report with: Debian's package chromium.
# Where that is impossible it prints why and ends with 0; those tests are then skipped with that reason.
#
# Usage: bash tests/install_browser.sh
#
# IMAPP_BROWSER names a Chromium that is somewhere else; the tests use it as well.
set -euo pipefail

# shellcheck source=tests/debian_packages.sh
source "${BASH_SOURCE[0]%install_browser.sh}debian_packages.sh"

BROWSER=${IMAPP_BROWSER:-/usr/bin/chromium}
# shellcheck disable=SC2034  # read by debian_packages.sh
TESTS="the tests of the report in a browser"

# Debian's start script of the browser may complain on standard error about the machine.
print_version() {
    "$BROWSER" --version 2>/dev/null
}

main() {
    if [[ ! -x $BROWSER ]]; then
        install_packages "$BROWSER" chromium fonts-dejavu-core
        [[ -x $BROWSER ]] || skip "the package chromium brought no $BROWSER here"
    fi
    print_version
}

main "$@"
