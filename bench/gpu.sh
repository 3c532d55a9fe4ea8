#!/usr/bin/env bash
# The GPU benchmarks, both sides on one machine, in two halves of under nine minutes: bench/gpu.sh first|second FOLDER
#
# Records and a log go to FOLDER; bench/gpu_report.ts makes tables of them. From the environment:
#   WEIR_RUN      runs an entry of bench/ by its name, for a machine that has it in bundled form (bench/pack.sh)
#   WEIR_PYTHON   a Python with CUDA's torch and transformers; python3
#   WEIR_SECONDS  how long a half may take: what there is no time for is left out; 530
#   WEIR_BENCH    --tiny tries everything out on models of no size
set -uo pipefail
cd "$(dirname "$0")/.."
half=$1 out=$2 tiny=${WEIR_BENCH:-}
mkdir -p "$out"
python=${WEIR_PYTHON:-python3}
left=${WEIR_SECONDS:-530}

run() { # seconds, command: what fails or hangs costs its own part alone
  local limit=$(($1 < left ? $1 : left)) start=$SECONDS
  shift
  if [ "$limit" -lt 15 ]; then
    echo "## no time left for ${*:1:5}" | tee -a "$out/log.txt"
    return
  fi
  timeout -k 5 "$limit" "$@" 2>&1 | tee -a "$out/log.txt" | grep -v XDG_RUNTIME_DIR
  local status=${PIPESTATUS[0]}
  left=$((left - SECONDS + start))
  echo "## ${*:1:5}: exit $status after $((SECONDS - start)) s" | tee -a "$out/log.txt"
}
entry() { # seconds, path under bench/, arguments
  local seconds=$1 path=$2
  shift 2
  if [ -n "${WEIR_RUN:-}" ]; then
    run "$seconds" $WEIR_RUN "$(basename "$path")" "$@" $tiny
  else
    run "$seconds" deno run -A "bench/$path.ts" "$@" $tiny
  fi
}
ours() { entry "$1" gpu_step --json "$out/weir.jsonl" --parts "$2"; }
peer() { entry "$1" peers/gpu_peers --json "$out/peers.jsonl" --library "$2"; }
pytorch() {
  local limit=$(($1 < left ? $1 : left))
  run "$limit" "$python" -u bench/gpu_step.py --json "$out/pytorch.jsonl" --seconds $((limit - 25)) --parts "$2" $tiny
}

case $half in
first)
  ours 120 training,whole
  pytorch 110 eager
  peer 30 weir
  peer 40 jax-js
  peer 60 tfjs
  pytorch 300 compile
  ;;
second)
  ours 110 large,half,repeat
  pytorch 75 large,half
  ours 130 growth
  pytorch 80 growth
  ours 70 inference
  pytorch 45 inference
  ours 30 matmul
  pytorch 40 matmul
  pytorch 300 reduce-overhead
  ;;
*) echo "first or second, not $half" && exit 2 ;;
esac
