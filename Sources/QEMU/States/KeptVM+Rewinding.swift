internal import Guests
internal import Layers
internal import Pipeline

/// A machine that has started from a kept state, and is reached.
struct Standby {
  let vm: LocalVM
  let use: LayerUse
  let layer: OpenLayer
  let guest: SSHGuest
}

extension KeptVM {
  /// Starts a machine from the state before the step that ran last, where this computer has the memory
  /// for two.
  func prepareRewind() async {
    do {
      let host = try HostCapacity.current(directory: place.directory)
      guard standby == nil, let key, host.memoryForGuests >= vm.setup.memory,
        let use = try await keeping.store.use(key.digest)
      else { return }
      standbys += 1
      let layer = try await keeping.store.begin()
      let second = vm.standby(at: place.standby(standbys))
      do {
        standby = try await start(second, as: use, on: layer)
      } catch {
        _ = try await second.end()
        throw error
      }
      events.receive(.note("\(name) stands by in the state before the step"))
    } catch {
      // The way back takes longer without it, and tells what is wrong.
    }
  }

  private func start(
    _ second: LocalVM, as use: LayerUse, on layer: OpenLayer
  ) async throws -> Standby {
    try await second.start(as: .state(use.layer, layer))
    let guest = try await second.reach { _ in }
    if let earlier = use.layer.manifest.details[StateDetail.guestDirectory] {
      try await guest.adopt(earlier) { _ in }
    }
    return Standby(vm: second, use: use, layer: layer, guest: guest)
  }

  func rewind(report: @escaping GuestReport) async throws -> Rewound {
    guard let key else {
      return .asItIs(because: "the state of \(name) before it was not kept")
    }
    if let standby {
      self.standby = nil
      return try await goOn(in: standby)
    }
    guard let layer = current else { return .asItIs(because: "\(name) was not started") }
    let use: LayerUse
    do {
      guard let found = try await keeping.store.use(key.digest) else {
        return .asItIs(because: "the state of \(name) before it is not kept any more")
      }
      use = found
    } catch let error as LayerError {
      return .asItIs(because: "\(error)")
    }
    try await vm.restart(as: .state(use.layer, layer), over: layer)
    await guest?.abandon()
    goOn(from: use)
    snapshots = 0
    return .asBefore(try await connect(report: report))
  }

  private func goOn(in standby: Standby) async throws -> Rewound {
    try await vm.giveWay(to: standby.vm)
    await guest?.abandon()
    try current?.clear()
    current = standby.layer
    goOn(from: standby.use)
    (earlier, snapshots, guest) = (nil, 0, standby.guest)
    return .asBefore(standby.guest)
  }

  /// Ends the machine that stands by.
  func dropStandby() async {
    guard let standby else { return }
    self.standby = nil
    await standby.guest.abandon()
    do {
      _ = try await standby.vm.end()
    } catch {
      events.receive(.warning("\(error)"))
    }
  }
}
