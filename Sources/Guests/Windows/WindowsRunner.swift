import Pipeline

/// The batch file that runs a job's script on Windows: it holds the job's lock, keeps the output in
/// files, and writes the exit code last, in one step.
enum WindowsRunner {
  /// The text for `job`, all of it ASCII.
  ///
  /// What it is run by is what AIB's own log shows (`aib.md` c.3): the exit code is that of the last
  /// program, or of the script's `exit`, and an error that ends the script is 1.
  static func text(for job: GuestJob) -> String {
    let lines = [
      "@echo off",
      "set \"here=%~dp0\"",
      "call :hold 9>\"%here%lock\"",
      "exit /b",
      ":hold",
      // Who denies a job looks for its lock afterwards, so one of the two sees the other.
      "if exist \"%here%denied\" exit /b",
      "chcp 65001 >nul",
      "set PACKER_BUILD_NAME=azure-arm",
      "set PACKER_BUILDER_TYPE=azure-arm",
      "cd /d \"%USERPROFILE%\"",
      command(job.interpreterArgument) + " <nul >\"%here%stdout\" 2>\"%here%stderr\"",
      // The other way round, a code's last digit would name a stream.
      ">\"%here%exit.new\" echo %ERRORLEVEL%",
      "move /y \"%here%exit.new\" \"%here%exit\" >nul",
    ]
    return lines.map { $0 + "\r\n" }.joined()
  }

  private static func command(_ manner: String) -> String {
    let quiet =
      "if (Test-Path variable:global:ProgressPreference)"
      + "{set-variable -name variable:global:ProgressPreference -value 'SilentlyContinue'};"
    let run = "& '%here%script.ps1'; exit $LastExitCode"
    let body =
      manner == PowerShellStrictness.strict.rawValue
      ? "try { $ErrorActionPreference = 'Stop'; \(run) } catch { Write-Error $_ "
        + "-ErrorAction Continue; exit 1 }"
      : run
    return "powershell.exe -NonInteractive -ExecutionPolicy Bypass -Command "
      + "\"& { \(quiet) \(body) }\""
  }
}
