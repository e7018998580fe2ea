/// Something that a run makes outside of its own process, and that somebody must remove.
///
/// A provider adds a case for each kind of thing that it makes, and a name for it below.
public enum Resource: Sendable, Hashable {
  /// The directory with the job directories on a guest.
  case guestDirectory(on: String, directory: String)
  /// A kind that this version of Kiln does not know; it is kept as it was found.
  case other(kind: String, fields: [String: String])

  /// The kind's name in the journal.
  public var kind: String {
    switch self {
    case .guestDirectory: "guest-directory"
    case .other(let kind, _): kind
    }
  }

  /// What tells it from others of its kind, by the names in the journal.
  public var fields: [String: String] {
    switch self {
    case .guestDirectory(let on, let directory): ["on": on, "directory": directory]
    case .other(_, let fields): fields
    }
  }

  /// The resource with this kind and these fields, as a journal names it.
  public init(kind: String, fields: [String: String]) {
    switch (kind, fields["on"], fields["directory"]) {
    case ("guest-directory", let on?, let directory?) where fields.count == 2:
      self = .guestDirectory(on: on, directory: directory)
    default:
      self = .other(kind: kind, fields: fields)
    }
  }
}

extension Resource: CustomStringConvertible {
  /// `guest-directory directory=/var/tmp/kiln-…, on=ssh://me@host`.
  public var description: String {
    let list = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return "\(kind) \(list.joined(separator: ", "))"
  }
}
