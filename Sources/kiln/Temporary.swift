import Pipeline
import SSH
import Template
struct Console: EventSink {
  init(_ a: BakingArguments) {}
  func show(_ plan: Plan) {}
  func show(_ d: [Diagnostic], in file: String) { for x in d { print(x.rendered(in: file)) } }
  func receive(_ event: BuildEvent) { print(event) }
}
struct SSHDestination { let t: ResolvedTarget
  init(parsing: String) throws { let r = parsing.dropFirst(6).split(separator: "@"); let h = r[1].split(separator: ":"); t = ResolvedTarget(user: String(r[0]), host: String(h[0]), port: UInt16(h[1]) ?? 22) } }
struct SSHClientConfig { static func load(home: String) throws -> SSHClientConfig { .init() }
 func resolve(_ d: SSHDestination) -> ResolvedTarget { d.t } }
