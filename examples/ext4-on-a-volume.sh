#!/usr/bin/env bash
# ext4-on-a-volume.sh [ext4|xfs] - a real file system on a Holdfast volume survives kill -9 of the server.
#
# qemu-storage-daemon (an NBD client) shows the volume as a file through FUSE, a loop device makes a disk of it, mkfs,
# mount. Files are unpacked, compiled and synced; then the server is killed in the middle of more writing, started
# again on the same directory, and the file system is checked: clean after its journal was replayed, every synced
# file as it was. Needs root, /dev/fuse, loop devices, qemu-storage-daemon, gcc. Everything is in a temporary directory.
set -euo pipefail

fs=${1:-ext4}
here=$(dirname "$(realpath "$0")")
holdfast=${HOLDFAST:-$here/../holdfast}
dir=$(mktemp -d)
server='' client='' writer='' loop=''

say() { printf '%s\n' "$*"; }

# From the mount table: a file system that went down with its server answers no stat, so mountpoint(1) can't tell.
mounted() { grep -qF " $dir/mnt " /proc/self/mounts; }

stop_client() {
    if [[ -n $writer ]]; then kill "$writer" 2>/dev/null || true; wait "$writer" 2>/dev/null || true; fi
    # What the writer started may hold a file for a moment more; a file system still mounted is not mounted twice.
    for ((i = 0; i < 100; i++)); do
        mounted || break
        umount "$dir/mnt" 2>/dev/null && break
        sleep 0.1
    done
    if mounted; then umount -l "$dir/mnt" || true; fi
    if [[ -n $client ]]; then kill -9 "$client" 2>/dev/null || true; wait "$client" 2>/dev/null || true; fi
    umount -l "$dir/disk" 2>/dev/null || true
    if [[ -n $loop ]]; then losetup -d "$loop" 2>/dev/null || true; fi
    writer='' client='' loop=''
}

clean_up() {
    stop_client
    if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
    rm -rf "$dir"
}
trap clean_up EXIT

start_server() {
    : >"$dir/out"
    "$holdfast" quickstart --nodes 1 --dir "$dir/data" --memory-dir "$dir" --size 1G \
        --nbd-port 0 --iscsi-port 0 --http-port 0 >"$dir/out" 2>"$dir/err" &
    server=$!
    for ((i = 0; i < 600; i++)); do
        grep -qx ready "$dir/out" && break
        kill -0 "$server" 2>/dev/null || { cat "$dir/err" >&2; exit 1; }
        sleep 0.1
    done
    uri=$(grep -m1 '^nbd://' "$dir/out")
}

start_client() {
    local address=${uri#nbd://} port
    address=${address%%/*} port=${address##*:}
    : >"$dir/disk"
    qemu-storage-daemon \
        --blockdev "driver=nbd,node-name=n,server.type=inet,server.host=127.0.0.1,server.port=$port,export=demo" \
        --export "type=fuse,id=f,node-name=n,mountpoint=$dir/disk,writable=on,growable=off" >>"$dir/client" 2>&1 &
    client=$!
    for ((i = 0; i < 100; i++)); do
        [[ $(stat -c %s "$dir/disk") -gt 0 ]] && break
        sleep 0.1
    done
    loop=$(losetup --find --show "$dir/disk")
}

check_file_system() {
    case $fs in
        ext4) e2fsck -fy "$loop" >"$dir/fsck" 2>&1 || [[ $? -le 1 ]] ;;
        xfs) xfs_repair -n "$loop" >"$dir/fsck" 2>&1 ;;
    esac
}

start_server
start_client
say "a volume at $uri"

if [[ $fs == xfs ]]; then mkfs.xfs -q -f "$loop"; else mkfs.ext4 -q -F "$loop"; fi
mkdir "$dir/mnt"
mount "$loop" "$dir/mnt"

# Unpack and build something.
mkdir "$dir/src"
for i in $(seq 200); do
    printf 'int f%d(int x) { return x * %d + 1; }\n' "$i" "$i" >"$dir/src/f$i.c"
done
printf 'int f7(int); int main(void) { return f7(6) == 43 ? 0 : 1; }\n' >"$dir/src/main.c"
tar -C "$dir" -cf "$dir/src.tar" src
tar -C "$dir/mnt" -xf "$dir/src.tar"
(cd "$dir/mnt/src" && gcc -O0 -o program ./*.c && ./program)
head -c 64M /dev/urandom >"$dir/mnt/big"
sync -f "$dir/mnt/big"
(cd "$dir/mnt" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$dir/sums"
say "$(wc -l <"$dir/sums") files written, built and synced"

# More writing, and the server dies in the middle of it.
(for i in $(seq 100000); do head -c 1M /dev/zero | tr '\0' "\\$((i % 8 + 60))" >"$dir/mnt/later$((i % 40))"; done) \
    >/dev/null 2>&1 &
writer=$!
sleep 2
# The launcher has replaced itself by the program, so this is the server itself.
kill -9 "$server"
wait "$server" 2>/dev/null || true
server=''
say "server killed"
stop_client

start_server
start_client
# Mounting replays the journal; after that the file system must be clean.
mount "$loop" "$dir/mnt"
umount "$dir/mnt"
check_file_system
say "file system clean after its journal was replayed"
mount "$loop" "$dir/mnt"
(cd "$dir/mnt" && sha256sum --quiet -c "$dir/sums")
"$dir/mnt/src/program"
say "every synced file is as it was"
umount "$dir/mnt"

kill -TERM "$server"
wait "$server"
server=''
say "server stopped"
