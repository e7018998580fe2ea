internal import Disks
internal import Foundation
internal import Guests
internal import Layers
internal import Pipeline
internal import SystemPackage

/// Keeping a state: the machine is halted while it is written, and waits for nothing else.
extension KeptVM {
  private static let doneLimit = Duration.seconds(300)
  /// How many states may wait to be compressed: steps that take a second each come faster than that
  /// goes beside them, and the way down of the machine is time to catch up.
  private static let unfinishedAtMost = 4

  /// Waits until there are few enough states that take the room of the whole memory.
  func awaitRoom() async throws {
    while unfinished.count >= Self.unfinishedAtMost || (!unfinished.isEmpty && !hasRoom) {
      try await unfinished.removeFirst().get()
    }
    if !hasRoom { last?.removePlain() }
  }

  /// Whether the disk takes the memory twice.
  ///
  /// A host that does not tell is taken to have room: that a disk is full is found when it is written
  /// to.
  private var hasRoom: Bool {
    guard keeping.form == .live, let place = current?.directory.string,
      let host = try? HostCapacity.current(directory: place)
    else { return true }
    return host.diskFree > Int64(memory) << 21
  }

  func awaitFinished() async throws {
    while !unfinished.isEmpty { try await unfinished.removeFirst().get() }
    try await prepared?.get()
  }

  func write(_ moment: StateMoment, as key: StepKey) async throws {
    guard let machine = await vm.machine, let guest, let layer = current else { return }
    let rivalry: LayerRivalry = keeping.reuse.covers(moment) ? .firstWins : .replace
    if rivalry == .firstWins, try await keeping.store.has(key.digest) { return }
    let start = ContinuousClock.now
    let next: Next
    if let ready = self.next { next = ready } else { next = try await makeNext(on: layer) }
    try layer.takeKeys(from: place)
    if keeping.form == .disk { try await guest.pack { _ in } }
    let memory = keeping.form == .live ? try await memoryFile(for: layer) : nil
    snapshots += 1
    var moved = false
    do {
      try await machine.snapshot(
        memory.map { .memory(to: $0.plain) } ?? .disks, number: snapshots, overlays: next.overlays
      ) { moved = true }
    } catch {
      if moved { await move(to: next.layer, over: layer) }
      let cause = memory?.cause(of: error) ?? error
      memory?.remove()
      throw cause
    }
    await move(to: next.layer, over: layer)
    if keeping.form == .disk { try await guest.unpack { _ in } }
    let manifest = try await manifest(key, moment, guest)
    parent = layer.id
    let pause = ContinuousClock.now - start
    prepared = preparing.add { await self.prepareNext() }
    unfinished.append(
      finishing.add { await self.finish(layer, memory, manifest, rivalry, moment, pause) })
  }

  /// Does what needs no halted machine.
  private func finish(
    _ layer: OpenLayer, _ memory: MemoryFile?, _ manifest: LayerManifest, _ rivalry: LayerRivalry,
    _ moment: StateMoment, _ pause: Duration
  ) async {
    guard !isBroken else {
      memory?.remove()
      return
    }
    do {
      if let memory {
        let kept = try await memory.keep(over: last, within: Self.doneLimit)
        last?.removePlain()
        last = LastMemory(kept: kept, plain: memory.plain)
        // Gone now, beside the machine: nobody waits for that in the end.
        if moment.number == lastMoment { last?.removePlain() }
      }
      _ = try await keeping.store.keep(layer, as: manifest, rivalry)
      events.receive(.stateKept(step: moment.number, after: pause))
    } catch is CancellationError {
      (key, isBroken) = (nil, true)
    } catch {
      let cause = memory?.cause(of: error) ?? error
      memory?.remove()
      last?.removePlain()
      isBroken = true
      giveUp(moment, cause)
    }
  }

  /// Makes the next layer beforehand; where that fails, it is tried again when it is needed, and told
  /// then.
  func prepareNext() async {
    guard key != nil, let current else { return }
    next = try? await makeNext(on: current)
  }

  private func makeNext(on layer: OpenLayer) async throws -> Next {
    let open = try await keeping.store.begin()
    return Next(layer: open, overlays: try await makeOverlays(in: open, on: layer))
  }

  private func makeOverlays(
    in next: OpenLayer, on layer: OpenLayer
  ) async throws -> [String] {
    var paths: [String] = []
    for (number, size) in sizes.enumerated() {
      let path = next.file(LayerFile.disk(number))
      let base = DiskImage(FilePath(layer.file(LayerFile.disk(number))), format: .qcow2)
      _ = try await disks.createOverlay(at: FilePath(path), onOpen: base, size: size)
      paths.append(path)
    }
    return paths
  }

  private func move(to next: OpenLayer, over layer: OpenLayer) async {
    held.append(layer)
    current = next
    self.next = nil
    await vm.move(to: next.file(LayerFile.disk(0)))
  }

  private func manifest(
    _ key: StepKey, _ moment: StateMoment, _ guest: SSHGuest
  ) async throws -> LayerManifest {
    let keys = await vm.publicKeys
    var details = [
      StateDetail.clientKey: keys?.client ?? "", StateDetail.hostKey: keys?.host ?? "",
      StateDetail.guestDirectory: guest.facts.directory,
    ]
    if keeping.form == .live, await vm.machine?.agentPort?.isOpen == true, await guest.listens {
      details[StateDetail.agent] = try SSHGuest.agentVersion()
    }
    return LayerManifest(
      key: key.digest, parent: parent, form: keeping.form.rawValue,
      step: "\(moment.number). \(moment.title)", template: plan.template,
      run: place.run.run.text, made: Int(Date().timeIntervalSince1970),
      details: details)
  }
}
