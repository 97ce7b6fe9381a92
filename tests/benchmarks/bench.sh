#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# usage: bench.sh FOLDER [ARGUMENT...]
#
# Without arguments: runs qanat-bench (in FOLDER) and the peers in turn, five times, and prints one table with the medians
# and the ratios. Machines are noisy and drift: only what ran side by side can be compared.
# With arguments: just qanat-bench with them.

set -eu

folder=$1
shift
bench=$folder/qanat-bench
if [ ! -x "$bench" ]; then
    echo "bench: qanat-bench was not built: Google Benchmark is missing" >&2
    exit 1
fi
[ $# -eq 0 ] || exec "$bench" "$@"

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rounds=${QANAT_BENCH_ROUNDS:-5}

peer=
if command -v go >/dev/null && [ -d /usr/share/gocode/src/github.com/docker/go-events ]; then
    peer=$work/go-events
    (
        cd "$here/peers/go-events"
        GOCACHE=$work/cache GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= go build -o "$peer" .
    )
else
    echo "bench: docker/go-events or Go is not installed: left out" >&2
fi

round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    echo "bench: round $round of $rounds" >&2
    # "NAME VALUE" lines. Console output, since neither Python nor jq can be counted on.
    "$bench" --benchmark_filter='^(queue|broadcast)/' 2>/dev/null |
        sed -n 's#^\([a-z/:0-9]*\)/manual_time .* ns=\([0-9.]*\).*#\1 \2#p' >>"$work/ours"
    [ -z "$peer" ] || "$peer" | sed -n 's#.*"name":"\([^"]*\)","ns":\([0-9.]*\).*#\1 \2#p' >>"$work/theirs"
done
"$bench" --benchmark_filter='^(write|memory)/' 2>/dev/null >"$work/rest"
touch "$work/theirs"

awk -v rounds="$rounds" '
    function median(list, count,    i, j, swap) {
        for (i = 2; i <= count; ++i)
            for (j = i; j > 1 && list[j - 1] > list[j]; --j) {
                swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap
            }
        return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
    }
    function medianOf(values, name, count,    list, i) {
        for (i = 1; i <= count; ++i)
            list[i] = values[name, i] + 0
        return median(list, count)
    }
    BEGIN {
        wanted["queue/producers:1"] = 3; wanted["queue/producers:4"] = 5
        wanted["broadcast/queues:10"] = 15; wanted["broadcast/queues:100"] = 100; wanted["broadcast/queues:1000"] = 200
        order = "queue/producers:1 queue/producers:4 broadcast/queues:10 broadcast/queues:100 broadcast/queues:1000"
    }
    FILENAME ~ /ours$/ { ours[$1, ++ourCount[$1]] = $2; next }
    { theirs[$1, ++theirCount[$1]] = $2 }
    END {
        printf "| benchmark | Qanat, ns | go-events, ns | ratio | at least |\n|---|---|---|---|---|\n"
        names = split(order, name, " ")
        for (n = 1; n <= names; ++n) {
            row = name[n]
            if (!ourCount[row]) { printf "| %s | failed | | | |\n", row; bad = 1; continue }
            mine = medianOf(ours, row, ourCount[row])
            if (theirCount[row]) {
                other = medianOf(theirs, row, theirCount[row])
                printf "| %s | %.2f | %.1f | %.1f x | %d x |\n", row, mine, other, other / mine, wanted[row]
            } else {
                printf "| %s | %.2f | not installed | | %d x |\n", row, mine, wanted[row]
            }
        }
        printf "\nMedians of %d rounds, nanoseconds per event, for broadcast per event and queue.\n\n", rounds
        exit bad
    }
' "$work/ours" "$work/theirs"
sed -n 's#^\([a-z/-]*\)/iterations:1/manual_time  *[0-9.]* [a-z]*  *[0-9.]* [a-z]*  *[0-9]* #\1  #p' "$work/rest"
echo "($(nproc) processors: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1))"
