#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# usage: bench.sh FOLDER [ARGUMENT...]
#
# Builds the program of go-events where that is installed, and runs qanat-bench-report (in FOLDER) with the arguments. With
# arguments of Google Benchmark (--benchmark_...) it is just qanat-bench.

set -eu

folder=$1
shift
if [ ! -x "$folder/qanat-bench" ]; then
    echo "bench: qanat-bench was not built: Google Benchmark is missing" >&2
    exit 1
fi
case ${1:-} in
--benchmark_*) exec "$folder/qanat-bench" "$@" ;;
esac

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if command -v go >/dev/null && [ -d /usr/share/gocode/src/github.com/docker/go-events ]; then
    (
        cd "$here/peers/go-events"
        GOCACHE=$folder/go-cache GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' go build -o "$folder/go-events-bench" .
    )
else
    rm -f "$folder/go-events-bench"
fi
revision=$(git -C "$here" describe --always --dirty 2>/dev/null) || revision=
[ -z "$revision" ] || set -- --revision "$revision" "$@"
[ ! -w "$here/../../docs" ] || set -- --docs "$here/../../docs" "$@"
exec "$folder/qanat-bench-report" "$@"
