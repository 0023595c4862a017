#!/usr/bin/env bash
# clang-format on all of our C++, clang-tidy on what changed since the merge base with main
# (LINT_ALL=1: on everything; half a minute a file).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

# All of our C++ files that are in the work tree.
our_files() {
  git ls-files --cached --others --exclude-standard -- 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'fuzz/*.h' 'bench/*.cc' |
    while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}

# The .cc files to check in depth. A changed header is seen through the .cc files that changed.
files_to_tidy() {
  if [ "${LINT_ALL:-0}" = 1 ]; then
    our_files | grep '^src/.*\.cc$'
    return
  fi
  local base
  base=$(git merge-base HEAD "${LINT_BASE:-origin/main}" 2>/dev/null || git rev-parse HEAD)
  { git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' &&
    git ls-files --others --exclude-standard -- 'src/*.cc'; } | sort -u
}

mapfile -t files < <(our_files)
say "clang-format: ${#files[@]} files"
[ ${#files[@]} -eq 0 ] || clang-format-19 --dry-run --Werror "${files[@]}"

mapfile -t files < <(files_to_tidy)
say "clang-tidy: ${#files[@]} files"
[ ${#files[@]} -gt 0 ] || exit 0
# Without precompiled headers, so that an include that is missing shows.
cmake --preset release -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
cmake --build build/lint --target generated/trino/gateway/v1/common.pb.h >/dev/null
# Its standard error only counts what it suppressed in system headers.
printf '%s\n' "${files[@]}" |
  xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/lint --quiet 2> >(grep -v ' warnings\? generated' >&2) ||
  die "clang-tidy found what is listed above"
say "lint: clean"
