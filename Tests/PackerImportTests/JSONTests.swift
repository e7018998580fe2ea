import Template
import Testing

@testable import PackerImport

/// Templates in JSON, and what stands between `{{` and `}}`.
@Suite struct JSONTests {
  private func job(_ line: String, variables: String = "{}", more: String = "") -> Import {
    Import(
      json: """
        {
          "variables": \(variables),
          "builders": [{"type": "azure-arm", "name": "b", "os_type": "Linux", "location": "here",
            "subscription_id": "sub", "image_publisher": "p", "image_offer": "o", "image_sku": "s",
            "managed_image_name": "m", "managed_image_resource_group_name": "g"}],
          "provisioners": [{"type": "shell", "inline": ["\(line)"]}]\(more)
        }
        """)
  }

  @Test(arguments: [
    ("{{user `a`}}", "A-1"), ("x{{ user `a` | lower }}y", "xa-1y"), ("{{user `b`}}", "A-1!"),
    ("{{user `a` | replace \\\"-\\\" \\\"_\\\" 1}}", "A_1"), ("{{template_dir}}/x", "./x"),
    ("{{user `a` | replace_all `A` `B`}}", "B-1"), ("{{split (user `a`) \\\"-\\\" 1}}", "1"),
    ("{{env `HOST_NAME`}}", "machine"), ("{{env `NONE`}}.", "."), ("{{.Name}}", "{{.Name}}"),
    ("a }} b", "a }} b"), ("{{ user `a`", "{{ user `a`"),
  ])
  func `an action is filled in`(line: String, expected: String) {
    var job = job(line, variables: #"{"a": "A-1", "b": "{{user `a`}}!"}"#)
    job.project.surroundings.environment = ["HOST_NAME": "machine"]
    let outcome = job.outcome
    #expect(outcome.inline == [[expected]])
    #expect(outcome.losses.isEmpty)
  }

  @Test(arguments: [
    ("{{timestamp}}", "<timestamp>"), ("{{user `none`}}", "<none>"), ("{{user `open`}}", "<open>"),
    ("{{build_name}}", "<build_name>"), ("{{frob 1 2}}", "<frob>"), ("{{user `loop`}}", "<loop>"),
    ("{{isotime \\\"2006\\\"}}", "<isotime>"),
  ])
  func `what nobody knows yet is a placeholder and a loss`(line: String, expected: String) {
    let outcome = job(line, variables: #"{"open": null, "loop": "{{user `loop`}}"}"#).outcome
    #expect(outcome.inline == [[expected]])
    #expect(outcome.losses.count == 1)
    #expect(outcome.losses[0].contains(expected))
  }

  @Test func `options count more than files, and files more than the template`() {
    var job = job(
      "{{user `a`}}{{user `b`}}{{user `c`}}", variables: #"{"a": "1", "b": "1", "c": "1"}"#)
    job.project.variableFiles = [
      PackerFile(name: "v.json", bytes: Array(#"{"b": "2", "c": "2"}"#.utf8))
    ]
    job.project.assignments = ["c=3"]
    #expect(job.outcome.inline == [["123"]])
  }

  @Test func `variables of HCL get their values from options and files, by their types`() {
    var job = Import(
      provisioners: #"provisioner "shell" { inline = [for x in var.list : "${x}${var.text}"] }"#,
      before: """
        variable "list" {
          type = list(string)
        }
        variable "text" {
          type = string
          default = "!"
          validation {
            condition = true
            error_message = "no"
          }
        }
        """)
    job.project.variableFiles = [
      PackerFile(name: "v.pkrvars.hcl", bytes: Array(#"text = "?""#.utf8))
    ]
    job.project.assignments = [#"list=["a", "b"]"#]
    #expect(job.outcome.inline == [["a?", "b?"]])
    #expect(job.outcome.notes.contains("the check of the variable `text` is not carried over"))
  }

  @Test func `post-processors are told, each at its place`() {
    let outcome = job(
      "true",
      more: #", "post-processors": [{"type": "manifest"}, ["compress", {"type": "upload"}]]"#
    ).outcome
    #expect(
      outcome.losses == [
        "`post-processor compress` is not carried over",
        "`post-processor upload` is not carried over",
      ])
  }

  @Test func `a file that is no template of Packer is refused`() {
    for text in ["{}", "[]", #"{"source": {}}"#, #"{"builders": 1}"#, #"{"builders": [1]}"#] {
      let outcome = Import(json: text).outcome
      #expect(!outcome.errors.isEmpty, "\(text)")
      #expect(outcome.template == nil)
    }
  }

  @Test func `a path that an unset variable leaves open is asked for by name`() throws {
    let outcome = Import(
      provisioners: """
        provisioner "shell" { script = "${var.dir}/a.sh" }
        provisioner "file" {
          source = "a"
          destination = var.target
        }
        """, before: "variable \"dir\" {}\nvariable \"target\" {}"
    ).outcome
    #expect(
      outcome.errors == [
        "the path of a script needs the variable `dir`",
        "`destination` needs the variable `target`",
      ])
    #expect(
      outcome.remarks(.error).map(\.hint) == [
        "give it a value: `-var dir=…`", "give it a value: `-var target=…`",
      ])
  }

  @Test func `a path with a placeholder of its own is refused`() {
    let outcome = Import(provisioners: #"provisioner "shell" { script = "<dir>/a.sh" }"#).outcome
    #expect(
      outcome.errors == ["the path of a script `<dir>/a.sh` holds a placeholder or an expression"])
  }
}
