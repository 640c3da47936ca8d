#!/bin/sh
# cluster.sh [DIRECTORY]: a platform as it is on five machines, on this one: three
# nats-servers that keep every entry on each of them, and two lineside-central. It
# runs until Ctrl-C; the directory (bin/cluster) stays, and is gone on with at the
# next start. PORT (4230) is the first of ten ports on 127.0.0.1.
set -eu
cd "$(dirname "$0")/.."

dir=${1:-bin/cluster}
port=${PORT:-4230}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/lineside-central
# The version that is embedded too; go.mod names it.
CGO_ENABLED=0 go build -trimpath -o bin/nats-server github.com/nats-io/nats-server/v2

pids=
stop() {
	trap - INT TERM EXIT
	echo "cluster.sh: stopping"
	for pid in $pids; do kill "$pid" 2>/dev/null || true; done
	wait
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

meet() { echo "127.0.0.1:$((port + 3 + $1))"; }
for n in 0 1 2; do
	if [ ! -e "$dir/n$n/nats-server.conf" ]; then
		routes=
		for other in 0 1 2; do [ $other = $n ] || routes="$routes --route $(meet $other)"; done
		# shellcheck disable=SC2086 # several words
		bin/lineside-central --config /dev/null --dir "$dir/central0" node "n$n" --host 127.0.0.1 --listen "127.0.0.1:$((port + n))" --meet "$(meet $n)" $routes \
			--etc "$dir/n$n" --out "$dir/n$n" --state "$dir/n$n/state" >/dev/null
	fi
	bin/nats-server -c "$dir/n$n/nats-server.conf" -l "$dir/n$n/log" &
	pids="$! $pids"
	echo "nats-server n$n       tls://127.0.0.1:$((port + n))  pid $!  $dir/n$n"
done

servers="\"tls://127.0.0.1:$port\", \"tls://127.0.0.1:$((port + 1))\", \"tls://127.0.0.1:$((port + 2))\""
for n in 0 1; do
	mkdir -p "$dir/central$n"
	[ -e "$dir/central$n/platform.key" ] || (umask 077 && cp "$dir/central0/platform.key" "$dir/central0/ca.pem" "$dir/central$n/")
	cat >"$dir/central$n.toml" <<-TOML
		directory = "$dir/central$n"
		url = "https://127.0.0.1:$((port + 6 + n))"
		[listen]
		sites = "127.0.0.1:$((port + 6 + n))"
		api = "127.0.0.1:$((port + 8 + n))"
		[nats]
		servers = [$servers]
		boxes = [$servers]
		ca = "$dir/n0/ca.pem"
		replicas = 3
	TOML
	bin/lineside-central --config "$dir/central$n.toml" run >"$dir/central$n.log" 2>&1 &
	pids="$! $pids"
	echo "lineside-central $n   https://127.0.0.1:$((port + 8 + n))/v1  pid $!  $dir/central$n.log"
done

echo "work with it:  bin/lineside-central --config $dir/central0.toml site add Berlin"
echo "end with Ctrl-C; kill -9 any of them before, and see what it costs"
wait
