#!/bin/sh
# packages.sh [DIRECTORY [ARCHITECTURE...]]: deb, rpm and apk of the box and of the
# central platform for amd64, arm64 and armv7, and archives of the box for mipsle
# and riscv64, into bin/packages. PACKAGES and KINDS name some of them only.
#
# The same commit gives the same bytes wherever it lies: times are the commit's
# (SOURCE_DATE_EPOCH), and versions come from its tag; a commit without one is
# 0.0.TIME, before every release. VERSION says another.
set -eu
export LC_ALL=C TZ=UTC CGO_ENABLED=0 GOOS=linux GOFLAGS=
umask 022
here=$(pwd)
cd "$(dirname "$0")/.."

out=${1:-bin/packages}
[ $# -eq 0 ] || shift
case $out in /*) ;; *) [ "$out" = bin/packages ] || out=$here/$out ;; esac
mkdir -p "$out"
out=$(cd "$out" && pwd)
[ $# -gt 0 ] || set -- amd64 arm64 armv7 mipsle riscv64

: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
: "${VERSION:=$(git describe --exact-match --tags --match 'v[0-9]*' 2>/dev/null | sed s/^v//)}"
: "${VERSION:=0.0.$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)}"
: "${PACKAGES:=lineside lineside-central}"
: "${KINDS:=deb rpm apk}" # Debian's first
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GOARCH=$(go env GOHOSTARCH) go build -buildvcs=false -o "$work/bom" ./packaging/bom

build() { # package directory: its programs
	programs=./cmd/$1
	[ "$1" != lineside ] || programs="$programs ./cmd/lineside-fleet"
	# shellcheck disable=SC2086 # several words
	go build -trimpath -ldflags "-s -w -X github.com/lineside/lineside/shell.release=v$VERSION" -o "$2/" $programs
	# shellcheck disable=SC2086
	"$work/bom" -name "$1" -version "$VERSION" -out "$2" $programs
}

# Programs this machine can run: they write their manual pages and completions.
host=$(go env GOHOSTARCH)
native() { # package
	mkdir -p "$work/native/$1"
	(export GOARCH="$host" && build "$1" "$work/native/$1")
}

units() { # package: its unit files
	for unit in systemd/"$1"*.service systemd/"$1"*.socket systemd/"$1"*.timer systemd/"$1"*.path systemd/"$1"*.target; do
		[ -e "$unit" ] || continue
		case $1:$unit in lineside:systemd/lineside-central*) continue ;; esac
		echo "$unit"
	done
}

enabled() { # package: the names of those a machine starts, sockets first
	for unit in $(units "$1" | grep '[.]socket$') $(units "$1" | grep -v '[.]socket$'); do
		if grep -q '^\[Install\]' "$unit"; then basename "$unit"; fi
	done
}

# Of those, what a package switches on, and what a new one starts: helpers of one run
# wait for their timer, path or the machine's next start. The platform has to have
# its settings first.
on() { [ "$1" != lineside ] || enabled "$1"; } # package
started() { # package
	[ "$1" = lineside ] || return 0
	enabled "$1" | grep -v '[.]service$'
	echo "$1.service"
}

put() { install -D -m 0644 "$1" "$2"; }

tree() { # package programs root: everything as it lies on a machine
	name=$1 root=$3 doc=$3/usr/share/doc/$1
	for program in "$2"/lineside*; do
		command=$(basename "$program")
		install -D -m 0755 "$program" "$root/usr/bin/$command"
		section=8
		[ "$command" != lineside-fleet ] || section=1
		"$work/native/$name/$command" man "$root/usr/share/man/man$section" >/dev/null
		mkdir -p "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" "$root/usr/share/fish/vendor_completions.d"
		"$work/native/$name/$command" completion bash >"$root/usr/share/bash-completion/completions/$command"
		"$work/native/$name/$command" completion zsh >"$root/usr/share/zsh/vendor-completions/_$command"
		"$work/native/$name/$command" completion fish >"$root/usr/share/fish/vendor_completions.d/$command.fish"
	done
	gzip -9n "$root"/usr/share/man/man*/*
	for unit in $(units "$name"); do put "$unit" "$root/usr/lib/systemd/system/$(basename "$unit")"; done
	for kind in sysusers tmpfiles; do
		[ ! -e "systemd/$name.$kind" ] || put "systemd/$name.$kind" "$root/usr/lib/$kind.d/$name.conf"
	done
	[ ! -e "packaging/$name-sysctl.conf" ] || put "packaging/$name-sysctl.conf" "$root/usr/lib/sysctl.d/60-$name.conf"
	put "cmd/$name/$name.toml" "$doc/examples/$(settings "$name")"
	put "$2/copyright" "$doc/copyright"
	put "$2/sbom.cdx.json" "$doc/sbom.cdx.json"
	put "packaging/$name.lintian" "$root/usr/share/lintian/overrides/$name"
	printf '%s (%s) unstable; urgency=medium\n\n  * Built from the commit of this moment.\n\n -- %s  %s\n' \
		"$name" "$VERSION" "Lineside <$maintainer>" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$doc/changelog"
	gzip -9n "$doc/changelog"
	find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

maintainer=lineside@users.noreply.github.com
settings() { if [ "$1" = lineside ]; then echo lineside.toml; else echo central.toml; fi; }

words() { tr '\n' ' ' | sed 's/ $//'; } # lines as one

fill() { # package architecture file: its words between @ filled in
	state=
	[ "$1" != lineside ] || state="/var/lib/lineside-slots /var/lib/lineside-backups"
	sed -e "/^@WORDS@\$/{r packaging/scripts/words-$1.sh
d}" -e "s|@NAME@|$1|g; s|@ARCH@|$2|; s|@VERSION@|$VERSION|; s|@MAINTAINER@|$maintainer|; s|@STATE@|$state|; s|@SETTINGS@|$(settings "$1")|" \
		-e "s|@TREE@|$work/$1-$2/root|; s|@SCRIPTS@|$work/$1-$2|; s|@LICENCES@|see copyright|" \
		-e "s|@ON@|$(on "$1" | words)|" -e "s|@START@|$(started "$1" | words)|" -e "s|@ENABLE@|$(enabled "$1" | words)|; s|@UNITS@|$(units "$1" | xargs -n1 basename | words)|" "$3"
}

only() { # kind: what it takes of nfpm's fields
	case $1 in
	deb) sed '/^license:/d' ;; # Debian has a file for that
	apk) awk '/^[a-z]/ { body = 0 } body++ < 1 || !text { print } /^[a-z]/ { text = /^description:/; body = 0 }' ;; # one line
	*) cat ;;
	esac
}

package() { # package architecture: deb, rpm and apk of it
	dir=$work/$1-$2
	for script in postinst prerm postrm; do fill "$1" "$2" "packaging/scripts/$script.sh" >"$dir/$script.sh"; done
	touch -d "@$SOURCE_DATE_EPOCH" "$dir"/*.sh # an apk keeps their times
	for kind in $KINDS; do
		# Debian's zsh has a folder for packages; others have one for everybody.
		if [ "$kind" != deb ] && [ -e "$dir/root/usr/share/zsh/vendor-completions" ]; then
			mv "$dir/root/usr/share/zsh/vendor-completions" "$dir/root/usr/share/zsh/site-functions"
			touch -d "@$SOURCE_DATE_EPOCH" "$dir/root/usr/share/zsh"
		fi
		fill "$1" "$2" "packaging/$1.yaml" | only "$kind" >"$dir/nfpm.yaml"
		# As a program of the build machine, whatever the package is for.
		(unset GOARCH GOARM GOMIPS && go tool -modfile=packaging/tools.mod nfpm package -f "$dir/nfpm.yaml" -p "$kind" -t "$out/") >/dev/null
	done
}

archive() { # package architecture: a tar of it, to be unpacked over /
	tar --sort=name --owner=0 --group=0 --numeric-owner --format=gnu --mtime="@$SOURCE_DATE_EPOCH" -C "$work/$1-$2/root" -cf - . |
		gzip -9n >"$out/$1-$VERSION-linux-$2.tar.gz"
}

for name in $PACKAGES; do
	native "$name"
	for arch in "$@"; do
		GOARCH=$arch nfpm=$arch
		unset GOARM GOMIPS
		case $arch in
		armv7) export GOARCH=arm GOARM=7 && nfpm=arm7 ;;
		mipsle) export GOARCH GOMIPS=softfloat ;; # routers' processors have no floating point
		*) export GOARCH ;;
		esac
		dir=$work/$name-$nfpm
		mkdir -p "$dir/bin"
		if [ "$arch" = "$host" ]; then cp -a "$work/native/$name/." "$dir/bin"; else build "$name" "$dir/bin"; fi
		tree "$name" "$dir/bin" "$dir/root"
		case $arch in
		amd64 | arm64 | armv7) package "$name" "$nfpm" ;;
		*) [ "$name" != lineside ] || archive "$name" "$nfpm" ;;
		esac
		rm -rf "$dir"
	done
done
(cd "$out" && ls -l | awk 'NR > 1 { printf "%10d  %s\n", $5, $9 }')
