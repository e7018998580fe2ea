internal import Foundation
internal import Glibc

/// Feeds a target with inputs that are made from seeds, each by a number of its own, so that any
/// of them can be made again.
package struct Fuzzer: Sendable {
  private let target: FuzzTarget
  private let seed: UInt64
  private let corpus: [[UInt8]]

  /// No input is longer: mutations grow what they repeat.
  private static let longest = 256 << 10

  /// The most of a processor that one input may take: without optimization, much more.
  #if DEBUG
    private static let limit = Duration.seconds(20)
  #else
    private static let limit = Duration.seconds(1)
  #endif

  /// A fuzzer whose inputs come from the target's own seeds and `corpus`.
  package init(_ target: FuzzTarget, seed: UInt64, corpus: [[UInt8]]) {
    self.target = target
    self.seed = seed
    self.corpus = target.seeds.map { Array($0.utf8) } + corpus
  }

  /// What came of a number of inputs.
  package struct Outcome: Sendable {
    /// What went wrong, a line each with the number of the input.
    package var faults: [String] = []
    /// The longest that an input took.
    package var longest = Duration.zero
    /// The number of the input that took it.
    package var slowest = 0
  }

  /// Tries the inputs of these numbers; `after` is told of each that is done.
  package func run(_ numbers: Range<Int>, after: (Int) -> Void = { _ in }) -> Outcome {
    var outcome = Outcome()
    for number in numbers {
      let input = input(number)
      let start = Self.processorTime
      let fault = target.take(input)
      let taken = Self.processorTime - start
      if taken > outcome.longest { (outcome.longest, outcome.slowest) = (taken, number) }
      if let fault { outcome.faults.append("\(target.name) \(number): \(fault)") }
      if taken > Self.limit { outcome.faults.append("\(target.name) \(number): took \(taken)") }
      after(number)
    }
    return outcome
  }

  /// What this thread has used of a processor: how busy the machine is beside it does not count.
  private static var processorTime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// The input of a number.
  package func input(_ number: Int) -> [UInt8] {
    var dice = Dice(seed: seed, number: number)
    if Int.random(in: 0..<50, using: &dice) == 0 { return noise(&dice) }
    var bytes = corpus.randomElement(using: &dice) ?? []
    var mutations = Int.random(in: 1...6, using: &dice)
    if let make = target.make, Int.random(in: 0..<4, using: &dice) > 0 {
      bytes = make(&dice)
      // Most of what is made stays well formed, since it is to reach what comes after the reader.
      mutations = max(0, mutations - 4)
    }
    for _ in 0..<mutations {
      mutate(&bytes, &dice)
      if bytes.count > Self.longest { bytes.removeSubrange(Self.longest...) }
    }
    return bytes
  }

  private func noise(_ dice: inout Dice) -> [UInt8] {
    (0..<Int.random(in: 0...200, using: &dice)).flatMap { _ -> [UInt8] in
      Bool.random(using: &dice)
        ? Array((target.pieces.randomElement(using: &dice) ?? "").utf8)
        : [UInt8.random(in: 0...255, using: &dice)]
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ dice: inout Dice) {
    let place = Int.random(in: 0...bytes.count, using: &dice)
    let end = min(bytes.count, place + Int.random(in: 0...60, using: &dice))
    switch Int.random(in: 0..<10, using: &dice) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 2: bytes.removeSubrange(place...)
    case 3 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &dice)
    case 4 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
    case 5: splice(&bytes, at: place, &dice)
    case 6: swapStrings(&bytes, &dice)
    case 7:
      let times = [2, 10, 200, 3000].randomElement(using: &dice) ?? 2
      let piece = Array((target.pieces.randomElement(using: &dice) ?? "").utf8)
      bytes.insert(contentsOf: Array(repeatElement(piece, count: times).joined()), at: place)
    default:
      bytes.insert(
        contentsOf: Array((target.pieces.randomElement(using: &dice) ?? "").utf8), at: place)
    }
  }

  /// Puts a part of another seed in.
  private func splice(_ bytes: inout [UInt8], at place: Int, _ dice: inout Dice) {
    guard let other = corpus.randomElement(using: &dice), !other.isEmpty else { return }
    let start = Int.random(in: 0..<other.count, using: &dice)
    let end = min(other.count, start + Int.random(in: 0...400, using: &dice))
    bytes.insert(contentsOf: other[start..<end], at: place)
  }

  /// Changes what stands between one pair of quotes for what stands between another: the text
  /// stays JSON, and means something else.
  private func swapStrings(_ bytes: inout [UInt8], _ dice: inout Dice) {
    let quotes = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\"") }
    guard quotes.count >= 4 else { return }
    let pairs = quotes.count / 2
    let first = Int.random(in: 0..<pairs, using: &dice) * 2
    let second = Int.random(in: 0..<pairs, using: &dice) * 2
    let source = Array(bytes[quotes[first]...quotes[first + 1]])
    bytes.replaceSubrange(quotes[second]...quotes[second + 1], with: source)
  }
}
