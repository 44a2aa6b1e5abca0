#!/usr/bin/env bash
# ext4-while-nodes-die.sh - a file system goes on while the nodes below it are killed one after the other.
#
# Three nodes: a and b keep a copy each of a volume, c only votes. `holdfast attach` serves the volume on a local
# socket and follows its primary; qemu-storage-daemon shows that as a file through FUSE, a loop device makes a disk of
# it, ext4 is mounted. Files are written and synced all the time, and each node in turn is killed and started again:
# no write fails, every file is as it was written, and the file system is clean without a repair. Needs root,
# /dev/fuse, loop devices, qemu-storage-daemon. Everything is in a temporary directory.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
holdfast=${HOLDFAST:-$here/../holdfast}
dir=$(mktemp -d)
writer='' attach='' client='' loop=''
declare -A node

say() { printf '%s\n' "$*"; }

fail() {
    printf '%s\n' "$*" >&2
    tail -n 5 "$dir"/*.err >&2 || true
    exit 1
}

end() {
    if [[ -n $1 ]]; then kill -9 "$1" 2>/dev/null || true; wait "$1" 2>/dev/null || true; fi
}

clean_up() {
    end "$writer"
    umount -l "$dir/mnt" 2>/dev/null || true
    if [[ -n $loop ]]; then losetup -d "$loop" 2>/dev/null || true; fi
    end "$client"
    umount -l "$dir/disk" 2>/dev/null || true
    end "$attach"
    for name in "${!node[@]}"; do end "${node[$name]}"; done
    rm -rf "$dir"
}
trap clean_up EXIT

# Ports below those that the system gives to connections, so that a node finds its own free again.
free_port() {
    local port
    while :; do
        port=$((RANDOM % 12000 + 20000))
        [[ " ${ports[*]-} " == *" $port "* ]] && continue
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    ports+=("$port")
}
ports=()
for ((i = 0; i < 9; i++)); do free_port; done
members=(--member "a=127.0.0.1:${ports[0]}" --member "b=127.0.0.1:${ports[1]}" --member "c=127.0.0.1:${ports[2]}")
declare -A nbd=([a]=${ports[3]} [b]=${ports[4]} [c]=${ports[5]})
declare -A http=([a]=${ports[6]} [b]=${ports[7]} [c]=${ports[8]})

launch() {
    local disk=(--disk-size 2G)
    if [[ $1 == c ]]; then disk=(); fi
    mkdir -p "$dir/$1"
    : >"$dir/$1.out"
    "$holdfast" node start --dir "$dir/$1" --name "$1" "${disk[@]}" --memory-dir "$dir/$1" --loops 1 \
        --nbd-port "${nbd[$1]}" --http-port "${http[$1]}" "${members[@]}" >"$dir/$1.out" 2>>"$dir/$1.err" &
    node[$1]=$!
}

await_ready() {
    for ((i = 0; i < 1200; i++)); do
        grep -qx ready "$dir/$1.out" && return
        kill -0 "$2" 2>/dev/null || fail "$1 has ended"
        sleep 0.1
    done
    fail "$1 is not ready after two minutes"
}

await_in_sync() {
    for ((i = 0; i < 600; i++)); do
        "$holdfast" mirror ls --server "http://127.0.0.1:${http[$1]}" | grep -q '^demo *in sync' && return
        sleep 0.1
    done
    fail "the volume is not in sync again"
}

for name in a b c; do launch $name; done
for name in a b c; do await_ready $name "${node[$name]}"; done
"$holdfast" volume create demo 1G --replicas 2 --export nbd --server "http://127.0.0.1:${http[a]}" >/dev/null
say "a volume with two copies"

"$holdfast" attach demo --socket "$dir/demo.sock" --server "http://127.0.0.1:${http[a]}" \
    --server "http://127.0.0.1:${http[b]}" --server "http://127.0.0.1:${http[c]}" >"$dir/attach.out" 2>"$dir/attach.err" &
attach=$!
await_ready attach "$attach"
: >"$dir/disk"
qemu-storage-daemon \
    --blockdev "driver=nbd,node-name=n,server.type=unix,server.path=$dir/demo.sock,export=demo" \
    --export "type=fuse,id=f,node-name=n,mountpoint=$dir/disk,writable=on,growable=off" >"$dir/client.err" 2>&1 &
client=$!
for ((i = 0; i < 100; i++)); do
    [[ $(stat -c %s "$dir/disk") -gt 0 ]] && break
    sleep 0.1
done
loop=$(losetup --find --show "$dir/disk")
mkfs.ext4 -q -F "$loop"
mkdir "$dir/mnt"
mount -o errors=remount-ro "$loop" "$dir/mnt"

# Writes a file, syncs it, and notes what it should be; until somebody says stop, or something fails.
write_files() {
    local i=0 file sum
    while [[ ! -e $dir/stop ]]; do
        i=$((i + 1))
        file=$dir/mnt/file$((i % 400))
        head -c 128K /dev/urandom >"$dir/next"
        sum=$(sha256sum <"$dir/next") || return 1
        dd if="$dir/next" of="$file" bs=128K conv=fsync status=none || return 1
        printf '%s  %s\n' "${sum%% *}" "$file" >>"$dir/sums"
        sleep 0.02
    done
}
write_files 2>"$dir/writer.err" &
writer=$!

for name in a b c; do
    sleep 2
    kill -9 "${node[$name]}"
    wait "${node[$name]}" 2>/dev/null || true
    say "node $name killed"
    before=$(wc -l <"$dir/sums")
    for ((i = 0; i < 300; i++)); do
        [[ $(wc -l <"$dir/sums") -gt $((before + 1)) ]] && break
        kill -0 "$writer" 2>/dev/null || fail "a write has failed: $(cat "$dir/writer.err")"
        sleep 0.1
    done
    [[ $(wc -l <"$dir/sums") -gt $((before + 1)) ]] || fail "no write was answered for 30 seconds"
    launch $name
    await_ready $name "${node[$name]}"
    await_in_sync $name
    say "writes went on, and node $name is in sync again"
done

touch "$dir/stop"
wait "$writer" || fail "a write has failed: $(cat "$dir/writer.err")"
writer=''
say "$(wc -l <"$dir/sums") files written and synced meanwhile"
umount "$dir/mnt"
e2fsck -fn "$loop" >"$dir/fsck" 2>&1 || fail "the file system is not clean: $(cat "$dir/fsck")"
mount -o ro "$loop" "$dir/mnt"
tac "$dir/sums" | sort -s -u -k2,2 | sha256sum --quiet -c - || fail "a file is not as it was written"
umount "$dir/mnt"
say "the file system is clean, and every file is as it was written"
