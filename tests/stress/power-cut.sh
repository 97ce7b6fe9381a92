#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# Cuts the power of the disk that a durable queue is on, at any moment, and looks for what was said to be stored. As root.
#
# The disk is an image behind nbdkit, which nbdfuse makes a file of, which a loop device makes a disk of. Its power is cut in three ways, by turns:
#   cache    nbdkit keeps what is written in memory until it is told to flush, and is killed: the cache of a disk without power.
#   refused  nbdkit refuses all writes from one moment on. What the system has not yet written is lost.
#   hiccup   as cache, and before it nbdkit refuses all writes for some milliseconds. What could not be written then stays in the
#            memory of the system, where it looks like the disk: who goes on from there loses it, and all that comes behind.
# The writer goes on for a while, since what it says to a disk that is gone has to be true as well. Then it is killed, and another one delivers
# what the image has after its journal was replayed.
#
# The control is the same with a library in front that does not synchronise the write-ahead log, as with synchronous=NORMAL: it must lose
# something, or this here does not see what it is for.

set -eu

usage='usage: power-cut.sh BUILD_DIR [ROUNDS [cache|refused|hiccup]]    (20 rounds, and a quarter as many of the control)'
cannot=77

case ${1:-} in
'' | -*)
    echo "$usage" >&2
    exit 2
    ;;
esac
build=$1
rounds=${2:-20}
only=${3:-}
case $rounds in
*[!0-9]* | '' | 0)
    echo "$usage" >&2
    exit 2
    ;;
esac

case $only in
'' | cache | refused | hiccup) ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac

writer=$build/bin/qanat-durable-writer
nosync=$build/lib/qanat-nosync.so

say() {
    printf 'power-cut: %s\n' "$*" >&2
}

# --- What it needs ---------------------------------------------------------------------------------------------------------

if [ "$(id -u)" -ne 0 ]; then
    say 'mounts file systems, which only root can do'
    exit $cannot
fi
PATH=$PATH:/usr/sbin:/sbin
while read -r tool package; do
    command -v "$tool" >/dev/null && continue
    say "not found: $tool; on Debian it is in the package $package"
    exit $cannot
done <<'TOOLS'
nbdkit nbdkit
nbdfuse libnbd-bin
losetup mount
mount mount
mkfs.ext4 e2fsprogs
fsck.ext4 e2fsprogs
timeout coreutils
TOOLS
for device in /dev/fuse /dev/loop-control; do
    [ -e "$device" ] && continue
    say "no $device: the kernel or the container has no such devices"
    exit $cannot
done
for file in "$writer" "$nosync"; do
    [ -e "$file" ] && continue
    say "not built: $file (the targets qanat-durable-writer and qanat-nosync)"
    exit 2
done

# --- The disk --------------------------------------------------------------------------------------------------------------

# In memory where that is possible: what has reached the image is safe from what is done here, and the time belongs to the writer.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    work=$(mktemp -d /dev/shm/qanat-power-cut.XXXXXX)
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/qanat-power-cut.XXXXXX")
fi
image=$work/image
mounted=$work/mounted
disk=$work/disk
dead=$work/dead # While this exists, writes are refused.
mkdir "$mounted"
# nbdfuse may take the end of nbdkit for a mistake of its own, and leaves a core where it may. All shells of Debian know that.
# shellcheck disable=SC3045
ulimit -c 0

loop=
nbdkit_pid=
nbdfuse_pid=
writer_pid=

# Ends a child at once, and is quiet about it. Fails where it had ended before.
end() { # PID
    [ -n "$1" ] || return 0
    kill -9 "$1" 2>/dev/null || :
    wait "$1" 2>/dev/null || [ $? -eq 137 ]
}

unmount() { # DIRECTORY_OR_FILE
    grep -q " $1 " /proc/mounts || return 0
    timeout 20 umount "$1" 2>/dev/null || umount -l "$1"
}

detach() {
    unmount "$mounted"
    [ -z "$loop" ] || losetup -d "$loop" || :
    loop=
    unmount "$disk"
    # These two end by themselves when the one behind them does.
    end "$nbdfuse_pid" || :
    nbdfuse_pid=
    end "$nbdkit_pid" || :
    nbdkit_pid=
}

clean_up() {
    status=$?
    trap - EXIT HUP INT TERM
    end "$writer_pid" || :
    detach
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT
trap 'exit 130' HUP INT TERM

await() { # WHAT COMMAND...
    what=$1
    shift
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        if [ $tries -gt 200 ]; then
            say "waited in vain for $what"
            exit 1
        fi
        sleep 0.05
    done
}

attach() { # cache|refused|hiccup
    rm -f "$work/socket" "$work"/ready* "$dead"
    : >"$disk"
    options=commit=1
    case $1 in
    # The journal of the file system has little to write: where it cannot, the file system gives up for good.
    hiccup)
        options=commit=30,noatime,lazytime
        set -- --filter=error --filter=cache file "$image" cache=writeback \
            error-pwrite=EIO error-pwrite-rate=1 error-pwrite-file="$dead"
        ;;
    cache) set -- --filter=cache file "$image" cache=writeback ;;
    refused) set -- --filter=error file "$image" error-pwrite=EIO error-pwrite-rate=1 error-pwrite-file="$dead" ;;
    esac
    # They name each write that fails.
    nbdkit -f -P "$work/ready1" -U "$work/socket" "$@" 2>"$work/nbdkit" &
    nbdkit_pid=$!
    await nbdkit test -s "$work/ready1"
    nbdfuse -P "$work/ready2" "$disk" --unix "$work/socket" 2>"$work/nbdfuse" &
    nbdfuse_pid=$!
    await nbdfuse test -s "$work/ready2"
    loop=$(losetup --find --show "$disk")
    # One request each: of a write of several, where a later one is refused, the loop device says that all of it was written.
    echo 64 >"/sys/block/${loop#/dev/}/queue/max_sectors_kb"
    mount -t ext4 -o "$options" "$loop" "$mounted"
}

said_stored() {
    grep -c ^stored "$work/said1" || :
}

has_gone_on() {
    [ "$(said_stored)" -gt "$before" ] || ! (: >"$mounted/alive") 2>/dev/null
}

hiccup() {
    : >"$dead"
    pause "$(random 5 40)"
    before=$(said_stored)
    rm "$dead"
    # The queue tries again after a second. What it has then stored behind what was not written is lost only until the log begins anew.
    await 'the queue to go on' has_gone_on
    if ! (: >"$mounted/alive") 2>/dev/null; then
        gave_up=$((gave_up + 1))
        way="$way, the file system gave up,"
    fi
    pause "$(random 0 200)"
}

cut() { # cache|refused|hiccup
    case $1 in
    cache | hiccup)
        end "$nbdkit_pid" || :
        nbdkit_pid=
        ;;
    refused) : >"$dead" ;;
    esac
}

# The image without all that stood before it.
attach_again() {
    # It replays the journal. 1: something was put in order.
    fsck.ext4 -p "$image" >"$work/fsck" 2>&1 || [ $? -eq 1 ] || {
        say 'the file system is damaged beyond its journal:'
        cat "$work/fsck" >&2
        exit 1
    }
    loop=$(losetup --find --show "$image")
    mount -t ext4 "$loop" "$mounted"
}

# --- A round ---------------------------------------------------------------------------------------------------------------

random() { # FROM TO
    echo $(($1 + $(od -An -N4 -tu4 /dev/urandom) % ($2 - $1)))
}

pause() { # MILLISECONDS
    sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

figure() { # NAME LINE
    printf '%s\n' "$2" | sed -n "s/.*\<$1=\([0-9]*\).*/\1/p"
}

mkfs() {
    truncate -s 128M "$work/new"
    mkfs.ext4 -q -F "$work/new"
}

# Sets: verdict, the line of the audit; verified, the exit status of the writer that has delivered the rest.
round() { # cache|refused|hiccup [PRELOADED]
    cp --sparse=always "$work/new" "$image"
    rm -f "$work"/said* "$work"/delivered*
    attach "$1"
    after=$(random 300 3000)
    LD_PRELOAD=${2:-} "$writer" "$mounted/spool" "$work/delivered1" >"$work/said1" 2>"$work/errors" &
    writer_pid=$!
    pause "$after"
    [ "$1" != hiccup ] || hiccup
    cut "$1"
    pause "$(random 0 300)"
    end "$writer_pid" || {
        say 'the writer has ended by itself, and said:'
        cat "$work/errors" >&2
        exit 1
    }
    writer_pid=
    detach

    attach_again
    verified=0
    timeout 100 "$writer" --verify "$mounted/spool" "$work/delivered2" >"$work/said2" 2>>"$work/errors" || verified=$?
    # A file that had to be set aside as damaged is a broken promise, too, even where all of it could be read.
    damaged=$(find "$mounted/spool" -name '*-damaged-*' 2>/dev/null) || :
    [ -z "$damaged" ] || verified=damaged
    detach
    : >>"$work/delivered1"
    verdict=$("$writer" --audit "$work/said1" "$work/delivered1" "$work/said2" "$work/delivered2") || :
}

# --- All of them -----------------------------------------------------------------------------------------------------------

mkfs

way_of() { # NUMBER
    case $only$(($1 % 3)) in
    1) echo cache ;;
    2) echo refused ;;
    0) echo hiccup ;;
    *) echo "$only" ;;
    esac
}

gave_up=0
stored=0
lost=0
repeated=0
wrong=0
number=0
while [ $number -lt "$rounds" ]; do
    number=$((number + 1))
    way=$(way_of $number)
    round "$way"
    printf 'round %d, %s after %d ms: %s\n' $number "$way" "$after" "$verdict"
    stored=$((stored + $(figure stored "$verdict")))
    lost=$((lost + $(figure lost "$verdict")))
    repeated=$((repeated + $(figure repeated "$verdict")))
    wrong=$((wrong + $(figure disordered "$verdict") + $(figure wrong "$verdict")))
    [ "$verified" = 0 ] || wrong=$((wrong + 1))
    if [ "$verified" != 0 ] || [ "$(figure lost "$verdict")" -ne 0 ]; then
        say "something was lost (the second writer: $verified); the writers said:"
        cat "$work/errors" >&2
    fi
done

controls=$(((rounds + 3) / 4))
caught=0
number=0
while [ $number -lt $controls ]; do
    number=$((number + 1))
    way=$(way_of $number)
    round "$way" "$nosync"
    printf 'control %d, %s after %d ms: %s\n' $number "$way" "$after" "$verdict"
    [ "$(figure lost "$verdict")" -eq 0 ] || caught=$((caught + 1))
done

printf '%d rounds: %d stored, %d lost, %d repeated, %d wrong or out of order\n' "$rounds" $stored $lost $repeated $wrong
[ $gave_up -eq 0 ] || printf 'after a hiccup the file system gave up in %d of all rounds\n' $gave_up
printf 'control, without synchronising: %d of %d rounds have lost something\n' $caught $controls

[ $stored -gt 0 ] && [ $lost -eq 0 ] && [ $wrong -eq 0 ] && [ $caught -gt 0 ]
