internal import Glibc

extension VirtualMachine {
  /// Takes up a machine that another process had started and let go: it runs on, and can't outlive
  /// this process from now on.
  ///
  /// - Parameter spec: What it was made of; its directory as it is now called.
  /// - Returns: The machine.
  /// - Throws: ``QEMUError`` where it has ended or is halted; it is left as it is then.
  static func takeUp(_ spec: VMSpec) async throws -> VirtualMachine {
    let operation = "could not take up the virtual machine `\(spec.name)`"
    guard let record = try ProcessRecord.read(in: spec.directory), record.isAlive else {
      throw QEMUError(.ended, operation, "it has ended")
    }
    let custody = try Custody(of: record, in: spec.directory)
    do {
      let history = VMHistory()
      let qmp = QMPClient(
        owning: try monitor(in: spec.directory), observer: history.add)
      try await qmp.negotiate()
      let status = try await qmp.execute(.status)
      guard status.running else { throw QEMUError(.ended, operation, "it is \(status.status)") }
      let console = try ConsoleWatch(
        VMFile.console.path(in: spec.directory), crashed: history.addCrash)
      return VirtualMachine(
        spec, guestPort: try await forwardedPort(qmp, to: spec.servicePort),
        process: SupervisedProcess(pid: record.pid, custody), qmp: qmp, history: history,
        console: console)
    } catch {
      custody.release()
      throw error
    }
  }

  /// A connection to the machine's monitor.
  private static func monitor(in directory: String) throws(QEMUError) -> Int32 {
    let path = VMFile.monitor.path(in: directory)
    let operation = "connect to `\(path)`"
    let place = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard place >= 0 else { throw .file(operation, errno) }
    defer { close(place) }
    // A socket's address is short, and directories may be deep.
    let short = Array("/proc/self/fd/\(place)/\(VMFile.monitor.rawValue)".utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short) }
    let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard connection >= 0 else { throw .file(operation, errno) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(connection, $0, size) }
    }
    guard connected == 0 else {
      let code = errno
      close(connection)
      throw .file(operation, code)
    }
    return connection
  }
}
