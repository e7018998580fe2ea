import Pipeline
import Synchronization

/// One capability that is looked at, and how.
struct DoctorCheck: Sendable {
  /// What is done beside running a script.
  enum ID: Sendable { case boot, script, strict, elevated, detached, cancel, file, restart }

  let id: ID
  /// What the machine should be able to do.
  let name: String
  /// Its place among the checks, by which its job is named.
  var place = 0
  var script = ""
  var user = JobUser.login
  /// What the script should end with, and write where that is known.
  var code: Int32 = 0
  var out: String?
  var errors: String?
  /// How long it may take.
  var limit = Duration.seconds(120)

  /// Whether the program that the script of the check `cancel` starts is gone.
  static let lookForPing = """
    # kiln doctor: look for ping
    $left = Get-CimInstance Win32_Process -Filter "Name = 'ping.exe'" |
      Where-Object { $_.CommandLine -like '*-n 4242*' }
    if ($left) { exit 1 }
    """
}

extension Doctor {
  /// All that is looked at.
  static var checks: [DoctorCheck] {
    list.enumerated().map { place, check in
      var check = check
      check.place = place + 1
      return check
    }
  }

  private static let list = [
    DoctorCheck(id: .boot, name: "the boot identity stays the same"),
    DoctorCheck(
      id: .script,
      name: "a script runs detached, with its output apart and an exit code of 32 bits",
      script: """
        # kiln doctor: streams
        [Console]::Out.Write('out')
        [Console]::Error.Write('err')
        exit -2147024891
        """, code: -2_147_024_891, out: "out", errors: "err"),
    DoctorCheck(
      id: .script, name: "letters beyond ASCII survive, in scripts and in output",
      script: """
        # kiln doctor: letters
        if ('é' -ne [string][char]233) { exit 1 }
        [Console]::Out.Write([string][char]233)
        """, out: "é"),
    DoctorCheck(
      id: .script, name: "an uncaught error ends a script with 1",
      script: "# kiln doctor: throw\nthrow 'on purpose'\n", code: 1),
    DoctorCheck(
      id: .strict, name: "--strict-powershell makes errors fail",
      script: "# kiln doctor: strict\nGet-Item C:\\kiln-doctor-is-not-there\nexit 0\n", code: 1),
    DoctorCheck(
      id: .detached, name: "a script goes on without its shell, and no output is lost",
      script: """
        # kiln doctor: detached
        foreach ($i in 1..6) { [Console]::Out.Write($i); Start-Sleep -Seconds 1 }
        """, out: "123456"),
    DoctorCheck(
      id: .cancel, name: "cancelling ends a script and what it has started",
      script: """
        # kiln doctor: cancel
        Start-Process ping.exe '-n 4242 127.0.0.1' -NoNewWindow
        [Console]::Out.Write('started')
        Start-Sleep -Seconds 3600
        """),
    DoctorCheck(id: .file, name: "a file arrives whole, with its checksum compared"),
    DoctorCheck(
      id: .script, name: "a script runs as the system (runAsSystem)",
      script: """
        # kiln doctor: system
        if (-not [Security.Principal.WindowsIdentity]::GetCurrent().IsSystem) { exit 1 }
        """, user: .root),
    DoctorCheck(
      id: .elevated, name: "a script runs elevated (runElevated)",
      script: """
        # kiln doctor: elevated
        $me = New-Object Security.Principal.WindowsPrincipal(
          [Security.Principal.WindowsIdentity]::GetCurrent())
        if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { exit 1 }
        """, user: .elevated),
    DoctorCheck(
      id: .script, name: "Windows Update can be used by the system",
      script: """
        # kiln doctor: updates
        $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
        $searcher.Online = $false
        $found = $searcher.Search('BrowseOnly=0 and IsInstalled=0')
        if ($found.ResultCode -ne 2) { exit 1 }
        Write-Output "$($found.Updates.Count) updates are known that are not installed"
        """, user: .root, limit: .seconds(900)),
    DoctorCheck(
      id: .script, name: "the image state can be read, and Sysprep is there",
      script: """
        # kiln doctor: sysprep
        $key = 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State'
        Write-Output (Get-ItemProperty -LiteralPath $key).ImageState
        if (-not (Test-Path "$Env:SystemRoot\\System32\\Sysprep\\Sysprep.exe")) { exit 1 }
        """),
    DoctorCheck(
      id: .restart, name: "a restart is seen by the boot identity", limit: .seconds(960)),
  ]
}

/// Collects what a script says.
final class DoctorOutput: Sendable {
  private let said = Mutex<(out: [UInt8], errors: [UInt8])>(([], []))

  /// Takes what a guest tells.
  var take: GuestReport {
    { [self] news in
      guard case .output(let stream, let bytes) = news else { return }
      said.withLock { if stream == .stdout { $0.out += bytes } else { $0.errors += bytes } }
    }
  }

  /// What was said so far, without white space at the ends.
  var texts: (out: String, errors: String) {
    said.withLock { (Self.text($0.out), Self.text($0.errors)) }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
  }
}
