internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#endif

/// The first process of a ``RestartingHost`` and the commands by which its guest restarts it.
enum GuestInit {
  private static let restart: Int32 = 10

  /// Whether a machine whose first process ended so boots again: after an orderly restart, and
  /// after `reboot(2)`, which ends the first process of a namespace by SIGHUP.
  static func startsAgain(_ exit: Int32) -> Bool {
    exit == restart || exit == 128 + SIGHUP
  }

  static func path(in directory: String) -> String { "\(directory)/init" }

  /// Writes both scripts.
  static func install(in directory: String) throws {
    try write(initScript, to: path(in: directory))
    let commands = "\(directory)/sbin"
    try FileManager.default.createDirectory(
      atPath: commands, withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o755])
    for name in ["reboot", "poweroff", "halt", "shutdown", "systemctl"] {
      try write(powerScript, to: "\(commands)/\(name)")
    }
  }

  private static func write(_ script: String, to path: String) throws {
    try Data(script.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  /// Orphans are reaped by `wait`, which also lets the traps run at once.
  private static let initScript = """
    directory=$1
    mount --bind "$directory/boot_id" /proc/sys/kernel/random/boot_id || exit 1
    mount --bind "$directory/sbin" /usr/local/sbin || exit 1
    mount -t overlay overlay -o "lowerdir=$directory/sbin:/usr/sbin" /usr/sbin ||
      echo 'test machine: no overlay: /sbin/reboot is the real one'
    if [ -e /usr/bin/systemctl ]; then
      mount --bind "$directory/sbin/systemctl" /usr/bin/systemctl || exit 1
    fi

    leave() {
      trap '' TERM USR1 USR2
      kill -s TERM -- -1
      for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        kill -s 0 -- -1 2>/dev/null || break
        sleep 0.1
      done
      exit "$1"
    }
    trap 'leave \(restart)' USR1
    trap 'leave 11' USR2
    /usr/sbin/sshd -D -e -f "$directory/sshd_config" &
    while :; do
      sleep 3600 &
      wait "$!"
    done

    """

  private static let powerScript = """
    #!/bin/sh
    want=
    case "${0##*/}" in
      reboot) want=USR1 ;;
      poweroff | halt) want=USR2 ;;
      shutdown)
        want=USR2
        for word in "$@"; do
          case "$word" in
            --reboot | -r* | -fr) want=USR1 ;;
            -c | -k) exit 0 ;;
          esac
        done
        ;;
      systemctl)
        for word in "$@"; do
          case "$word" in
            reboot | kexec) want=USR1 ;;
            poweroff | halt) want=USR2 ;;
          esac
        done
        ;;
    esac
    if [ -z "$want" ]; then
      echo "${0##*/}: this test machine can only restart or power off" >&2
      exit 1
    fi
    kill -s "$want" 1

    """
}
