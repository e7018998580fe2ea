import Synchronization

/// Which tenth of a work was told last.
final class LastTenth: Sendable {
  private let last = Mutex(-1)

  /// Whether `share`, from 0 to 1, is in a tenth that was not told yet.
  func isNew(_ share: Double) -> Bool {
    let tenth = Int(share * 10)
    return last.withLock { last in
      defer { last = max(last, tenth) }
      return tenth > last
    }
  }
}
