#!/bin/sh
# The initrd's only program: loads the drivers of the disks that this machine has, and goes over to
# the root file system. It stands for Debian's own initrd, which takes 10 seconds more under TCG.
# shellcheck disable=SC2154 # root is set from the kernel's command line
export PATH=/bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys

# A file system's UUID, as in root=UUID=…
read -r words </proc/cmdline
for word in $words; do
  case $word in root=*) root=${word#root=} ;; esac
done

# One driver's coming makes the next one's device: a PCI bus, a disk on it, a SCSI disk behind that.
tenths=0
until device=$(findfs "$root" 2>/dev/null); do
  if [ $tenths -ge 300 ]; then
    echo "initrd: there is no disk with $root after 30 seconds; these are here:"
    cat /proc/partitions
    exec sh
  fi
  cat /sys/bus/*/devices/*/modalias 2>/dev/null | sort -u | xargs modprobe -aq 2>/dev/null
  device=$(findfs "$root" 2>/dev/null) && break
  sleep 0.1
  tenths=$((tenths + 1))
done

mount -t ext4 -o ro "$device" /root
umount /sys
umount /proc
mount --move /dev /root/dev
exec switch_root /root /sbin/init
