#!/bin/sh
# build.sh: bin/lineside-appliance-amd64.img, and the root slot it starts with, which is
# also what an update brings, from the box's package. DEB names one that is built, OUT
# another folder. On Debian, as root.
set -eu
cd "$(dirname "$0")/../.."

if [ "$(id -u)" != 0 ]; then
	echo "build.sh: a root file system is made of files that belong to root: type sudo make image" >&2
	exit 1
fi
PATH=$PATH:/usr/sbin:/sbin
missing=
for tool in mmdebstrap:mmdebstrap mksquashfs:squashfs-tools mkfs.vfat:dosfstools mcopy:mtools mkfs.ext4:e2fsprogs sfdisk:fdisk zstd:zstd; do
	command -v "${tool%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
done
if [ -n "$missing" ]; then
	echo "build.sh: the image is built by Debian's tools, and some are missing: type apt-get install$missing" >&2
	exit 1
fi

out=${OUT:-bin}
mkdir -p "$out"
if [ -z "${DEB:-}" ]; then
	PACKAGES=lineside packaging/packages.sh "$out/packages" amd64 >/dev/null
	DEB=$(ls -t "$out"/packages/lineside_*_amd64.deb | head -n 1)
fi
export VERSION
VERSION=$(dpkg-deb -f "$DEB" Version)
packaging/image/slot.sh "$DEB" "$out/lineside-slot-amd64.squashfs"
packaging/image/disk.sh "$out/lineside-slot-amd64.squashfs" "$out/lineside-appliance-amd64.img"
ls -lsh "$out/lineside-slot-amd64.squashfs" "$out/lineside-appliance-amd64.img"
