import Template
import Testing

@testable import PackerImport

/// What becomes of the provisioners for Windows, and of files.
@Suite struct WindowsTests {
  @Test func `inline lines of PowerShell get their environment and their rights`() throws {
    let outcome = Import(
      "Windows",
      provisioners: """
        provisioner "powershell" {
          elevated_user = "packer"
          elevated_password = "x"
          environment_vars = ["A=it's $5"]
          valid_exit_codes = [0, 3010]
          inline = ["Write-Output $env:A"]
        }
        """
    ).outcome
    let action = try #require(outcome.image?.customizers.first?.action)
    #expect(
      action
        == .powerShell(
          .inline(["$env:A = 'it''s $5'", "Write-Output $env:A"]),
          PowerShellOptions(privilege: .elevated, validExitCodes: [0, 3010])))
    #expect(outcome.losses.isEmpty)
  }

  @Test(arguments: [
    ("SYSTEM", PowerShellOptions.Privilege.system, 0),
    (#"NT AUTHORITY\\SYSTEM"#, .system, 0), ("packer", .elevated, 0), ("installer", .elevated, 1),
    ("", .user, 0),
  ])
  func `the elevated user decides about the rights`(
    user: String, privilege: PowerShellOptions.Privilege, losses: Int
  ) throws {
    let outcome = Import(
      "Windows",
      provisioners: """
        provisioner "powershell" {
          elevated_user = "\(user)"
          script = "a.ps1"
        }
        """
    ).outcome
    #expect(
      outcome.image?.customizers.map(\.action) == [
        .powerShell(.uri("a.ps1", sha256: nil), PowerShellOptions(privilege: privilege))
      ])
    #expect(outcome.losses.count == losses)
  }

  @Test func `a script with an environment is copied and run in it`() {
    let outcome = Import(
      "Windows",
      provisioners: """
        provisioner "powershell" {
          env = { A = "1" }
          scripts = ["s/a.ps1"]
        }
        """
    ).outcome
    #expect(outcome.types == ["File", "PowerShell"])
    #expect(
      outcome.inline[1] == [
        "$env:A = '1'", "& 'C:/Windows/Temp/packer-script-1.ps1'", "$code = $LastExitCode",
        "Remove-Item -Force 'C:/Windows/Temp/packer-script-1.ps1'", "exit $code",
      ])
  }

  @Test func `restarts and updates keep their settings`() {
    let outcome = Import(
      "Windows",
      provisioners: """
        provisioner "windows-restart" {
          restart_command = "shutdown /r"
          restart_check_command = "echo up"
          restart_timeout = "30m"
        }
        provisioner "windows-update" {
          search_criteria = "IsInstalled=0"
          filters = ["exclude:$_.Title -like '*Preview*'", "include:$true"]
          update_limit = 25
        }
        provisioner "windows-restart" {}
        """
    ).outcome
    #expect(
      outcome.image?.customizers.map(\.action) == [
        .windowsRestart(
          WindowsRestartOptions(
            command: "shutdown /r", checkCommand: "echo up",
            timeout: GoDuration(.seconds(1800)))),
        .windowsUpdate(
          WindowsUpdateOptions(
            searchCriteria: "IsInstalled=0",
            filters: ["exclude:$_.Title -like '*Preview*'", "include:$true"], updateLimit: 25)),
        .windowsRestart(WindowsRestartOptions()),
      ])
    #expect(outcome.losses.isEmpty)
  }

  @Test func `Sysprep by hand is left out with what serves it`() {
    let wait =
      "while ($true) { $imageState = Get-ItemProperty x; if ($imageState.ImageState) { break } }"
    let outcome = Import(
      "Windows",
      provisioners: #"""
        provisioner "powershell" {
          inline = [
            "# wait",
            "while ((Get-Service RdAgent).Status -ne 'Running') { Start-Sleep -s 5 }",
            "if (Test-Path C:\\Sysprep\\unattend.xml) { rm C:\\Sysprep\\unattend.xml -Force }",
            "& $env:SystemRoot\\System32\\Sysprep\\Sysprep.exe /oobe /generalize /quiet /quit",
            "\#(wait)",
          ]
        }
        provisioner "powershell" {
          inline = ["Remove-Item C:\\x", "C:\\Sysprep.exe /generalize /oobe", "\#(wait)"]
        }
        """#
    ).outcome
    #expect(outcome.inline == [[#"Remove-Item C:\x"#]])
    #expect(outcome.losses.isEmpty)
  }

  @Test func `a script that generalizes is left out as a loss`() {
    var job = Import(
      "Windows", provisioners: #"provisioner "powershell" { scripts = ["a.ps1", "b.ps1"] }"#)
    job.project.surroundings.look = { path in
      .file(text: path == "b.ps1" ? "& Sysprep.exe /generalize\n" : "# sysprep /generalize later\n")
    }
    let outcome = job.outcome
    #expect(
      outcome.image?.customizers.map(\.action) == [
        .powerShell(.uri("a.ps1", sha256: nil), PowerShellOptions())
      ])
    #expect(
      outcome.losses == [
        "the script `b.ps1` generalizes the machine and is left out: Kiln does so at the end itself"
      ])
  }

  @Test func `files are copied, into folders by their names`() throws {
    let outcome = Import(
      provisioners: """
        provisioner "file" {
          sources = ["./a/x.txt", "y.txt"]
          destination = "/tmp/"
        }
        provisioner "file" {
          source = "z.txt"
          destination = "/tmp/other.txt"
        }
        """
    ).outcome
    let transfers = try #require(outcome.image).customizers.compactMap { customizer in
      if case .file(let transfer) = customizer.action { transfer } else { nil }
    }
    #expect(transfers.map(\.sourceURI) == ["a/x.txt", "y.txt", "z.txt"])
    #expect(transfers.map(\.destination) == ["/tmp/x.txt", "/tmp/y.txt", "/tmp/other.txt"])
  }

  @Test func `paths start where Packer would run, seen from the result`() throws {
    var job = Import(
      provisioners: #"""
        provisioner "file" {
          source = "${path.root}/../a.txt"
          destination = "/tmp/a.txt"
        }
        """#)
    job.project.surroundings.root = "images/linux"
    job.project.surroundings.base = "../.."
    #expect(job.outcome.text.contains(#""sourceUri": "../../images/a.txt""#))
  }

  @Test func `directories and downloads are losses`() {
    var job = Import(
      provisioners: """
        provisioner "file" {
          source = "scripts"
          destination = "/tmp/scripts"
        }
        provisioner "file" {
          source = "b/"
          destination = "/tmp"
        }
        provisioner "file" {
          direction = "download"
          source = "/tmp/report"
          destination = "report"
        }
        """)
    job.project.surroundings.look = { $0 == "scripts" ? .directory : .missing }
    let outcome = job.outcome
    #expect(outcome.image?.customizers.isEmpty == true)
    #expect(
      outcome.losses == [
        "`scripts` is a directory, which a File step can't copy",
        "`b/` is a directory, which a File step can't copy",
        "a template brings no files back: this download is not carried over",
      ])
  }

  @Test func `content is written as it is`() {
    let provisioner = #"""
      provisioner "file" {
        content = "it's\n$5"
        destination = "/tmp/c"
      }
      """#
    #expect(
      Import(provisioners: provisioner).outcome.inline == [
        ["printf '%s' 'it'\"'\"'s\n$5' > /tmp/c"]
      ])
    #expect(
      Import("Windows", provisioners: provisioner).outcome.inline == [
        ["[IO.File]::WriteAllText('/tmp/c', 'it''s\n$5')"]
      ])
  }
}
