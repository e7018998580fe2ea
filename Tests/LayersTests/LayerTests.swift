import Digests
import Layers
import SystemPackage
import TestSupport
import Testing

/// The kept states of this machine, as a store of layers.
struct LayerTests {
  @Test func `a layer is found by its key, and not before it has one`() async throws {
    try await StoreRig.with { rig in
      let layer = try await rig.begin()
      #expect(try await rig.store.use(try rig.key("a")) == nil)
      let fate = try await rig.keep(layer, "a")
      #expect(fate == .kept)
      let use = try #require(try await rig.store.use(try rig.key("a")))
      #expect(use.layer.id == layer.id)
      #expect(use.layer.manifest.files.map(\.name) == ["disk-0.qcow2", "memory.zst"])
    }
  }

  @Test func `of two builds that keep one state, the first wins and the other's is dropped`()
    async throws
  {
    try await StoreRig.with { rig in
      let first = try await rig.begin()
      var second: OpenLayer? = try await rig.begin()
      #expect(try await rig.keep(first, "a") == .kept)
      #expect(try await rig.keep(#require(second), "a") == .outrun)
      let id = try #require(second?.id)
      _ = try await rig.store.prune(to: .max)
      #expect(rig.layers.contains(id), "its own build still writes on it")
      second = nil
      _ = try await rig.store.prune(to: .max)
      #expect(rig.layers == [first.id])
    }
  }

  @Test func `a layer that lies on one that was outrun keeps that`() async throws {
    try await StoreRig.with { rig in
      let winner = try await rig.begin()
      _ = try await rig.keep(winner, "a")
      var outrun: OpenLayer? = try await rig.begin()
      var child: OpenLayer? = try await rig.begin()
      let below = try #require(outrun?.id)
      _ = try await rig.keep(#require(outrun), "a")
      _ = try await rig.keep(#require(child), "b", on: below)
      (outrun, child) = (nil, nil)
      _ = try await rig.store.prune(to: .max)
      let use = try #require(try await rig.store.use(try rig.key("b")))
      #expect(use.chain.map(\.id).first == below)
    }
  }

  @Test func `one changed byte in a layer, or in one below it, is found`() async throws {
    for (damaged, file) in [("a", "disk-0.qcow2"), ("b", "disk-0.qcow2"), ("b", "memory.zst")] {
      try await StoreRig.with { rig in
        let ids = try await rig.chain("a", "b")
        try rig.flip(#require(ids[damaged]), file)
        let error = await #expect(throws: LayerError.self) {
          try await rig.store.use(try rig.key("b"))?.verify()
        }
        guard case .damaged = error?.reason else {
          Issue.record("\(String(describing: error))")
          return
        }
        try await rig.store.discard(try rig.key("b").hex)
        #expect(try await rig.store.use(try rig.key("b")) == nil)
      }
    }
  }

  @Test func `of what lies below, files that are needed are looked at, too`() async throws {
    try await StoreRig.with { rig in
      let ids = try await rig.chain("a", "b")
      try rig.flip(#require(ids["a"]), "memory.zst")
      let use = try #require(try await rig.store.use(try rig.key("b")))
      try await use.verify()
      let error = await #expect(throws: LayerError.self) {
        try await use.verify { below, name in below.id == ids["a"] && name == "memory.zst" }
      }
      #expect("\(try #require(error))".contains("memory.zst` is not what was written"))
    }
  }

  @Test func `what is missing is damage, too`() async throws {
    try await StoreRig.with { rig in
      let ids = try await rig.chain("a", "b")
      try rig.remove(#require(ids["a"]), "disk-0.qcow2")
      await #expect(throws: LayerError.self) {
        try await rig.store.use(try rig.key("b"))?.verify()
      }
      try rig.remove(#require(ids["b"]), "manifest.json")
      await #expect(throws: LayerError.self) {
        try await rig.store.use(try rig.key("b"))?.verify()
      }
    }
  }

  @Test func `pruning takes what was used least recently, and never what a build uses`()
    async throws
  {
    try await StoreRig.with { rig in
      let ids = try await rig.chain("a", "b", "c")
      let other = try await rig.chain("x")
      try rig.age(#require(ids["a"]), 300)
      try rig.age(#require(ids["b"]), 200)
      try rig.age(#require(ids["c"]), 100)
      try rig.age(#require(other["x"]), 400)
      let use = try #require(try await rig.store.use(try rig.key("b")))
      let removal = try await rig.store.prune(to: 0)
      #expect(removal.layers == 2)
      #expect(Set(rig.layers) == Set([ids["a"], ids["b"]].compactMap(\.self)))
      await #expect(throws: LayerError.self) { try await rig.store.remove(use.layer) }
    }
  }

  @Test func `a layer goes with all that lie on it`() async throws {
    try await StoreRig.with { rig in
      _ = try await rig.chain("a", "b", "c")
      let entry = try await rig.store.find(String(try rig.key("b").hex.prefix(9)))
      let removal = try await rig.store.remove(entry.layer)
      #expect(removal.layers == 2)
      #expect(try await rig.store.list().map(\.layer.manifest.step) == ["a"])
    }
  }

  @Test func `a new layer takes the place of the old one where it should`() async throws {
    try await StoreRig.with { rig in
      _ = try await rig.chain("a", "b")
      let new = try await rig.begin()
      #expect(try await rig.keep(new, "a", .replace) == .kept)
      #expect(try await rig.store.use(try rig.key("a"))?.layer.id == new.id)
      #expect(try await rig.store.use(try rig.key("b")) != nil, "it lies on the old one")
    }
  }
}
