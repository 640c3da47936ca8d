#!/bin/sh
# slot.sh DEB OUT: a root slot of the appliance, read-only: the base, what is in the
# package of the box, and packaging/image/root, as squashfs. QUICK=1 compresses little;
# PROGRAM is one to put in the place of the package's, and ENTRY words more for the
# kernel, all three for tests. As root.
set -eu
deb=$(realpath "$1")
out=$(realpath "$2")
program=${PROGRAM:+$(realpath "$PROGRAM")}
cd "$(dirname "$0")/../.."

base=$(packaging/image/base.sh)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
mkdir "$root"
tar --numeric-owner -xf "$base" -C "$root"

cp -R --no-preserve=ownership packaging/image/root/. "$root/"
rm -rf "$root/etc/initramfs-tools"
dpkg-deb --fsys-tarfile "$deb" | tar --keep-directory-symlink -xf - -C "$root"
[ -z "$program" ] || install -m 755 "$program" "$root/usr/bin/lineside"
# Nobody types on it: the pages and the box's own words are enough.
rm -rf "$root/usr/bin/lineside-fleet" "$root/usr/share/man" "$root/usr/share/bash-completion" "$root/usr/share/fish" "$root/usr/share/zsh"
mkdir -p "$root/etc/lineside" "$root/efi"

# One user for the box, the same number in every slot: its state outlives the slot.
echo 'u lineside 950 "Lineside phone provisioning" /var/lib/lineside' | systemd-sysusers --root="$root" -
systemd-sysusers --root="$root"
for unit in "$root"/usr/lib/systemd/system/lineside*; do
	! grep -q '^\[Install\]' "$unit" || systemctl --root="$root" --quiet enable "$(basename "$unit")"
done
systemctl --root="$root" --quiet enable systemd-networkd.service systemd-networkd-wait-online.service systemd-resolved.service systemd-timesyncd.service
# Nobody logs in: no getty, on no console, and no account has a password.
systemctl --root="$root" --quiet mask getty@.service serial-getty@.service console-getty.service debug-shell.service \
	systemd-firstboot.service ldconfig.service systemd-hwdb-update.service systemd-machine-id-commit.service \
	systemd-logind.service e2scrub_all.timer e2scrub_reap.service dpkg-db-backup.timer systemd-update-utmp.service \
	systemd-update-utmp-runlevel.service
usermod --root "$root" --lock root
rm -f "$root/etc/shadow-" "$root/etc/passwd-" "$root/etc/group-" "$root/etc/gshadow-" "$root/etc/ssl/private/"*

sed -i "s|^options .*|& ${ENTRY:-}|; s| *\$||" "$root/boot/entry.conf"
echo lineside >"$root/etc/hostname"
: >"$root/etc/machine-id" # each box makes its own, in the initramfs
rm -f "$root/var/lib/dbus/machine-id"
ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
# /var is the state partition; what a slot has to say of its packages is kept aside.
mv "$root/var/lib/dpkg" "$root/usr/share/dpkg-of-the-slot"
rm -rf "$root/var"
mkdir "$root/var"

compression="-comp zstd -Xcompression-level 19"
[ -z "${QUICK:-}" ] || compression="-comp zstd -Xcompression-level 1"
rm -f "$out"
# shellcheck disable=SC2086 # several words
mksquashfs "$root" "$out" $compression -noappend -no-exports -no-progress -quiet -all-time "$epoch" -mkfs-time "$epoch"
