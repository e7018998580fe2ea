import Dispatch
import Pipeline
import Synchronization

/// Tells people what happens in a run, on standard error.
///
/// On a terminal one line at the bottom moves, at most ten times a second; elsewhere there are
/// plain lines without any control character.
final class Terminal: EventSink {
  /// A little less than the timer's period, so that a tick that comes early still draws.
  private static let redraw = Duration.milliseconds(90)
  private static let eraseLine = Array("\r\u{1B}[2K".utf8)

  private struct State {
    var narration: Narration
    var status = StatusLine()
    var drawn: String?
    var drawnAt: ContinuousClock.Instant
    var frame = 0
    var timer: (any DispatchSourceTimer)?
  }

  private let manner: ConsoleManner
  private let screen: Screen
  private let start: ContinuousClock.Instant
  private let queue = DispatchQueue(label: "kiln.terminal")
  private let state: Mutex<State>

  /// Tells of a run whose log is at the path `log`.
  init(_ manner: ConsoleManner, log: String, screen: Screen = .standardError) {
    self.manner = manner
    self.screen = screen
    start = .now
    state = Mutex(State(narration: Narration(manner, log: log), drawnAt: start - Self.redraw))
  }

  deinit { close() }

  /// Tells what happened.
  func receive(_ event: BuildEvent) {
    let columns = screen.columns()
    state.withLock { state in
      var bytes = state.narration.tell(event, columns: columns)
      guard isMoving else { return screen.write(bytes) }
      state.status.take(event)
      if case .runFinished = event { stop(&state) } else { keepMoving(&state) }
      if !bytes.isEmpty, state.drawn != nil {
        bytes = Self.eraseLine + bytes
        state.drawn = nil
      }
      bytes += draw(&state, columns)
      if !bytes.isEmpty { screen.write(bytes) }
    }
  }

  /// Leaves the terminal clean; nothing moves from then on until something happens again.
  func close() {
    state.withLock { state in
      stop(&state)
      if state.drawn != nil { screen.write(Self.eraseLine) }
      state.drawn = nil
    }
  }

  private var isMoving: Bool { manner.display == .live && manner.volume == .normal }

  private func keepMoving(_ state: inout State) {
    guard state.timer == nil else { return }
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + 0.1, repeating: 0.1, leeway: .milliseconds(20))
    timer.setEventHandler { [weak self] in self?.tick() }
    state.timer = timer
    timer.resume()
  }

  private func stop(_ state: inout State) {
    state.timer?.cancel()
    state.timer = nil
    state.status.clear()
  }

  private func tick() {
    let columns = screen.columns()
    state.withLock { state in
      state.frame += 1
      let bytes = draw(&state, columns)
      if !bytes.isEmpty { screen.write(bytes) }
    }
  }

  /// What draws the status line; nothing where it stands there already, or was drawn just now.
  private func draw(_ state: inout State, _ columns: Int) -> [UInt8] {
    let now = ContinuousClock.now
    guard state.drawnAt.duration(to: now) >= Self.redraw else { return [] }
    let elapsed = start.duration(to: now)
    let line = state.status.text(elapsed: elapsed, frame: state.frame, columns: columns)
    guard line != state.drawn else { return [] }
    state.drawn = line
    state.drawnAt = now
    return Self.eraseLine + Array((line ?? "").utf8)
  }
}
