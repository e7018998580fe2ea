#!/usr/bin/env python3
"""A machine for the stand-in (machines.py): sshd in a throw-away copy of this computer's files.

The copy is an overlay that is gone with the machine: what happens in it, deprovisioning included,
touches nothing here. Real: sshd at the machine's own address, with the host key of the custom data;
the user, by the key of the PUT; sudo; processes of its own; `reboot`, `poweroff`; a serial console,
which is written to `console`. Not real: the kernel and the network are this computer's.

Its changed files are left as a tar in `disk`, where a fixed VHD would be. Needs root.
"""
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid

PLACE = os.environ["KILN_VM"]
RESTARTS = 10

INIT = r"""
set -e
top=$1
mount -t proc proc "$top/proc"
mount --rbind /dev "$top/dev"
mount --bind "$2" "$top/dev/console"
mount -t tmpfs tmpfs "$top/run"
mount -t tmpfs tmpfs "$top/tmp"
mkdir -p "$top/run/sshd" "$top/run/lock" "$top/var/tmp"
chmod 1777 "$top/tmp" "$top/var/tmp"
mount --bind "$top/etc/kiln-boot-id" "$top/proc/sys/kernel/random/boot_id"
cd "$top"
exec chroot . /bin/sh /etc/kiln-init
"""

# The first process: it ends with 10 for a restart, and with 0 when the machine is off.
FIRST = r"""
trap 'kill -s TERM -- -1; sleep 0.1; exit 10' USR1
trap 'kill -s TERM -- -1; sleep 0.1; exit 0' USR2
echo 'the stand-in machine starts' >/dev/console
/usr/sbin/sshd -D -e -f /etc/kiln-sshd 2>/var/log/kiln-sshd &
while :; do
  sleep 3600 &
  wait "$!"
done
"""

POWER = r"""#!/bin/sh
want=USR2
case "${0##*/}" in
  reboot) want=USR1 ;;
  shutdown) for word in "$@"; do case "$word" in -r* | --reboot | -fr) want=USR1 ;; esac; done ;;
  systemctl)
    want=
    for word in "$@"; do
      case "$word" in reboot) want=USR1 ;; poweroff | halt) want=USR2 ;; esac
    done
    [ "$want" ] || exit 1 ;;
esac
kill -s "$want" 1
"""

# As much of the Azure agent as deprovisioning needs.
AGENT = r"""#!/bin/sh
case "$*" in
  *-version*) exit 0 ;;
  *deprovision*) rm -f /etc/ssh/ssh_host_* ~root/.bash_history ;;
esac
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def add_user(top, user, number=29000):
    """Adds a user who has no password. `useradd` would wait for whoever makes one on this computer,
    whose lists the copy shows as they are at the moment."""
    lists = {}
    for name in ("passwd", "group", "shadow"):
        with open(f"{top}/etc/{name}") as file:
            lists[name] = file.read()
    if f"\n{user}:" in "\n" + lists["passwd"]:
        return
    home = f"/home/{user}"
    lists["passwd"] += f"{user}:x:{number}:{number}::{home}:/bin/sh\n"
    lists["group"] += f"{user}:x:{number}:\n"
    lists["shadow"] += f"{user}:*:19000:0:99999:7:::\n"
    for name, text in lists.items():
        write(f"{top}/etc/{name}", text, 0o600 if name == "shadow" else 0o644)
    os.makedirs(f"{top}{home}")
    os.chown(f"{top}{home}", number, number)


def prepare(top, machine, address):
    """What a first boot of the image would do by custom data and the PUT."""
    profile = machine["properties"]["osProfile"]
    user = profile["adminUsername"]
    key = profile["linuxConfiguration"]["ssh"]["publicKeys"][0]["keyData"]
    with open(f"{PLACE}/custom-data") as file:
        config = json.loads(file.read().split("\n", 1)[1])
    write(f"{top}/etc/ssh/ssh_host_ed25519_key", config["ssh_keys"]["ed25519_private"], 0o600)
    write(f"{top}/etc/ssh/ssh_host_ed25519_key.pub", config["ssh_keys"]["ed25519_public"] + "\n")
    write(f"{top}/etc/kiln-sshd", f"""
ListenAddress {address}:22
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
PidFile none
""")
    write(f"{top}/etc/kiln-init", FIRST)
    for name in ("poweroff", "reboot", "halt", "shutdown", "systemctl"):
        write(f"{top}/usr/sbin/{name}", POWER, 0o755)
    write(f"{top}/usr/bin/systemctl", POWER, 0o755)
    write(f"{top}/usr/sbin/waagent", AGENT, 0o755)
    add_user(top, user)
    write(f"{top}/home/{user}/.ssh/authorized_keys", key + "\n", 0o644)
    write(f"{top}/etc/sudoers.d/90-kiln", f"{user} ALL=(ALL) NOPASSWD:ALL\n", 0o440)
    write(f"{top}/etc/machine-id", uuid.uuid4().hex + "\n")


def run():
    with open(f"{PLACE}/machine.json") as file:
        facts = json.load(file)
    inner, top = f"{PLACE}/inner", f"{PLACE}/inner/top"
    os.makedirs(inner)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", inner], check=True)
    for name in ("upper", "work", "top"):
        os.mkdir(f"{inner}/{name}")
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                    f"lowerdir=/,upperdir={inner}/upper,workdir={inner}/work", top], check=True)
    write(f"{PLACE}/init", INIT)
    prepare(top, facts["machine"], facts["address"])
    master, slave = pty.openpty()
    console = os.ttyname(slave)
    log = open(f"{PLACE}/console", "wb", buffering=0)

    def listen():
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:
                return
            log.write(data)
    threading.Thread(target=listen, daemon=True).start()
    parent, running = os.getppid(), []

    def end(*_):
        # `unshare` passes SIGTERM over; with it dies all that is in the machine.
        for process in running:
            process.kill()
        os._exit(1)

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        end()
    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=watch, daemon=True).start()
    for _ in range(RESTARTS):
        write(f"{top}/etc/kiln-boot-id", str(uuid.uuid4()) + "\n")
        running[:] = [subprocess.Popen(
            ["unshare", "--pid", "--mount", "--fork", "--kill-child", "sh", f"{PLACE}/init", top,
             console], stdin=subprocess.DEVNULL)]
        if running[0].wait() != 10:
            break
    subprocess.run(["tar", "-C", f"{inner}/upper", "-cf", f"{PLACE}/disk.new", "."],
                   stderr=subprocess.DEVNULL)
    size = os.path.getsize(f"{PLACE}/disk.new")
    with open(f"{PLACE}/disk.new", "ab") as file:
        file.truncate((size + 511) // 512 * 512)
        file.seek(0, 2)
        file.write(b"conectix".ljust(512, b"\0"))
    os.rename(f"{PLACE}/disk.new", f"{PLACE}/disk")
    shutil.rmtree(f"{inner}/work", ignore_errors=True)


if len(sys.argv) > 1:
    run()
else:
    # In mounts of its own, which are gone with it.
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                          os.path.abspath(__file__), "inside"])
