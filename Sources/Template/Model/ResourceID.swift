/// The id of an Azure resource: `/subscriptions/…/resourceGroups/…/providers/…`.
///
/// Ids are compared without regard to case, as Azure does.
public struct ResourceID: Sendable {
  /// The id as it is written.
  public let text: String

  /// The id's parts: a kind, as in `resourceGroups`, and a name each.
  ///
  /// The part of kind `providers` has the provider's namespace as its name.
  private let parts: [(kind: String, name: String)]

  /// Reads an id: a leading `/`, then pairs of a kind and a name; `nil` for anything else.
  ///
  /// No part is `.` or `..`, so that each is safe as the name of a folder.
  public init?(_ text: String) {
    guard text.hasPrefix("/") else { return nil }
    let pieces = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard pieces.count.isMultiple(of: 2), !pieces.contains(where: { ["", ".", ".."].contains($0) })
    else { return nil }
    self.text = text
    parts = stride(from: 0, to: pieces.count, by: 2).map { index in
      (kind: String(pieces[index]), name: String(pieces[index + 1]))
    }
  }

  /// Takes an id that is still a `<placeholder>` or an expression.
  init(unresolved text: String) {
    self.text = text
    parts = []
  }

  /// Whether the document left the id open, as a placeholder or an expression: it has no parts.
  public var isUnresolved: Bool { parts.isEmpty }

  /// The name of the part of this kind, in any case: `id["images"]`; `nil` if there is none.
  public subscript(kind: String) -> String? {
    parts.first { $0.kind.lowercased() == kind.lowercased() }?.name
  }

  /// The type of the resource, as in `Microsoft.Compute/galleries/images`; that of a resource
  /// group and a subscription is `resourceGroups` and `subscriptions`.
  public var resourceType: String {
    guard let provider = parts.lastIndex(where: { $0.kind.lowercased() == "providers" }) else {
      return parts.last?.kind ?? ""
    }
    return ([parts[provider].name] + parts[(provider + 1)...].map(\.kind)).joined(separator: "/")
  }

  /// The resource that this one is a part of: the id without its last kind and name.
  public var parent: ResourceID? {
    guard let last = parts.last, parts.count > 1 else { return nil }
    return ResourceID(String(text.dropLast(last.kind.count + last.name.count + 2)))
  }
}

extension ResourceID: Hashable, CustomStringConvertible {
  /// Whether both name the same resource.
  public static func == (left: ResourceID, right: ResourceID) -> Bool {
    left.text.lowercased() == right.text.lowercased()
  }

  /// Feeds what ``==(_:_:)`` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(text.lowercased())
  }

  /// The same as ``text``.
  public var description: String { text }
}
