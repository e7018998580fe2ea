import Digests
import Pipeline
import Synchronization

/// Looks into a guest beside the steps of a build.
final class GuestLook: Sendable {
  /// How much an answer may hold, in bytes.
  private static let largestAnswer = 64 << 20

  private let count = Mutex(0)

  /// A number that no other look of this run has.
  func number() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }

  /// What a job writes to its standard output.
  /// - Throws: ``CommandFault`` where it fails; what ``Guest/run(_:ahead:report:)`` throws.
  func answer(of job: GuestJob, in guest: any Guest) async throws -> [UInt8] {
    let written = Mutex<(out: [UInt8], err: [UInt8])>(([], []))
    let end = try await guest.run(job, ahead: .none) { news in
      guard case .output(let stream, let bytes) = news else { return }
      written.withLock { written in
        guard written.out.count + bytes.count <= Self.largestAnswer else { return }
        if stream == .stdout { written.out += bytes } else { written.err += bytes }
      }
    }
    let (out, err) = written.withLock { $0 }
    guard end == .exited(0) else {
      let why = String(decoding: err, as: UTF8.self).split(separator: "\n").last ?? "it failed"
      throw CommandFault("could not look into the machine: \(LegibleText.legible(String(why)))")
    }
    return out
  }

  /// Where the step's script is while it runs.
  func script(of step: Step, in guest: any Guest) -> String {
    guest is any WindowsGuest
      ? "\(guest.facts.directory)\\\(step.id)\\script.ps1"
      : "\(guest.facts.directory)/\(step.id)/script"
  }

  /// What a script of the step finds around it, a line each.
  func surroundings(of step: Step, in guest: any Guest) async throws -> [String] {
    let (id, user) = ("look-\(number())", step.user ?? .login)
    let job: GuestJob
    if guest is any WindowsGuest {
      job = try .powerShell(id, Array(Self.windowsScript.utf8), as: user, .compatible)
    } else {
      let script = Array(Self.script.utf8)
      job = GuestJob(
        id: id, script: script, digest: try SHA256Digest(of: script), interpreter: "/bin/sh",
        interpreterArgument: "", user: user, restarts: .none)
    }
    let answer = try await answer(of: job, in: guest)
    return String(decoding: answer, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map(String.init)
  }

  private static let script = """
    #!/bin/sh
    echo "user:      $(id)"
    echo "directory: $(pwd), umask $(umask)"
    echo "machine:   $(uname -srm), up $(cut -d' ' -f1 /proc/uptime) s"
    echo "disk:      $(df -h / | awk 'END { print $4 " free of " $2 }')"
    env | LC_ALL=C sort | sed 's/^/env:       /'

    """

  static let windowsScript = """
    # kiln debug: what a step finds
    $me = [Security.Principal.WindowsIdentity]::GetCurrent()
    $role = [Security.Principal.WindowsBuiltInRole]::Administrator
    $isAdministrator = (New-Object Security.Principal.WindowsPrincipal $me).IsInRole($role)
    Write-Output "user:      $($me.Name), administrator: $isAdministrator"
    Write-Output "directory: $((Get-Location).Path)"
    $system = Get-CimInstance Win32_OperatingSystem
    $up = [long]((Get-Date) - $system.LastBootUpTime).TotalSeconds
    Write-Output "machine:   $($system.Caption) $($system.Version), up $up s"
    $disk = New-Object IO.DriveInfo $env:SystemDrive
    $free = [long]($disk.AvailableFreeSpace / 1073741824)
    Write-Output "disk:      $free GiB free of $([long]($disk.TotalSize / 1073741824))"
    foreach ($entry in Get-ChildItem Env: | Sort-Object Name) {
      Write-Output "env:       $($entry.Name)=$($entry.Value)"
    }

    """
}

extension Step {
  /// Who runs its script, if it runs one.
  var user: JobUser? {
    switch work {
    case .script(let job), .generalize(let job), .windowsUpdate(let job): job.user
    case .powerShell(let work): work.job.user
    case .file, .windowsRestart: nil
    }
  }
}
