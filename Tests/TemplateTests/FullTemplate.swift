@testable import Template

/// Templates that between them have every field of a version of the API, made from its description.
struct FullTemplate {
  let documents: [JSONValue]

  init(_ matrix: SpecMatrix, _ version: APIVersion) {
    let maker = Maker(matrix: matrix, version: version)
    documents = matrix.kinds(of: "properties.source", in: version).sorted().flatMap { source in
      (version >= .v2022_07_01 ? ["Latest", "Source"] : ["Latest"]).map { scheme in
        maker.object("", kind: nil, Chosen(source: source, scheme: scheme))
      }
    }
  }

  /// Which kind of source and versioning a document has.
  struct Chosen {
    let source: String
    let scheme: String
  }

  private struct Maker {
    let matrix: SpecMatrix
    let version: APIVersion

    func object(_ path: String, kind: String?, _ chosen: Chosen) -> JSONValue {
      var known = matrix.fields(below: path, in: version).mapValues { ($0, path) }
      if let kind {
        let own = "\(path)<\(kind)>"
        known.merge(matrix.fields(below: own, in: version).mapValues { ($0, own) }) { $1 }
      }
      var members: [JSONMember] = []
      for (name, (entry, base)) in known.sorted(by: { $0.key < $1.key }) {
        if name == "type" || name == "scheme", let kind {
          members.append(member(name, .string(kind)))
          continue
        }
        guard !entry.isReadOnly, !isLeft(name, in: path, known.mapValues(\.0)) else { continue }
        let inner = base.isEmpty ? name : "\(base).\(name)"
        members.append(member(name, value(name, entry, inner, chosen)))
      }
      return JSONValue(.object(members))
    }

    private func member(_ name: String, _ content: JSONValue.Content) -> JSONMember {
      JSONMember(key: name, keyPosition: .start, value: JSONValue(content))
    }

    /// Whether another field stands in its place.
    private func isLeft(
      _ name: String, in path: String, _ known: [String: SpecMatrix.Entry]
    ) -> Bool {
      switch name {
      case "replicationRegions", "storageAccountType":
        known["targetRegions"] != nil && !path.hasSuffix("targetRegions[]")
      case "proxyVmSize": known["containerInstanceSubnetId"] != nil
      case "inline": known["scriptUri"] != nil || known["script"] != nil
      default: false
      }
    }

    private func value(
      _ name: String, _ entry: SpecMatrix.Entry, _ path: String, _ chosen: Chosen
    ) -> JSONValue.Content {
      switch entry.kind {
      case .string, .name: return .string(Self.texts[name] ?? "x")
      case .bool: return .bool(true)
      case .integer: return .number("7")
      case .words(let words): return .string(words[0])
      case .strings: return .array([JSONValue(.string(Self.texts[name] ?? "include:x"))])
      case .integers: return .array([JSONValue(.number("0"))])
      case .object:
        if ["tags", "artifactTags", "managedResourceTags"].contains(name) {
          return .object([member("a", .string("b"))])
        }
        if name == "userAssignedIdentities" { return .object([member("/a/b", .object([]))]) }
        let kind =
          name == "source" ? chosen.source : name == "versioning" ? chosen.scheme : nil
        return object(path, kind: kind, chosen).content
      case .objects: return .array(elements(path, chosen))
      case .other: return .null
      }
    }

    private func elements(_ path: String, _ chosen: Chosen) -> [JSONValue] {
      let kinds = matrix.kinds(of: "\(path)[]", in: version).sorted()
      guard !kinds.isEmpty else { return [object("\(path)[]", kind: nil, chosen)] }
      return kinds.enumerated().map { index, kind in
        let element = object("\(path)[]", kind: kind, chosen)
        return element["runOutputName"] == nil
          ? element
          : element.changing([.field("runOutputName")]) { _ in JSONValue(.string("o\(index)")) }
            ?? element
      }
    }

    private static let group = "/subscriptions/s/resourceGroups/g"
    private static let compute = "\(group)/providers/Microsoft.Compute"
    private static let network = "\(group)/providers/Microsoft.Network/virtualNetworks/v"

    private static let texts = [
      "imageId": "\(compute)/images/i",
      "imageVersionId": "\(compute)/galleries/g/images/i/versions/1.0.0",
      "galleryImageId": "\(compute)/galleries/g/images/i",
      "subnetId": "\(network)/subnets/s", "containerInstanceSubnetId": "\(network)/subnets/c",
      "stagingResourceGroup": group, "restartTimeout": "5m", "destination": "/tmp/x",
      "sha256Checksum": String(repeating: "a", count: 64),
    ]
  }
}
