#!/bin/sh
# base.sh: the Debian root of the appliance without Lineside, kept as an archive for
# the next image. Prints the archive's path. FRESH=1 builds it anew, with the newest
# packages, as a release wants it. As root. With --kept it builds nothing, and fails
# where there is none yet.
set -eu
cd "$(dirname "$0")"

suite=bookworm
# What a machine needs to start, find its network and keep time; no shell to log in
# to, no SSH. iproute2 is for the console's words and for lineside doctor.
packages=systemd,systemd-sysv,systemd-resolved,systemd-timesyncd,udev,kmod,linux-image-amd64,initramfs-tools,systemd-boot-efi,e2fsprogs,zstd,ca-certificates,tzdata,iproute2,libpam-runtime

cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lineside-image}
mkdir -p "$cache"
named() { echo "$cache/$1-$(cat | sha256sum | cut -c1-16).tar.zst"; }
# The packages alone take minutes, so they are kept by themselves.
debian=$(echo "$suite $packages" | named debian)
base=$( (echo "$debian"; cat base.sh trim.sh root/etc/e2fsck.conf $(find root/etc/initramfs-tools -type f | LC_ALL=C sort)) | named base)
exec 9>"$cache/lock"
flock 9
[ -z "${FRESH:-}" ] || rm -f "$debian" "$base"
if [ -e "$base" ]; then
	echo "$base"
	exit
fi

[ "${1:-}" != --kept ] || exit 1
if [ ! -e "$debian" ]; then
	# The mirrors of this machine, which its administrator chose.
	sources=$(grep -lsw "$suite" /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources || true)
	# shellcheck disable=SC2086 # several files
	mmdebstrap --quiet --mode=root --variant=essential --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
		"$suite" "$cache/half.tar.zst" $sources >&2
	mv "$cache/half.tar.zst" "$debian"
fi

half=$(mktemp -d)
trap 'rm -rf "$half" "$cache/half.tar.zst"' EXIT
tar --numeric-owner -xf "$debian" -C "$half"
./trim.sh "$half"
cp -a root/etc/initramfs-tools "$half/etc/"
cp root/etc/e2fsck.conf "$half/etc/"
kernel=$(ls "$half/lib/modules")
chroot "$half" depmod "$kernel"
SOURCE_DATE_EPOCH=0 chroot "$half" mkinitramfs -o /boot/initrd.img "$kernel" >&2
mv "$half/boot/vmlinuz-$kernel" "$half/boot/vmlinuz"
find "$half/boot" -type f ! -name vmlinuz ! -name initrd.img -delete
rm -rf "$half/var/lib/apt" "$half/var/cache" "$half/var/log"
tar --numeric-owner -C "$half" -cf - . | zstd -q -3 -T0 -f -o "$cache/half.tar.zst"
mv "$cache/half.tar.zst" "$base"
echo "$base"
