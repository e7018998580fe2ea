import Pipeline
import Template

/// A template that was baked, whatever came of it.
struct BakedTemplate {
  let directory: RunDirectory
  let result: RunResult
}

/// The image templates of one file, baked in the order that they depend on each other.
struct BakingCompany {
  /// What came of one of them.
  enum End {
    case baked(BakedTemplate)
    /// It could not be begun; the reason is told.
    case fault(KilnExit)
    /// One that it depends on did not succeed.
    case skipped

    var directory: RunDirectory? {
      guard case .baked(let baked) = self else { return nil }
      return baked.directory
    }

    var exit: KilnExit {
      switch self {
      case .baked(let baked): KilnExit(rawValue: baked.result.exitCode) ?? .failed
      case .fault(let exit): exit
      case .skipped: .failed
      }
    }
  }

  private let reading: DocumentReading
  private let chosen: Set<Int>
  private let jobs: Int

  init(_ reading: DocumentReading, _ chosen: [Int], jobs: Int) {
    self.reading = reading
    self.chosen = Set(chosen)
    self.jobs = jobs
  }

  /// Bakes each as soon as those that it depends on are done and there is room for it.
  /// - Returns: what came of each, in the order of the file.
  func bake(
    _ signals: Signals,
    _ bake: @escaping @Sendable (DocumentReading.Entry) async throws -> BakedTemplate
  ) async -> [End] {
    var ends: [Int: End] = [:]
    var running: Set<Int> = []
    await withTaskGroup(of: (Int, End).self) { group in
      while true {
        for place in chosen.sorted() where ends[place] == nil && !running.contains(place) {
          let needed = reading.templates[place].dependsOn.intersection(chosen)
          if signals.stop != nil || needed.contains(where: { ends[$0].map(hasFailed) ?? false }) {
            ends[place] = .skipped
            tellSkipped(place)
          } else if running.count < jobs, needed.allSatisfy({ ends[$0] != nil }) {
            running.insert(place)
            let entry = reading.templates[place]
            group.addTask { (place, await Self.end(of: entry, bake)) }
          }
        }
        guard let (place, end) = await group.next() else { break }
        running.remove(place)
        ends[place] = end
      }
    }
    return ends.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func end(
    of entry: DocumentReading.Entry,
    _ bake: @Sendable (DocumentReading.Entry) async throws -> BakedTemplate
  ) async -> End {
    do {
      return .baked(try await bake(entry))
    } catch {
      StandardError.write("\(entry.name): could not be baked")
      return .fault(Leaving(error).tell())
    }
  }

  private func hasFailed(_ end: End) -> Bool { end.exit != .succeeded }

  private func tellSkipped(_ place: Int) {
    StandardError.write(
      "\(reading.templates[place].name): not baked, for one that it depends on did not succeed")
  }

  /// The exit code of all together: partial success where some succeeded.
  static func exit(of ends: [End], stop: KilnExit?) -> KilnExit {
    if let stop { return stop }
    let failed = ends.filter { $0.exit != .succeeded }
    guard let first = failed.first else { return .succeeded }
    return failed.count < ends.count ? .partiallySucceeded : first.exit
  }
}
