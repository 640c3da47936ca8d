#!/bin/sh
# trim.sh ROOT: takes out of a Debian root what no box in a cupboard has a use for:
# drivers of screens, sound, radio and clusters are two thirds of the kernel.
set -eu
cd "$1"

cd lib/modules/*/kernel
rm -rf sound \
	drivers/gpu drivers/media drivers/infiniband drivers/iio drivers/staging drivers/comedi drivers/bluetooth \
	drivers/isdn drivers/target drivers/mtd drivers/video drivers/net/wireless drivers/net/wan drivers/net/can \
	drivers/net/ieee802154 drivers/net/fddi drivers/net/arcnet drivers/net/hamradio drivers/firewire drivers/pcmcia \
	drivers/xen drivers/vhost drivers/w1 drivers/uio drivers/nfc drivers/parport drivers/accessibility \
	drivers/scsi/lpfc drivers/scsi/qla2xxx drivers/scsi/bnx2i drivers/scsi/bnx2fc drivers/scsi/cxgbi drivers/scsi/bfa \
	drivers/scsi/be2iscsi drivers/scsi/qedf drivers/scsi/qedi drivers/scsi/elx drivers/scsi/fnic drivers/scsi/csiostor \
	net/wireless net/mac80211 net/bluetooth net/sunrpc net/ieee802154 net/mac802154 net/nfc net/can net/ax25 net/rose \
	net/netrom net/atm net/appletalk net/rds net/tipc net/smc net/batman-adv net/ceph net/openvswitch net/dccp net/9p \
	fs/xfs fs/btrfs fs/smb fs/cifs fs/nfs fs/nfsd fs/ocfs2 fs/gfs2 fs/f2fs fs/jfs fs/reiserfs fs/ceph fs/dlm fs/afs \
	fs/ubifs fs/jffs2 fs/nilfs2 fs/orangefs fs/9p fs/ntfs3 fs/ntfs fs/hfs fs/hfsplus fs/lockd fs/udf fs/coda fs/ufs fs/erofs
