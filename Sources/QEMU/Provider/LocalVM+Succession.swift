internal import Layers
internal import Pipeline

// One machine in the place of another.
extension LocalVM {
  /// Goes on with a machine that an earlier run had kept.
  func takeUp(_ kept: KeptMachine) async throws {
    try kept.move(to: place)
    do {
      machine = try await VirtualMachine.takeUp(kept.spec(setup, at: place))
    } catch {
      kept.moveBack(from: place)
      guard let error = error as? QEMUError else { throw error }
      throw MachineError(
        .unavailable, error.description, hint: "`kiln gc --kept` removes it; resume again then")
    }
    (keys, disk) = (kept.record.keys, diskPaths[0])
    try writeLogin()
  }

  /// Ends the machine, and starts another in its place.
  func restart(as beginning: VMBeginning, over layer: OpenLayer) async throws {
    let change = Latch<Void>()
    self.change = change
    defer {
      self.change = nil
      change.set(())
    }
    try await startOver(removing: layer)
    try await start(as: beginning)
  }

  /// Another VM of the same make, in a directory below this one's.
  nonisolated func standby(at place: VMPlace) -> LocalVM {
    LocalVM(setup, place, origin, disks: disks, events)
  }

  /// Ends the machine, and has that of another VM in its place, which began as a kept state.
  func giveWay(to other: LocalVM) async throws {
    let change = Latch<Void>()
    self.change = change
    defer {
      self.change = nil
      change.set(())
    }
    try await machine?.kill()
    (machine, keys) = await (other.machine, other.publicKeys)
    disk = diskPaths[0]
    try place.takeKeys(from: other.place)
    try writeLogin()
  }
}
