#!/usr/bin/env bash
# Runs the pipeline from the raw files to the last table; `--help` tells more.
set -euo pipefail

# Names of files are UTF-8 in every locale.
export PYTHONUTF8=1

# shellcheck source=utils/setup_environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/utils/setup_environment.sh"

STAGES=(
    dataset_creation/make_demo_dataset.py
    dataset_creation/create_dataset.py
    dataset_creation/move_dataset.py
    dataset_analysis/mask_qa.py
    dataset_analysis/other_datasets_overlap.py
    dataset_analysis/imaplusplus_annotator_overlap.py
    multiannotator_analysis/create_multiannotator_subset.py
    multiannotator_analysis/create_consensus_masks.py
    multiannotator_analysis/compute_IAA_metrics.py
    multiannotator_analysis/compute_image_level_metrics.py
    dataset_creation/create_partitions.py
    multiannotator_analysis/create_soft_labels.py
    multiannotator_analysis/compute_annotator_metrics.py
    multiannotator_analysis/compute_agreement_statistics.py
    multiannotator_analysis/score_predictions.py
    multiannotator_analysis/visualization_scripts/plot_dataset_distribution.py
    multiannotator_analysis/visualization_scripts/plot_individual_metrics.py
    multiannotator_analysis/visualization_scripts/plot_inter_intra_factor_agreement.py
    multiannotator_analysis/visualization_scripts/plot_annotator_intersections.py
    multiannotator_analysis/visualization_scripts/plot_overlaid_segmentations.py
    multiannotator_analysis/visualization_scripts/plot_annotator_metrics.py
    multiannotator_analysis/visualization_scripts/plot_agreement_statistics.py
    multiannotator_analysis/visualization_scripts/plot_iaa_by_diagnosis.py
    multiannotator_analysis/visualization_scripts/plot_partition_balance.py
    multiannotator_analysis/visualization_scripts/plot_prediction_scores.py
    multiannotator_analysis/make_report.py
    multiannotator_analysis/summarise_run.py
)

print_help() {
    cat <<EOT
Usage: bash overall_script.sh [--config FILE] [--from STAGE] [--until STAGE] [key=value ...]
       bash overall_script.sh --list | --check | --help

Runs the stages of the pipeline in order and stops at the first that fails, with its exit code.

  --config FILE   a YAML file with keys of any stage, over those of the config.yaml files: one file
                  for one dataset. Relative paths in it start at its folder
  key=value       a key of any stage, over all files. Relative paths start at the current folder
  --from STAGE    start with this stage (default: the first)
  --until STAGE   stop after this stage (default: the last)
  --list          print the stages in order
  --check         run nothing; say which outputs are no longer what the last run made; takes
                  --config and key=value too
  --help          print this text

Settings are in the config.yaml of each stage's folder; as committed they run the embedded demo.
All are checked before the first stage.
Python ${SUPPORTED_VERSIONS[*]: -1} to ${SUPPORTED_VERSIONS[0]} is needed. In an active virtual or conda environment the packages are only
checked; without one they are installed into .venv on the first run.
EOT
}

stage_name() {
    basename "$1" .py
}

list_stages() {
    local stage
    for stage in "${STAGES[@]}"; do
        printf '%-34s %s\n' "$(stage_name "$stage")" "$stage"
    done
}

usage_error() {
    say "$1"
    exit 2
}

# Prints the three stages that have most pairs of neighbouring letters in common with a word.
nearest_stages() {
    local word=$1 stage name shared i
    for stage in "${STAGES[@]}"; do
        name=$(stage_name "$stage")
        shared=0
        for ((i = 0; i + 1 < ${#word}; i++)); do
            if [[ $name == *"${word:i:2}"* ]]; then
                shared=$((shared + 1))
            fi
        done
        printf '%d %s\n' "$((1000 * shared / (${#name} + ${#word})))" "$name"
    done | sort -k 1,1nr | sed -n '1,3s/^[0-9]* /  /p'
}

# Prints the position of a stage, which may be given as its name or as its script.
stage_position() {
    local name i
    [[ -n $2 ]] || usage_error "$1 needs the name of a stage; --list prints them"
    name=$(stage_name "$2")
    for i in "${!STAGES[@]}"; do
        if [[ $(stage_name "${STAGES[i]}") == "$name" ]]; then
            printf '%d\n' "$i"
            return
        fi
    done
    usage_error "$1: there is no stage '$2'; the nearest are
$(nearest_stages "$name")
--list prints all."
}

run_stage() {
    local stage=$1 name status=0 arguments=(${SETTINGS[@]+"${SETTINGS[@]}"})
    name=$(stage_name "$stage")
    if [[ $name == make_demo_dataset ]]; then
        arguments+=(demo_only_if_used=true)
    fi
    say "[$2/${#STAGES[@]}] $name"
    run_script "$stage" --warned ${arguments[@]+"${arguments[@]}"} || status=$?
    if ((status != 0)); then
        say "stage $name failed with exit code $status. Once mended, go on with the same command and --from $name,
or from the stage that the message names"
        exit "$status"
    fi
}

# Runs one of the project's scripts with keys of any stage, and returns its exit code.
run_script() {
    local script=$1 status=0
    shift
    # In the background, because bash handles signals only while it waits, not while a program runs before it.
    "$PYTHON" "$PROJECT_ROOT/$script" --any-stage "$@" &
    CHILD=$!
    wait "$CHILD" || status=$?
    CHILD=
    return "$status"
}

# Checks all configurations for a run from a stage on, and warns of what is in them. Then opens the lock file of the
# output folder and keeps it open, so that no other run comes in between two stages: the first stage locks it.
prepare_run() {
    local file
    file=$(undisturbed "$PYTHON" -c 'import sys
sys.path.insert(0, sys.argv.pop(1))
from utils.chain_start import main
main()' "$PROJECT_ROOT" --from "$1" ${SETTINGS[@]+"${SETTINGS[@]}"}) || exit
    if mkdir -p -- "${file%/*}" 2>/dev/null && { : >>"$file"; } 2>/dev/null; then
        exec 9>>"$file"
        export IMAPP_LOCK_DESCRIPTOR=9
    fi
}

# Ends the running stage in its orderly way, and then the chain. The stage has printed that it was interrupted,
# unless it was still starting, when SIGTERM ends it at once.
stop() {
    local status=0
    trap '' INT TERM
    if [[ -n $CHILD ]]; then
        kill -s TERM "$CHILD" 2>/dev/null || true
        # Bash from 5.3 on says so when it has already waited for the stage.
        wait "$CHILD" 2>/dev/null || status=$?
    fi
    if [[ -z $CHILD ]] || (($1 == 130 && status == 143)); then
        say "interrupted"
    fi
    exit "$1"
}

main() {
    local first=0 last=$((${#STAGES[@]} - 1)) check=no given=' ' i
    SETTINGS=()
    while (($# > 0)); do
        # --config=FILE is --config FILE
        if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
        if [[ $1 == --* ]]; then
            [[ $given != *" $1 "* ]] || usage_error "$1 is given twice"
            given+="$1 "
        fi
        case $1 in
            --from) first=$(stage_position "$1" "${2:-}") || exit; shift ;;
            --until) last=$(stage_position "$1" "${2:-}") || exit; shift ;;
            --list) list_stages; exit ;;
            --check) check=yes ;;
            --config)
                [[ -n ${2:-} ]] || usage_error "$1 needs a file"
                SETTINGS+=(--dataset "$2")
                shift
                ;;
            [a-zA-Z_]*=*) SETTINGS+=("$1") ;;
            --help | -h) print_help; exit ;;
            *) usage_error "unknown argument '$1'; --help tells which there are" ;;
        esac
        shift
    done
    ((first <= last)) || usage_error \
        "--from $(stage_name "${STAGES[first]}") comes after --until $(stage_name "${STAGES[last]}")"

    [[ $check == no || $given != *' --from '* && $given != *' --until '* ]] || usage_error \
        "--check looks at everything that is there; it takes neither --from nor --until"

    CHILD=
    trap 'stop 130' INT
    trap 'stop 143' TERM
    set_up_environment
    if [[ $check == yes ]]; then
        run_script multiannotator_analysis/check_run.py ${SETTINGS[@]+"${SETTINGS[@]}"} || exit
        exit
    fi
    prepare_run "$(stage_name "${STAGES[first]}")"
    for ((i = first; i <= last; i++)); do
        run_stage "${STAGES[i]}" "$((i + 1))"
    done
}

main "$@"
