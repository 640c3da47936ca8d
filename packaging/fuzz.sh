#!/bin/sh
# fuzz.sh TIME PACKAGES: runs every fuzz test for TIME, one after the other. A
# crasher is left in the package's testdata/fuzz; commit it with its fix.
set -eu
cd "$(dirname "$0")/.."

time=$1
shift
for package in $(go list "$@"); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$package"
	done
done
