internal import Glibc

/// All runs of a user: the directory that holds their directories.
public struct RunArchive: Sendable {
  /// How often a name is drawn anew when another run has it.
  static let drawLimit = 16
  /// How many near names an error lists.
  static let nearLimit = 3

  /// The directory's absolute path.
  public let path: String

  /// The runs in the directory at `path`, which need not exist.
  public init(path: String) { self.path = path }

  /// The runs under `XDG_STATE_HOME`, or under `~/.local/state` where that is not set.
  /// - Throws: ``RecordError`` where `environment` has neither that nor `HOME`.
  public init(environment: [String: String]) throws(RecordError) {
    // The XDG specification has relative paths ignored.
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      path = state + "/kiln/runs"
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      path = home + "/.local/state/kiln/runs"
    } else {
      throw RecordError(
        .nowhere,
        "could not find the directory of the runs: neither XDG_STATE_HOME nor HOME is set",
        hint: "set XDG_STATE_HOME to an absolute path")
    }
  }

  /// Makes the directory of a new run that starts at `time`, with nothing in it but `outputs/`.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func create(at time: Timestamp) throws(RecordError) -> RunDirectory {
    try makeParents()
    for _ in 0..<Self.drawLimit {
      let directory = RunDirectory(run: RunID(at: time), in: path)
      if mkdir(directory.path, 0o700) == 0 {
        guard mkdir(directory.outputsPath, 0o700) == 0 else {
          throw .refused("make `\(directory.outputsPath)`", errno)
        }
        try WholeFile.syncDirectory(of: directory.path)
        return directory
      }
      guard errno == EEXIST else { throw .refused("make `\(directory.path)`", errno) }
    }
    throw RecordError(.file, "could not make a directory in `\(path)`: every name was taken")
  }

  /// Makes the directory of a new run that starts at `time`, with its first record in it: it
  /// appears so or not at all, whenever this process is killed, from a directory beside the runs.
  /// - Throws: ``RecordError`` with the file system's reason, or what `record` throws.
  public func create(
    at time: Timestamp, record: (RunID) throws(RecordError) -> RunRecord
  ) throws(RecordError) -> RunDirectory {
    try makeParents()
    let staged = try RunArchive(path: path + ".new").create(at: time)
    try staged.write(record(staged.run))
    let directory = RunDirectory(run: staged.run, in: path)
    guard rename(staged.path, directory.path) == 0 else {
      throw .refused("make `\(directory.path)`", errno)
    }
    try WholeFile.syncDirectory(of: directory.path)
    return directory
  }

  /// Removes what was staged for runs that never began, once it is older than `age`.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func removeUnbegun(olderThan age: Duration) throws(RecordError) {
    for directory in try RunArchive(path: path + ".new").all() {
      var status = stat()
      guard stat(directory.path, &status) == 0,
        status.st_mtim.tv_sec < time(nil) - Int(age.components.seconds)
      else { continue }
      unlink(directory.recordPath)
      rmdir(directory.outputsPath)
      rmdir(directory.path)
    }
  }

  /// The runs, newest first; an empty list where there never was one.
  /// - Throws: ``RecordError`` with the file system's reason.
  public func all() throws(RecordError) -> [RunDirectory] {
    guard let handle = opendir(path) else {
      if errno == ENOENT { return [] }
      throw .refused("list `\(path)`", errno)
    }
    defer { closedir(handle) }
    var runs: [RunID] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let run = RunID(name) { runs.append(run) }
    }
    return runs.sorted(by: >).map { RunDirectory(run: $0, in: path) }
  }

  /// The run that `name` means: a whole name, the beginning of one, or `latest`.
  /// - Throws: ``RecordError`` of kind ``RecordError/Kind/unknownRun`` or
  ///   ``RecordError/Kind/ambiguousRun``.
  public func find(_ name: String) throws(RecordError) -> RunDirectory {
    let all = try all()
    if name == "latest" {
      guard let last = latest(of: all) else { throw unknown(name, all) }
      return last
    }
    let matches = name.isEmpty ? [] : all.filter { $0.run.text.hasPrefix(name) }
    switch matches.count {
    case 0: throw unknown(name, all)
    case 1: return matches[0]
    default:
      let names = matches.prefix(Self.nearLimit).map { "`\($0.run)`" }.joined(separator: ", ")
      let more = matches.count > Self.nearLimit ? ", …" : ""
      throw RecordError(
        .ambiguousRun, "could not find run `\(name)`: \(matches.count) runs begin so",
        hint: "name one of them: \(names)\(more)")
    }
  }

  /// The run that started last; among those of one second, their records decide.
  private func latest(of all: [RunDirectory]) -> RunDirectory? {
    guard let first = all.first else { return nil }
    let second = first.run.text.dropLast(5)
    let rivals = all.prefix { $0.run.text.hasPrefix(second) }
    guard rivals.count > 1 else { return first }
    func start(_ run: RunDirectory) -> Timestamp {
      // A run without a readable record has only just begun, or never will.
      (try? run.record().lastRunStatus.startTime) ?? .never
    }
    return rivals.max { start($0) < start($1) }
  }

  private func unknown(_ name: String, _ all: [RunDirectory]) -> RecordError {
    guard !all.isEmpty else {
      return RecordError(
        .unknownRun, "could not find run `\(name)`: there are no runs in `\(path)`",
        hint: "`kiln build` makes one")
    }
    func common(_ run: RunDirectory) -> Int {
      zip(run.run.text, name).prefix { $0 == $1 }.count
    }
    let near = all.enumerated().sorted {
      (-common($0.element), $0.offset) < (-common($1.element), $1.offset)
    }
    let names = near.prefix(Self.nearLimit).map { "`\($0.element.run)`" }.joined(separator: ", ")
    return RecordError(
      .unknownRun, "could not find run `\(name)`: no run has that name",
      hint: "the nearest are \(names); `kiln runs` lists them all")
  }

  private func makeParents() throws(RecordError) {
    var made = ""
    for piece in path.split(separator: "/") {
      made += "/" + piece
      guard mkdir(made, 0o700) != 0, case let code = errno, code != EEXIST else { continue }
      guard access(made, F_OK) == 0 else { throw .refused("make `\(made)`", code) }
    }
  }
}
