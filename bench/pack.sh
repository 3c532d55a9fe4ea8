#!/usr/bin/env bash
# Packs the GPU benchmarks for a machine without network: bench/pack.sh FOLDER makes Deno and the entries, each in one file. With the
# repository and FOLDER on that machine (which needs a Vulkan driver and libvulkan1):
#   WEIR_RUN=FOLDER/run bench/gpu.sh first OUT
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:?bench/pack.sh FOLDER}")
mkdir -p "$folder"
deno bundle --quiet --platform deno -o "$folder/gpu_check.js" bench/gpu_check.ts
deno bundle --quiet --platform deno -o "$folder/gpu_step.js" bench/gpu_step.ts
(cd bench/peers && deno install --quiet && deno bundle --quiet --platform deno -o "$folder/gpu_peers.js" gpu_peers.ts)
cp "$(deno eval 'console.log(Deno.execPath())')" "$folder/deno"
cat >"$folder/run" <<'RUN'
#!/usr/bin/env bash
# Runs a packed entry: run NAME [arguments]
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/deno" run -A "$here/$1.js" "${@:2}"
RUN
chmod +x "$folder/run"
du -sh "$folder"
