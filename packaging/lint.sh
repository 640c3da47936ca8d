#!/bin/sh
# gofmt, go vet, staticcheck, the shell scripts' syntax, and the systemd units
# where systemd-analyze is there.
set -eu
cd "$(dirname "$0")/.."

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	echo "lint.sh: not as gofmt writes it; run gofmt -w on:" >&2
	echo "$unformatted" >&2
	exit 1
fi

go vet ./...
go tool staticcheck ./...

for script in packaging/*.sh packaging/*/*.sh; do
	sh -n "$script"
done
bash -n .ci/run

if command -v systemd-analyze >/dev/null 2>&1; then
	# The binary need not be installed for its unit to be right.
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	for unit in systemd/*.service systemd/*.socket systemd/*.timer; do
		sed 's|/usr/bin/[a-z-]*|/bin/true|' "$unit" >"$scratch/$(basename "$unit")"
	done
	systemd-analyze verify --man=no "$scratch"/*
fi
