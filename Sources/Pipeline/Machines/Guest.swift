public import Digests

/// A machine as it is reached from outside: jobs run in it and files are put into it.
///
/// A guest outlives its connection: when that drops, the guest reconnects within its own limit and
/// picks up where it was, so that callers see one job that took longer (DESIGN 3).
public protocol Guest: Sendable {
  /// What the guest said of itself when it was first reached.
  var facts: GuestFacts { get }

  /// Runs `job` to its end, exactly once, and reports its output as it appears.
  ///
  /// What comes `ahead` may be on its way meanwhile, and starts by itself only where that says so.
  /// - Returns: how the job ended, as proved on the guest.
  /// - Throws: ``GuestError`` where the job could not be started, or where its end could not be
  ///   proved; `CancellationError` after the job's processes were killed.
  func run(
    _ job: GuestJob, ahead: JobsAhead, report: @escaping GuestReport
  ) async throws -> JobEnd

  /// Puts a file into the guest, whole or not at all, with its checksum compared there.
  ///
  /// A file that the user can write to but not replace, for example in a directory of root's, is
  /// overwritten once all bytes are there and found right. That is not atomic: a reader may see a
  /// part of it, and a power cut or a full disk may leave one. It keeps its owner, and its mode
  /// where that is not the user's to change.
  /// - Throws: ``GuestError`` where the guest refused or the bytes did not arrive unchanged.
  func place(_ file: PlacedFile, report: @escaping GuestReport) async throws

  /// Waits until the machine has gone down and come back with another boot identity.
  ///
  /// It has two limits: `limit` for going down, and the guest's own, that of every absence, for
  /// coming back. A machine on its way down may take one more connection, so `limit` begins anew
  /// with each that it takes.
  /// - Returns: how long it was out of reach; `nil` where it stays up.
  /// - Throws: ``GuestError`` of kind ``GuestError/Kind/lost`` when it does not come back in time.
  func awaitRestart(
    goingDownWithin limit: Duration, report: @escaping GuestReport
  ) async throws -> Duration?

  /// Runs `job`, the deprovision script, and where that ends with 0 has root take away all that the
  /// build left in the machine and power it off, and ends the connection.
  ///
  /// It happens on the connection that stands, since a deprovisioned machine takes no other
  /// (`bench.md` 4). Root says on the console what came of it, and the machine's own power-off
  /// proves that it got there: see ``BuildVM/capture()``.
  /// - Returns: how the job ended.
  /// - Throws: as ``run(_:ahead:report:)``.
  func generalize(by job: GuestJob, report: @escaping GuestReport) async throws -> JobEnd

  /// Removes all that Kiln put into the guest for this run, and ends the connection.
  /// - Throws: ``GuestError`` where the guest could not be reached to do so.
  func leave() async throws
}

/// What a guest says of itself.
public struct GuestFacts: Sendable, Hashable, Codable {
  /// The user that steps run as.
  public var user: String
  /// How that user becomes root.
  public var root: RootAccess
  /// The directory on the guest that holds this run's job directories.
  public var directory: String
  /// The boot identity: it changes with each start of the machine (DESIGN 3).
  public var bootIdentity: String

  /// Puts the facts together.
  public init(user: String, root: RootAccess, directory: String, bootIdentity: String) {
    self.user = user
    self.root = root
    self.directory = directory
    self.bootIdentity = bootIdentity
  }
}

/// How the login user of a guest becomes root.
public enum RootAccess: Sendable, Hashable, Codable {
  /// It is root.
  case already
  /// By `sudo`, which asks for no password.
  case sudo
  /// It can't, for the reason that the guest gave.
  case refused(String)
}

/// Where a guest tells what happens while it works.
public typealias GuestReport = @Sendable (GuestNews) -> Void

/// What a guest tells while a job runs or a file is placed.
public enum GuestNews: Sendable {
  /// Bytes that the job wrote, each exactly once and in order.
  case output(OutputStream, [UInt8])
  /// Bytes of the file that were sent, of how many.
  case progress(sent: Int, of: Int)
  /// The machine, which was started for this, answered for the first time, after the time given.
  case answered(after: Duration)
  /// The connection dropped, for the reason given; the guest tries to get it back.
  case connectionLost(String)
  /// The connection is back, after the time given.
  case connectionRestored(after: Duration)
  /// Something the user should know of, in a sentence.
  case warning(String)
}

/// Which of a job's two output streams bytes belong to.
public enum OutputStream: String, Sendable, Codable {
  /// Standard output.
  case stdout
  /// Standard error.
  case stderr
}

/// A script to run in a guest exactly once.
public struct GuestJob: Sendable {
  /// The name of the job on the guest: it stays the same however often the guest is reached.
  public var id: String
  /// The script's bytes, as they arrive on the guest.
  public var script: [UInt8]
  /// The checksum of ``script``, compared on the guest before it starts.
  public var digest: SHA256Digest
  /// The program that runs the script, by absolute path; on Windows `powershell`.
  public var interpreter: String
  /// The one argument that a `#!` line gives to the interpreter; empty where there is none.
  ///
  /// On Windows it is a ``PowerShellStrictness``.
  public var interpreterArgument: String
  /// Who runs it.
  public var user: JobUser
  /// Whether the script's text asks for a restart of the machine.
  public var restarts: RestartIntent

  /// Describes a job.
  public init(
    id: String, script: [UInt8], digest: SHA256Digest, interpreter: String,
    interpreterArgument: String, user: JobUser, restarts: RestartIntent
  ) {
    self.id = id
    self.script = script
    self.digest = digest
    self.interpreter = interpreter
    self.interpreterArgument = interpreterArgument
    self.user = user
    self.restarts = restarts
  }
}

/// Who runs a job on the guest.
public enum JobUser: String, Sendable, Codable {
  /// The user that logged in.
  case login
  /// The user that logged in, with all of an administrator's rights; on Windows only.
  case elevated
  /// Root: by `sudo -E` where the login user is another. On Windows the system account.
  case root
}

/// Whether a script's text asks for a restart of the machine.
public enum RestartIntent: String, Sendable {
  /// It holds no restart command.
  case none
  /// It holds one, for example `reboot`.
  case restart
}

/// How a job ended, as proved on the guest (the table of DESIGN 3).
public enum JobEnd: Sendable, Equatable {
  /// It finished with this exit code.
  case exited(Int32)
  /// It finished with this exit code while the machine was on its way down for a restart.
  case exitedBeforeRestart(Int32)
  /// Its processes are gone without an exit code, on a machine that did not restart.
  case killed
  /// The machine restarted while it ran, and was out of reach for the time given.
  case restarted(Shutdown, outOfReach: Duration)
}

/// How a machine went down.
public enum Shutdown: String, Sendable, Codable {
  /// Its processes were asked to end first.
  case orderly
  /// It stopped at once, as at a power cut or a forced restart.
  case abrupt
}

/// A file to put into a guest.
public struct PlacedFile: Sendable {
  /// The name of the transfer: it stays the same when it is taken up again.
  public var id: String
  /// Where its bytes are on this side.
  public var source: PlacedBytes
  /// Its checksum, compared on the guest.
  public var digest: SHA256Digest
  /// Its permission bits on the guest.
  public var mode: UInt16
  /// Whether it stays in the image.
  public var lifetime: Lifetime
  /// Where it goes: a full path with a file name; the directory must exist (`aib.md` c.6).
  public var destination: String

  /// Whether a placed file stays in the image.
  public enum Lifetime: String, Sendable {
    /// It is part of the result.
    case stay
    /// It is removed when the guest is left.
    case run
  }

  /// Describes a transfer.
  public init(
    id: String, source: PlacedBytes, digest: SHA256Digest, mode: UInt16, lifetime: Lifetime,
    destination: String
  ) {
    self.id = id
    self.source = source
    self.digest = digest
    self.mode = mode
    self.lifetime = lifetime
    self.destination = destination
  }
}

/// Where the bytes of a file to place are on this side.
public enum PlacedBytes: Sendable {
  /// In memory.
  case bytes([UInt8])
  /// In a file, by absolute path, with its size in bytes.
  case file(path: String, size: Int)

  /// How many they are.
  public var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(_, let size): size
    }
  }
}
