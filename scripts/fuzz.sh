#!/usr/bin/env bash
# Builds the fuzz targets and runs each for FUZZ_SECONDS (60); names of targets as arguments run
# only these. What they learnt stays in .cache/fuzz; a crash ends the run and leaves its input there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzzers
mapfile -t targets < <(find build/fuzz -type f -executable -name 'fuzz_*' | sort)
[ ${#targets[@]} -gt 0 ] || die "no fuzz targets were built"

for target in "${targets[@]}"; do
  name=$(basename "$target")
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  corpus=$CACHE/fuzz/$name
  mkdir -p "$corpus"
  seeds=fuzz/corpus/$name
  [ -d "$seeds" ] || seeds=
  say "$name for ${FUZZ_SECONDS:-60} s"
  "$target" -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1 \
    -artifact_prefix="$corpus/" "$corpus" ${seeds:+"$seeds"}
done
say "fuzz: nothing found"
