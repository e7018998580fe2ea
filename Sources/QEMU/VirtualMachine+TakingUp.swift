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
        owning: try UnixSocket.connect(to: .monitor, in: spec.directory), observer: history.add)
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
}
