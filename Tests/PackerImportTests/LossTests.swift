import Template
import Testing

@testable import PackerImport

/// Nothing is lost silently, and no secret is copied.
@Suite struct LossTests {
  /// Attributes of a kind of provisioner: each as HCL, and what shows in the result that it was
  /// carried over; `nil` for one that must be told.
  private static let attributes: [(kind: String, attribute: String, evidence: String?)] = [
    ("shell", #"inline = ["echo token"]"#, "echo token"),
    ("shell", #"script = "scripts/one.sh""#, "scripts/one.sh"),
    ("shell", #"scripts = ["scripts/two.sh"]"#, "scripts/two.sh"),
    ("shell", #"environment_vars = ["NAME=value7"]"#, "value7"),
    ("shell", #"env = { OTHER = "value8" }"#, "value8"),
    ("shell", #"inline_shebang = "/bin/zsh -x""#, "#!/bin/zsh -x"),
    ("shell", #"execute_command = "nice {{.Path}}""#, "nice /"),
    ("shell", "valid_exit_codes = [0, 77]", "0|77)"), ("shell", #"pause_before = "7s""#, "sleep 7"),
    ("shell", #"pause_after = "8s""#, "sleep 8"), ("shell", "expect_disconnect = true", nil),
    ("shell", #"timeout = "5m""#, nil), ("shell", "max_retries = 3", nil),
    ("shell", #"remote_folder = "/opt""#, "/opt/packer-script"),
    ("shell", #"remote_file = "r.sh""#, "/r.sh"), ("shell", #"remote_path = "/r/p.sh""#, "/r/p.sh"),
    ("shell", #"start_retry_timeout = "9m""#, nil), ("shell", "use_env_var_file = true", nil),
    ("shell", "binary = true", nil), ("shell", "unheard_of = 1", nil),
    ("shell", #"only = ["azure-arm.b"]"#, nil), ("shell", #"override = { b = {} }"#, nil),
    ("shell", "nested { x = 1 }", nil),
    ("powershell", #"elevated_user = "packer""#, #""runElevated": true"#),
    ("powershell", #"elevated_password = "p""#, nil),
    ("powershell", "valid_exit_codes = [0, 3010]", "3010"),
    ("powershell", #"execution_policy = "none""#, nil), ("powershell", "use_pwsh = true", nil),
    ("powershell", "debug_mode = 1", nil), ("powershell", #"execute_command = "x""#, nil),
    ("powershell", #"elevated_execute_command = "x""#, nil),
    ("powershell", "skip_clean = true", nil),
    ("powershell", #"remote_path = "C:/x""#, nil),
    ("powershell", #"environment_vars = ["NAME=value9"]"#, "value9"),
    ("file", #"source = "from.txt""#, "from.txt"), ("file", #"destination = "/tmp/to""#, "/tmp/to"),
    ("file", #"direction = "download""#, nil), ("file", "generated = true", nil),
    ("windows-restart", #"restart_command = "r1""#, "r1"),
    ("windows-restart", #"restart_check_command = "r2""#, "r2"),
    ("windows-restart", #"restart_timeout = "17m""#, "17m"),
    ("windows-restart", #"restart_timeout = "soon""#, nil),
    ("windows-restart", "check_registry = true", nil),
    ("windows-update", #"search_criteria = "c1""#, "c1"),
    ("windows-update", #"filters = ["f1"]"#, "f1"),
    ("windows-update", "update_limit = 13", "13"), ("windows-update", #"username = "u""#, nil),
    ("windows-update", #"restart_timeout = "1h""#, nil), ("windows-update", "filters = 5.5", "5.5"),
  ]

  @Test(arguments: Self.attributes.indices)
  func `each attribute of a provisioner is carried over or told at its line`(index: Int) throws {
    let (kind, attribute, evidence) = Self.attributes[index]
    let scaffold = [
      "shell": ["inline": #"inline = ["true"]"#], "powershell": ["inline": #"inline = ["true"]"#],
      "file": ["source": #"source = "s""#, "destination": #"destination = "/tmp/d""#],
    ]
    let name = attribute.prefix { $0 != " " }
    let rest = (scaffold[kind] ?? [:]).filter { $0.key != String(name) }.map(\.value).sorted()
    let job = Import(
      kind == "shell" || kind == "file" ? "Linux" : "Windows",
      provisioners: (["provisioner \"\(kind)\" {", attribute] + rest + ["}"])
        .joined(separator: "\n"))
    let outcome = job.outcome
    if let evidence {
      #expect(outcome.text.contains(evidence), "\(attribute): \(outcome.text)")
    } else {
      // The provisioner starts in line 15; a download is told as a whole.
      let lines = outcome.remarks.filter { $0.position.line >= 15 }.map(\.position.line)
      #expect(lines.contains(16) || lines.contains(15), "\(attribute): \(outcome.remarks)")
    }
    #expect(outcome.reading?.template != nil)
  }

  @Test(arguments: ["shell-local", "ansible", "windows-shell", "breakpoint", "chef-solo", "frob"])
  func `a provisioner that is not understood is told`(kind: String) {
    let outcome = Import(provisioners: #"provisioner "\#(kind)" { a = 1 }"#).outcome
    #expect(outcome.image?.customizers.isEmpty == true)
    let told = outcome.remarks.filter { $0.position.line == 15 }
    #expect(told.count == 1)
    #expect(told.first?.kind == (kind == "breakpoint" ? .note : .loss))
  }

  @Test func `blocks that a template has no place for are told`() {
    let outcome = Import(
      provisioners: """
        post-processor "vagrant" {}
        post-processors {
          post-processor "compress" {}
          post-processor "manifest" {}
        }
        hcp_packer_registry {}
        error-cleanup-provisioner "shell" {}
        """, fields: "dynamic \"azure_tag\" { for_each = {} }",
      before: """
        packer {}
        data "amazon-ami" "x" {}
        strange {}
        """
    ).outcome
    #expect(
      outcome.losses == [
        "the data source `amazon-ami.x` is not asked", "the block `strange` is not carried over",
        "the dynamic block `azure_tag` is not carried over",
        "`post-processor vagrant` is not carried over",
        "`post-processor compress` is not carried over",
        "`hcp_packer_registry` is not carried over",
        "`error-cleanup-provisioner shell` is not carried over",
      ])
  }

  @Test func `secrets are never copied, wherever they stand`() {
    let secrets = ["s3cret-a", "s3cret-b", "s3cret-c", "s3cret-d", "s3cret-e", "s3cret-f"]
    var job = Import(
      "Windows",
      provisioners: """
        provisioner "powershell" {
          elevated_user = "packer"
          elevated_password = "s3cret-a"
          environment_vars = ["DB_PASSWORD=s3cret-b", "KEY=${var.hidden}", "E=${env("MY_TOKEN")}"]
          inline = ["net user x ${var.install_password}", "echo ${local.hush}"]
        }
        """,
      fields: """
        client_secret = "s3cret-f"
        winrm_password = "s3cret-f"
        azure_tags = { a = var.hidden }
        """,
      before: """
        variable "hidden" {
          default = "s3cret-c"
          sensitive = true
        }
        variable "install_password" { default = "s3cret-d" }
        local "hush" {
          expression = "s3cret-e"
          sensitive = true
        }
        """)
    job.project.surroundings.environment = ["MY_TOKEN": "s3cret-b"]
    job.project.assignments = ["hidden=s3cret-d"]
    let outcome = job.outcome
    let told = outcome.remarks.map(\.rendered).joined()
    for secret in secrets {
      #expect(!outcome.text.contains(secret))
      #expect(!told.contains(secret))
    }
    for name in ["DB_PASSWORD", "hidden", "install_password", "hush", "MY_TOKEN"] {
      #expect(outcome.text.contains("<\(name)>"), "\(name)")
      #expect(outcome.losses.contains { $0.contains("`<\(name)>` stands for") }, "\(name)")
    }
    #expect(outcome.image != nil)
  }
}
