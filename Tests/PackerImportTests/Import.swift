import Foundation
import Template

@testable import PackerImport

/// An import of texts, with what a test asks of its outcome.
struct Import {
  var project: PackerProject

  /// HCL as one file.
  init(hcl text: String) {
    project = PackerProject(templates: [PackerFile(name: "t.pkr.hcl", bytes: Array(text.utf8))])
  }

  /// A JSON template.
  init(json text: String) {
    project = PackerProject(templates: [PackerFile(name: "t.json", bytes: Array(text.utf8))])
  }

  /// An azure-arm source for Linux or Windows, and provisioners.
  init(_ system: String = "Linux", provisioners: String, fields: String = "", before: String = "") {
    self.init(
      hcl: """
        \(before)
        source "azure-arm" "a" {
          os_type = "\(system)"
          subscription_id = "sub"
          location = "westeurope"
          image_publisher = "p"
          image_offer = "o"
          image_sku = "s"
          managed_image_name = "m"
          managed_image_resource_group_name = "g"
          \(fields)
        }
        build {
          sources = ["source.azure-arm.a"]
          \(provisioners)
        }
        """)
  }

  var outcome: ImportOutcome { project.imported() }
}

extension ImportOutcome {
  /// What the document says: the template, read as Kiln reads every template.
  var reading: TemplateReading? {
    template.map { TemplateDocument.read($0, named: "result.json") }
  }

  var image: ImageTemplate? { reading?.template }

  var text: String { template.map { String(decoding: $0, as: UTF8.self) } ?? "" }

  var losses: [String] { remarks(.loss).map(\.message) }
  var notes: [String] { remarks(.note).map(\.message) }
  var errors: [String] { remarks(.error).map(\.message) }

  /// The lines of each inline step; empty for a step that has none.
  var inline: [[String]] {
    (image?.customizers ?? []).map { customizer in
      switch customizer.action {
      case .shell(.inline(let lines)), .powerShell(.inline(let lines), _): lines
      default: []
      }
    }
  }

  var types: [String] { (image?.customizers ?? []).map(\.action.type) }
}

/// The fixtures of these tests.
enum Fixture {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// A file, or all files of a directory, as a project.
  static func project(_ name: String) throws -> PackerProject {
    let url = directory.appending(path: name)
    let names = try FileManager.default.contentsOfDirectory(
      at: url, includingPropertiesForKeys: nil
    ).sorted { $0.path < $1.path }
    let files = try names.map { file in
      PackerFile(name: file.lastPathComponent, bytes: Array(try Data(contentsOf: file)))
    }
    var project = PackerProject(templates: files.filter { !$0.name.contains("pkrvars") })
    project.variableFiles = files.filter { $0.name.contains("pkrvars") }
    return project
  }
}
