import Foundation
import TestSupport

/// A moment of a bake at which `kiln` is killed: so long after something was told.
struct KillMoment: CustomStringConvertible {
  /// What the line of `events.jsonl` holds that it comes after; empty for the start of `kiln`.
  let event: String
  /// How long after that: a part of this, by chance.
  let within: Duration

  /// Before and while the machine starts: they cost seconds.
  static let early = [
    KillMoment(event: "", within: .milliseconds(100)),
    KillMoment(event: "", within: .milliseconds(200)),
    KillMoment(event: "", within: .milliseconds(400)),
    KillMoment(event: "", within: .milliseconds(800)),
    KillMoment(event: #""type":"runStarted""#, within: .milliseconds(50)),
    KillMoment(event: #""phase":"Building""#, within: .milliseconds(100)),
    KillMoment(event: #""phase":"Building""#, within: .milliseconds(300)),
    KillMoment(event: #""phase":"Building""#, within: .seconds(3)),
  ]

  /// While the machine is up.
  static let customizing = [
    KillMoment(event: #""phase":"Building""#, within: .seconds(25)),
    KillMoment(event: #""phase":"Customizing""#, within: .seconds(1)),
    KillMoment(event: #""text":"under way\n""#, within: .seconds(1)),
    KillMoment(
      event: #""type":"stepFinished","result":{"exitCode":0,"name":"one""#, within: .seconds(1)),
    KillMoment(
      event: #""type":"stepStarted","outline":{"name":"Deprovision""#, within: .seconds(3)),
    KillMoment(event: #""result":{"exitCode":0,"name":"Deprovision""#, within: .seconds(8)),
  ]

  /// While the image is validated.
  static let validating = [
    KillMoment(event: #""phase":"Validating""#, within: .seconds(1)),
    KillMoment(event: #""phase":"Validating""#, within: .seconds(20)),
  ]

  /// While the image is written.
  static let distributing = [
    KillMoment(event: #""phase":"Distributing""#, within: .milliseconds(100)),
    KillMoment(event: #""type":"outputStarted""#, within: .milliseconds(400)),
    KillMoment(event: #""type":"outputProgress""#, within: .milliseconds(400)),
    KillMoment(event: #""type":"outputFinished""#, within: .milliseconds(600)),
  ]

  var description: String { "\(within) after \(event.isEmpty ? "the start" : event)" }

  /// Kills `kiln` at this moment, or a little before where it ends by itself.
  func kill(_ kiln: KilnProcess, events: () throws -> String, _ chance: inout Chance) async throws {
    let delay = within * chance.share()
    try await waitUntil("\(self)", limit: .seconds(600)) {
      try event.isEmpty || events().contains(event) || kiln.hasEnded
    }
    let moment = ContinuousClock.now + delay
    try await waitUntil("\(self)", limit: .seconds(60)) {
      try ContinuousClock.now >= moment || kiln.hasEnded
    }
    kiln.send(SIGKILL)
  }
}

/// What chance gives, the same again for the same seed (SplitMix64).
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 to 1.
  mutating func share() -> Double { Double.random(in: 0...1, using: &self) }
}
