/// One of Azure's machine sizes.
public struct MachineSize: Sendable, Hashable {
  /// Its name, as Azure spells it: `Standard_D2s_v5`.
  public let name: String
  /// How many virtual processors it has.
  public let cpus: Int
  /// Its memory, in MiB.
  public let memory: Int

  /// A size as it can be had on this host.
  public struct Fitted: Sendable, Hashable {
    /// How many virtual processors.
    public let cpus: Int
    /// The memory, in MiB.
    public let memory: Int
    /// What the user has to know where it is less than asked for; `nil` where it is not.
    public let warning: String?
  }

  /// What of this size the host can give: no more processors than it has, and memory that is free
  /// now, with some left for QEMU and for everything else.
  public func fitted(to host: HostCapacity) -> Fitted {
    let cpus = min(cpus, host.cpus)
    let memory = min(memory, max(HostNeeds.leastMemory, host.memoryForGuests))
    var less: [String] = []
    if cpus < self.cpus { less.append("\(cpus) of \(self.cpus) processors") }
    if memory < self.memory { less.append("\(memory) of \(self.memory) MiB of memory") }
    let warning =
      less.isEmpty
      ? nil
      : "the host is smaller than \(name): the build VM has \(less.joined(separator: " and "))"
    return Fitted(cpus: cpus, memory: memory, warning: warning)
  }
}

/// Azure's machine sizes that builds are run on.
///
/// From Microsoft's "Sizes for virtual machines in Azure". GPU, HPC, storage and M sizes are not
/// among them: nobody has those at home.
public enum MachineSizes {
  /// All of them, in order of their families.
  public static let all: [MachineSize] = families.flatMap(\.sizes)

  /// The size with this name, in any mix of capitals.
  /// - Throws: ``UnknownMachineSize`` with the names that are most like it.
  public static func named(_ name: String) throws(UnknownMachineSize) -> MachineSize {
    guard let size = byName[name.lowercased()] else { throw UnknownMachineSize(name: name) }
    return size
  }

  private static let byName: [String: MachineSize] = Dictionary(
    all.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })

  private static let families = a + b + d + e + f
}

/// A name that is none of a machine size that is known here.
public struct UnknownMachineSize: Error, Sendable, Hashable, CustomStringConvertible {
  /// The name.
  public let name: String
  /// Names that are much like it, the nearest first; at most three.
  public let near: [String]

  init(name: String) {
    self.name = name
    let ranked = MachineSizes.all.map { size in
      let (known, asked) = (size.name.lowercased(), name.lowercased())
      return (distance(known, asked), -known.commonPrefix(with: asked), size.name)
    }
    near = ranked.filter { $0.0 <= 3 }.sorted { $0 < $1 }.prefix(3).map(\.2)
  }

  /// What the user reads.
  public var description: String {
    "could not size the build VM: `\(name)` is no size that is known here"
  }

  /// What the user can do next.
  public var hint: String {
    near.isEmpty
      ? "use a size of Azure's A, B, D, E or F families, such as Standard_D2s_v5"
      : "did you mean \(near.joined(separator: ", "))?"
  }
}

extension String {
  /// How many bytes two texts have in common at their beginning.
  fileprivate func commonPrefix(with other: String) -> Int {
    zip(utf8, other.utf8).prefix { $0 == $1 }.count
  }
}

/// How many letters have to be put in, left out or changed to make one text of the other
/// (Levenshtein).
private func distance(_ left: String, _ right: String) -> Int {
  let right = Array(right.utf8)
  var row = Array(0...right.count)
  for (line, letter) in left.utf8.enumerated() {
    var diagonal = row[0]
    row[0] = line + 1
    for (column, other) in right.enumerated() {
      let changed = diagonal + (letter == other ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(changed, diagonal + 1, row[column] + 1)
    }
  }
  return row[right.count]
}
