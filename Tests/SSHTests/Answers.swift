import SSH
import Synchronization

/// A user who gives these answers, one after the other, and then none.
final class Answers: Sendable {
  private let state: Mutex<(left: [String], asked: Int)>

  init(_ answers: String...) { state = Mutex((answers, 0)) }

  var asked: Int { state.withLock { $0.asked } }

  func next() -> Secret? {
    state.withLock { state in
      state.asked += 1
      return state.left.isEmpty ? nil : Secret(state.left.removeFirst())
    }
  }
}
