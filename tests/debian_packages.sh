#!/usr/bin/env bash
# Sourced by the scripts that install Debian packages for some of the tests.

APT=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=300)

# skip REASON: prints why packages cannot be had, and which TESTS will be skipped for it; ends the script with 0.
skip() {
    printf 'skipped: %s; %s will be skipped\n' "$1" "$TESTS"
    exit 0
}

# install_packages PROGRAM PACKAGE...: installs packages for a program that is not there.
install_packages() {
    local program=$1 as_root=() output
    shift
    command -v apt-get >/dev/null || skip "there is no $program, and no apt-get to install it with"
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null || skip "there is no $program, and installing it needs root or sudo without a password"
        as_root=(sudo -n)
    fi
    printf 'installing %s\n' "$*"
    # The package lists may be absent or old, so they are fetched first; old ones may do when that fails.
    "${as_root[@]}" "${APT[@]}" update >/dev/null 2>&1 </dev/null || true
    if ! output=$("${as_root[@]}" "${APT[@]}" install --no-install-recommends "$@" 2>&1 </dev/null); then
        tail -n 5 <<<"$output"
        skip "apt-get could not install $*"
    fi
}
