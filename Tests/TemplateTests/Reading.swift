@testable import Template

/// A template that has what the service demands, with the parts under test in place of its own.
struct SampleTemplate {
  var apiVersion = #""apiVersion": "2022-07-01","#
  var identity = #""identity": {"type": "None"},"#
  var top = ""
  var source =
    #"{"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s", "version": "latest"}"#
  var customize = "[]"
  var distribute = #"[{"type": "VHD", "runOutputName": "out"}]"#
  var properties = ""

  /// The document; lines 1 to 4, then a line each for `source`, `customize` and `distribute`.
  var text: String {
    """
    {\(apiVersion)
    \(identity)\(top)
    "location": "westeurope",
    "properties": {
    "source": \(source),
    "customize": \(customize),\(properties)
    "distribute": \(distribute)
    }}
    """
  }

  var reading: TemplateReading { read(text) }
}

func read(_ text: String) -> TemplateReading {
  TemplateDocument.read(Array(text.utf8), named: "t.json")
}

extension TemplateReading {
  var errors: [String] { messages(of: .error) }
  var warnings: [String] { messages(of: .warning) }

  /// `path: message` of each diagnostic of a severity.
  private func messages(of severity: Diagnostic.Severity) -> [String] {
    diagnostics.filter { $0.severity == severity }.map { "\($0.path): \($0.message)" }
  }

  var hints: [String] { diagnostics.compactMap(\.hint) }
}

/// What reading one step comes to.
func readStep(_ step: String, apiVersion: String = "2022-07-01") -> TemplateReading {
  SampleTemplate(apiVersion: #""apiVersion": "\#(apiVersion)","#, customize: "[\(step)]").reading
}

/// What reading one target comes to.
func readTarget(_ target: String, apiVersion: String = "2022-07-01") -> TemplateReading {
  SampleTemplate(apiVersion: #""apiVersion": "\#(apiVersion)","#, distribute: "[\(target)]").reading
}

/// What reading further fields of `properties` comes to.
func readProperties(_ fields: String, apiVersion: String = "2022-07-01") -> TemplateReading {
  SampleTemplate(apiVersion: #""apiVersion": "\#(apiVersion)","#, properties: " \(fields),").reading
}

extension TemplateReading {
  var codes: [Diagnostic.Code] { diagnostics.map(\.code) }
}
