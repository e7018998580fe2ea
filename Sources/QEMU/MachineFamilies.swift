/// Sizes that are named alike.
struct MachineFamily: Sendable {
  let sizes: [MachineSize]

  /// Sizes whose memory, in GiB, goes by the number of processors, which stands for `#`.
  fileprivate init(_ patterns: [String], _ cpus: [Int], each gibibytes: Int) {
    self.init(patterns, cpus.map { ($0, Double($0 * gibibytes)) })
  }

  /// Sizes with the number of processors, which stands for `#`, and the memory in GiB.
  fileprivate init(_ patterns: [String], _ sizes: [(cpus: Int, gibibytes: Double)]) {
    self.sizes = patterns.flatMap { pattern in
      sizes.map { size in
        let parts = pattern.split(separator: "#", omittingEmptySubsequences: false)
        return MachineSize(
          name: "Standard_" + parts.joined(separator: "\(size.cpus)"), cpus: size.cpus,
          memory: Int(size.gibibytes * 1024))
      }
    }
  }

  /// Sizes whose names say nothing; memory in GiB.
  fileprivate init(_ sizes: [(name: String, cpus: Int, gibibytes: Double)]) {
    self.sizes = sizes.map {
      MachineSize(name: "Standard_\($0.name)", cpus: $0.cpus, memory: Int($0.gibibytes * 1024))
    }
  }
}

private let to48 = [2, 4, 8, 16, 32, 48]
private let to64 = to48 + [64]
private let to96 = to64 + [96]

extension MachineSizes {
  static let a = [
    MachineFamily([
      ("A0", 1, 0.75), ("A1", 1, 1.75), ("A2", 2, 3.5), ("A3", 4, 7), ("A4", 8, 14),
      ("A5", 2, 14), ("A6", 4, 28), ("A7", 8, 56),
    ]),
    MachineFamily(["A#_v2"], [1, 2, 4, 8], each: 2),
    MachineFamily(["A#m_v2"], [2, 4, 8], each: 8),
  ]

  static let b = [
    MachineFamily([("B1ls", 1, 0.5), ("B1s", 1, 1), ("B1ms", 1, 2), ("B2s", 2, 4)]),
    MachineFamily(["B#ms"], [2, 4, 8, 12, 16, 20], each: 4),
    MachineFamily(["B#ts_v2", "B#ats_v2", "B#pts_v2"], [(2, 1)]),
    MachineFamily(["B#ls_v2", "B#als_v2"], [(2, 4), (4, 8), (8, 16), (16, 32), (32, 64)]),
    MachineFamily(["B#s_v2", "B#as_v2"], [2, 4, 8, 16, 32], each: 4),
    MachineFamily(["B#pls_v2"], [2, 4, 8, 16], each: 2),
    MachineFamily(["B#ps_v2"], [2, 4, 8, 16], each: 4),
  ]

  /// The first two generations number their sizes from 1, and from 11 those with more memory.
  static let d = [
    numbered(["D#", "DS#", "D#_v2", "DS#_v2"]),
    [
      MachineFamily([
        ("D5_v2", 16, 56), ("DS5_v2", 16, 56), ("D15_v2", 20, 140), ("DS15_v2", 20, 140),
      ]),
      MachineFamily(["D#_v3", "D#s_v3"], to64, each: 4),
      MachineFamily(["D#_v4", "D#s_v4", "D#d_v4", "D#ds_v4"], to64, each: 4),
      MachineFamily(["D#a_v4", "D#as_v4"], to96, each: 4),
      MachineFamily(
        ["D#_v5", "D#s_v5", "D#d_v5", "D#ds_v5", "D#as_v5", "D#ads_v5"], to96, each: 4),
      MachineFamily(["D#ls_v5", "D#lds_v5"], to96, each: 2),
      MachineFamily(["D#ps_v5", "D#pds_v5"], to48, each: 4),
      MachineFamily(["D#pls_v5", "D#plds_v5"], to64, each: 2),
      MachineFamily(
        ["D#s_v6", "D#ds_v6", "D#as_v6", "D#ads_v6", "D#ps_v6", "D#pds_v6"], to96, each: 4),
      MachineFamily(
        ["D#ls_v6", "D#lds_v6", "D#als_v6", "D#alds_v6", "D#pls_v6", "D#plds_v6"], to96, each: 2),
    ],
  ].flatMap(\.self)

  private static func numbered(_ patterns: [String]) -> [MachineFamily] {
    let sizes: [(Int, Int, Double)] = [
      (1, 1, 3.5), (2, 2, 7), (3, 4, 14), (4, 8, 28), (11, 2, 14), (12, 4, 28), (13, 8, 56),
      (14, 16, 112),
    ]
    return patterns.map { pattern in
      MachineFamily(
        sizes.map { number, cpus, gibibytes in
          let parts = pattern.split(separator: "#", omittingEmptySubsequences: false)
          return (parts.joined(separator: "\(number)"), cpus, gibibytes)
        })
    }
  }

  static let e = [
    MachineFamily(["E#_v3", "E#s_v3"], [2, 4, 8, 16, 20, 32, 48], each: 8),
    MachineFamily([("E64_v3", 64, 432), ("E64s_v3", 64, 432)]),
    MachineFamily(
      ["E#_v4", "E#s_v4", "E#d_v4", "E#ds_v4"], [2, 4, 8, 16, 20, 32, 48], each: 8),
    MachineFamily(["E#_v4", "E#s_v4", "E#d_v4", "E#ds_v4"], [(64, 504)]),
    MachineFamily(["E#a_v4", "E#as_v4"], [2, 4, 8, 16, 20, 32, 48, 64], each: 8),
    MachineFamily(["E#a_v4", "E#as_v4"], [(96, 672)]),
    MachineFamily(
      ["E#_v5", "E#s_v5", "E#d_v5", "E#ds_v5", "E#as_v5", "E#ads_v5"],
      [2, 4, 8, 16, 20, 32, 48, 64], each: 8),
    MachineFamily(
      ["E#_v5", "E#s_v5", "E#d_v5", "E#ds_v5", "E#as_v5", "E#ads_v5"], [(96, 672)]),
    MachineFamily(
      ["E#s_v6", "E#ds_v6", "E#as_v6", "E#ads_v6"], [2, 4, 8, 16, 32, 48, 64], each: 8),
  ]

  static let f = [
    MachineFamily(["F#", "F#s"], [1, 2, 4, 8, 16], each: 2),
    MachineFamily(["F#s_v2"], [2, 4, 8, 16, 32, 48, 64, 72], each: 2),
    MachineFamily(["F#as_v6"], to64, each: 4),
    MachineFamily(["F#als_v6"], to64, each: 2),
    MachineFamily(["F#ams_v6"], to64, each: 8),
  ]
}
