# Makes a machine right again whose memory was kept and started from. Root runs it.
#
# A kernel that knows the machine's generation draws new random numbers by itself; any other is told to
# (RNDRESEEDCRNG of random(4)).
now=$1 random=$2 earlier=$3
date -u -s "@$now" >/dev/null || exit
printf %s "$random" >/dev/urandom

# What a restart has cleared away, of a machine whose disk alone was kept.
if [ -e "$earlier/.tmp.tar" ]; then
  tar -C / -xpf "$earlier/.tmp.tar" || exit
  rm -f "$earlier/.tmp.tar"
fi

for device in /sys/bus/acpi/drivers/vmgenid/*:*; do
  if [ -e "$device" ]; then exit 0; fi
done
perl -e 'open F, "+<", "/dev/urandom" and ioctl F, 0x5207, 0 or exit 1' ||
  python3 -c 'import fcntl; fcntl.ioctl(open("/dev/urandom"), 0x5207)' || echo unseeded
