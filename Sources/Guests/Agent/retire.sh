# Takes away all that a build left in a VM, says on the console what came of it, and powers the VM
# off. Root runs it, started before the deprovision script, which may take away the user's right to
# become root; it does nothing until the words come on its standard input, and ends when whoever would
# say them is gone.
dir=$1 user=$2 id=$3 run=$4 key=$5
exec >/dev/null 2>&1
read -r word && [ "$word" = look ] || exit

# What customizers started ends as in any shutdown, since it may have something to save. The machine's
# own services do not: they are many, each costs time, and what they save is what must not be in an
# image. The logs are among those that end here, as they would write on. It is found out beside the
# script, which changes little about it.
services=
if [ -d /run/systemd/system ]; then
  services=$(systemctl list-units --type=service --plain --no-legend | while read -r unit _; do
    case $unit in
      systemd-* | cloud-* | dbus* | getty@* | serial-getty@* | kmod-static-nodes.service) ;;
      ssh.service | sshd* | user@* | user-runtime-dir@*) ;;
      *) printf '%s\n' "$unit" ;;
    esac
  done)
fi

read -r word && [ "$word" = go ] || exit
exec </dev/null
trap '' HUP TERM PIPE
cd /

# Processes cost more than anything else here where there is no KVM: as few as can be, and beside each
# other what does not depend on each other. With what depends on the journal, a program would be
# started to empty it.
if [ -d /run/systemd/system ]; then
  # shellcheck disable=SC2086
  [ -z "$services" ] || systemctl stop $services &
  systemctl stop --job-mode=ignore-dependencies syslog.socket systemd-journald.socket \
    systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service &
fi

# What the build brought: files that were placed for it, and the key that it logged in with.
set --
while IFS= read -r path; do
  set -- "$@" "$path"
done <"$dir/remove"
[ $# = 0 ] || rm -f -- "$@"
set -- "$dir"
for file in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do
  if ! [ -f "$file" ] || [ "$key" = - ]; then continue; fi
  rest=''
  found=''
  while IFS= read -r line || [ "$line" ]; do
    case $line in
      *"$key"*) found=yes ;;
      *)
        rest="$rest$line
"
        ;;
    esac
  done <"$file"
  if [ "$rest" ]; then
    [ -z "$found" ] || printf %s "$rest" >"$file"
  elif [ "$found" ]; then
    set -- "$@" "$file"
  fi
done

# As `cloud-init clean --logs`, which takes seconds to start; where its place was changed, by itself.
elsewhere=$(grep -hs '^ *cloud_dir:' /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg |
  while read -r _ place; do [ "${place%/}" = /var/lib/cloud ] || echo yes; done)
[ -z "$elsewhere" ] || cloud-init clean --logs
set -- "$@" /run/cloud-init /var/log/cloud-init.log /var/log/cloud-init-output.log
for path in /var/lib/cloud/*; do
  [ "$path" = /var/lib/cloud/seed ] || set -- "$@" "$path"
done
rm -rf -- "$@"
for part in /etc/cloud/clean.d/*; do
  [ ! -f "$part" ] || [ ! -x "$part" ] || "$part"
done
# What services may have used or written until they ended: the build's user, what makes this machine
# itself and no other, and the logs.
wait
stat -c '%u %n' /proc/[0-9]* | while read -r owner process; do
  [ "$owner" != "$id" ] || kill -s KILL "${process#/proc/}"
done
if [ "$user" != root ]; then
  userdel -f -r "$user" || deluser --remove-home "$user" &
  grep -l "^$user " /etc/sudoers.d/* | while read -r file; do
    sed -i "/^$user /d; /^# User rules for $user\$/d" "$file"
  done &
fi
set -- /var/log/journal/* /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub \
  /etc/ssh/ssh_host_*-cert.pub /var/lib/systemd/random-seed /var/lib/dhcp/*.leases \
  /var/lib/dhclient/*.lease*
[ -L /var/lib/dbus/machine-id ] || set -- "$@" /var/lib/dbus/machine-id
[ "$user" = root ] ||
  set -- "$@" "/var/mail/$user" "/var/spool/mail/$user" "/var/lib/sudo/lectured/$user"
rm -rf "$@"
if [ -e /etc/machine-id ]; then : >/etc/machine-id; fi
wait
for log in /var/log/auth.log /var/log/secure /var/log/syslog /var/log/messages \
  /var/log/wtmp /var/log/btmp /var/log/lastlog; do
  [ ! -f "$log" ] || : >"$log"
done
fstrim -a
sync

# The proof, on the console: whoever captures the disk looks for this line.
left=
[ ! -e "$dir" ] || left="$left $dir"
! grep -q "^$user:" /etc/passwd || [ "$user" = root ] || left="$left user:$user"
for file in /etc/ssh/ssh_host_*_key /var/lib/cloud/instance; do
  [ ! -e "$file" ] || left="$left $file"
done
[ ! -s /etc/machine-id ] || grep -qx uninitialized /etc/machine-id || left="$left /etc/machine-id"
for console in /dev/console /dev/ttyS0 /dev/ttyAMA0; do
  [ ! -c "$console" ] || printf '\r\nkiln %s: generalized, left:%s.\r\n' "$run" "$left" >"$console"
done
# Without stopping the machine's own services: by signals to all processes, and then the file systems
# are unmounted, or made read-only, as always. The signal is what `systemctl poweroff --force` asks
# for, systemd(1); not every shell knows it.
if [ -d /run/systemd/system ]; then
  kill -s RTMIN+14 1 || systemctl poweroff --force && exit
fi
poweroff || systemctl poweroff || /sbin/poweroff || busybox poweroff
