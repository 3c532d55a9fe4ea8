#!/usr/bin/env bash
# The GPU benchmarks, both sides on one machine, in two halves of under nine minutes: bench/gpu.sh first|second FOLDER
# Records and a log go to FOLDER; bench/gpu_report.ts makes tables of them. WEIR_RUN runs an entry of bench/ by its name, for a machine
# that has it in bundled form; WEIR_PYTHON is a Python with CUDA's torch and transformers. WEIR_BENCH=--tiny tries it out.
set -uo pipefail
cd "$(dirname "$0")/.."
half=$1 out=$2 tiny=${WEIR_BENCH:-}
mkdir -p "$out"
python=${WEIR_PYTHON:-python3}

run() { # seconds, command: what fails or hangs costs its own part alone
  local start=$SECONDS
  timeout -k 5 "$@" 2>&1 | tee -a "$out/log.txt" | grep -v XDG_RUNTIME_DIR
  local status=${PIPESTATUS[0]}
  echo "## ${*:2:5}: exit $status after $((SECONDS - start)) s" | tee -a "$out/log.txt"
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
pytorch() { PYTHONUNBUFFERED=1 run "$1" "$python" bench/gpu_step.py --json "$out/pytorch.jsonl" --seconds "$(($1 - 20))" --parts "$2" $tiny; }

case $half in
first)
  ours 150 training,whole
  pytorch 90 eager
  peer 30 weir
  peer 40 jax-js
  peer 40 tfjs
  pytorch 140 compile
  ours 60 large,half,repeat
  pytorch 50 large,half
  ;;
second)
  ours 150 growth
  pytorch 80 growth
  ours 100 inference
  pytorch 60 inference
  ours 40 matmul
  pytorch 40 matmul
  pytorch 100 reduce-overhead
  ;;
*) echo "first or second, not $half" && exit 2 ;;
esac
