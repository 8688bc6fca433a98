#!/usr/bin/env bash
# Installs the SLURM that tests/workers/test_slurm.py runs stages on: Debian's slurmctld, slurmd, slurm-client, munge.
# Where that is impossible it prints why and ends with 0; that test is then skipped with that reason. Nothing of
# the machine's own configuration is used or changed: the test's daemons have theirs in a temporary folder.
#
# Usage: bash tests/install_slurm.sh
set -euo pipefail

# shellcheck source=tests/debian_packages.sh
source "${BASH_SOURCE[0]%install_slurm.sh}debian_packages.sh"

# Daemons are there, where the path of a user may not lead.
PATH=$PATH:/usr/sbin:/sbin
PROGRAMS=(slurmctld slurmd sbatch scancel munged)
# shellcheck disable=SC2034  # read by debian_packages.sh
TESTS="the tests on SLURM"

missing_programs() {
    local program
    for program in "${PROGRAMS[@]}"; do
        command -v "$program" >/dev/null || printf '%s ' "$program"
    done
}

main() {
    if [[ -n $(missing_programs) ]]; then
        install_packages "$(missing_programs)" slurmctld slurmd slurm-client munge
        [[ -z $(missing_programs) ]] || skip "the packages brought no $(missing_programs)here"
    fi
    slurmctld -V
}

main "$@"
