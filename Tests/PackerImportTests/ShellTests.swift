import Template
import Testing

@testable import PackerImport

/// What becomes of shell provisioners.
@Suite struct ShellTests {
  @Test func `inline lines become an inline script, and the environment its first lines`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          environment_vars = ["B=it's", "A=1"]
          inline = ["echo $A", "echo \\"$B\\""]
        }
        """
    ).outcome
    #expect(
      outcome.inline == [
        ["export A='1'", #"export B='it'"'"'s'"#, "echo $A", #"echo "$B""#]
      ])
    #expect(outcome.losses.isEmpty)
  }

  @Test func `a first line that names a shell stays the first`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          env = { A = "1" }
          inline_shebang = "/bin/bash -x"
          inline = ["echo $A"]
        }
        """
    ).outcome
    #expect(outcome.inline == [["#!/bin/bash -x", "export A='1'", "echo $A"]])
  }

  @Test func `a script in another language is a file that gets its environment from outside`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          environment_vars = ["A=1"]
          inline_shebang = "/usr/bin/env python3"
          inline = ["import os"]
        }
        """
    ).outcome
    #expect(
      outcome.inline[0].prefix(3) == [
        "cat > /tmp/packer-script-1.sh <<'END_OF_SCRIPT'", "#!/usr/bin/env python3", "import os",
      ])
    #expect(
      outcome.inline[0].contains(
        "chmod +x /tmp/packer-script-1.sh; A='1'  /tmp/packer-script-1.sh"))
  }

  @Test func `an execute_command runs the script exactly as Packer would`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          environment_vars = ["A=1"]
          execute_command = "chmod +x {{ .Path }}; {{.Vars}} sudo -E sh '{{ .Path }}'"
          inline = ["id -u"]
        }
        """
    ).outcome
    #expect(
      outcome.inline == [
        [
          "cat > /tmp/packer-script-1.sh <<'END_OF_SCRIPT'", "#!/bin/sh -e", "id -u",
          "END_OF_SCRIPT", "chmod 0755 /tmp/packer-script-1.sh", "code=0", "(",
          "chmod +x /tmp/packer-script-1.sh; A='1'  sudo -E sh '/tmp/packer-script-1.sh'",
          ") || code=$?", "rm -f /tmp/packer-script-1.sh", "exit $code",
        ]
      ])
  }

  @Test(arguments: [
    "sudo {{.Path}}", "sudo -E '{{ .Path }}'", "sudo sh -c '{{ .Vars }} {{ .Path }}'",
    "chmod +x {{ .Path }}; {{ .Vars }} sudo -E {{ .Path }}",
  ])
  func `a file that root runs is what a template's scriptUri is`(command: String) {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          execute_command = "\(command)"
          script = "${path.root}/../scripts/a.sh"
        }
        """
    ).outcome
    let actions = outcome.image?.customizers.map(\.action)
    #expect(actions == [.shell(.uri("../scripts/a.sh", sha256: nil))])
  }

  @Test(arguments: [
    "sudo -E sh '{{.Path}}'", "{{.Path}} --fast", "sudo -u me {{.Path}}", "{{.Vars}} {{.Path}}",
  ])
  func `a file that is run otherwise is copied and run so`(command: String) throws {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          execute_command = "\(command)"
          scripts = ["a.sh", "b.sh"]
        }
        """
    ).outcome
    #expect(outcome.types == ["File", "Shell", "File", "Shell"])
    let line = outcome.inline[1].first {
      $0.contains("/tmp/packer-script-1.sh") && !$0.contains("0755")
    }
    #expect(
      try #require(line).hasSuffix(
        command.replacing("{{.Path}}", with: "/tmp/packer-script-1.sh")
          .replacing("{{.Vars}} ", with: "")))
  }

  @Test func `valid exit codes decide about the step`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          valid_exit_codes = [2, 3]
          inline = ["exit 2"]
        }
        """
    ).outcome
    #expect(
      outcome.inline[0].suffix(5) == [
        "case $code in", "  2|3) exit 0 ;;", "  0) exit 1 ;;", "  *) exit $code ;;", "esac",
      ])
  }

  @Test func `a password for sudo is left out and told`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          execute_command = "echo 'hunter2' | {{ .Vars }} sudo -S -E sh '{{ .Path }}'"
          inline = ["id"]
        }
        """
    ).outcome
    #expect(!outcome.text.contains("hunter2"))
    #expect(outcome.text.contains(" sudo -S -E sh '/tmp/packer-script-1.sh'"))
    #expect(outcome.notes.contains { $0.contains("the password is left out") })
  }

  @Test func `a script that may restart the machine says so in words that Kiln looks for`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          expect_disconnect = true
          inline = ["systemctl start leave"]
        }
        """
    ).outcome
    #expect(outcome.inline[0].contains { $0.hasPrefix("#") && $0.contains("reboot") })
    #expect(outcome.notes.contains { $0.hasPrefix("`expect_disconnect`") })
  }

  @Test func `pauses are steps that wait`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          pause_before = "1m30s"
          pause_after = "500ms"
          inline = ["true"]
        }
        """
    ).outcome
    #expect(outcome.inline == [["sleep 90"], ["true"], ["sleep 1"]])
  }

  @Test func `a script's own place, and that it stays, count`() {
    let outcome = Import(
      provisioners: """
        provisioner "shell" {
          remote_folder = "/opt/my scripts"
          remote_file = "s.sh"
          skip_clean = true
          inline = ["true"]
        }
        """
    ).outcome
    #expect(outcome.inline[0][0] == "cat > '/opt/my scripts/s.sh' <<'END_OF_SCRIPT'")
    #expect(!outcome.text.contains("rm -f"))
  }

  @Test func `a line that looks like an expression of a deployment stays a line`() {
    let outcome = Import(
      provisioners: #"provisioner "shell" { inline = ["[concat(a)]"] }"#
    ).outcome
    #expect(outcome.inline == [[" [concat(a)]"]])
  }

  @Test func `the end of a here document is a line that the script does not have`() {
    let outcome = Import(
      provisioners: #"""
        provisioner "shell" {
          execute_command = "sudo sh {{.Path}}"
          inline = ["cat <<END_OF_SCRIPT", "a", "END_OF_SCRIPT"]
        }
        """#
    ).outcome
    #expect(outcome.inline[0][0].hasSuffix("<<'END_OF_SCRIPT_'"))
    #expect(outcome.inline[0].contains("END_OF_SCRIPT_"))
  }

  @Test(arguments: [
    "/usr/sbin/waagent -force -deprovision+user && export HISTSIZE=0 && sync",
    "sudo waagent -force -deprovision", "sudo /usr/sbin/waagent -deprovision+user -force; sync;",
  ])
  func `deprovisioning by hand is left out, with the step if it has nothing else`(line: String) {
    let alone = Import(
      provisioners: #"provisioner "shell" { inline = ["sleep 30", "\#(line)"] }"#
    ).outcome
    #expect(alone.image?.customizers.isEmpty == true)
    #expect(alone.losses.isEmpty)
    #expect(alone.notes.contains { $0.contains("Kiln deprovisions at the end itself") })
    let beside = Import(
      provisioners: #"provisioner "shell" { inline = ["apt-get update", "\#(line)"] }"#
    ).outcome
    #expect(beside.inline == [["apt-get update"]])
  }

  @Test func `a line that deprovisions and does more is a loss`() {
    let outcome = Import(
      provisioners: #"provisioner "shell" { inline = ["rm -rf /x && waagent -deprovision+user"] }"#
    ).outcome
    #expect(outcome.losses.contains { $0.contains("is left out whole") })
    #expect(outcome.image?.customizers.isEmpty == true)
  }
}
