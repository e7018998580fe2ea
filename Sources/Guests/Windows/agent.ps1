# The Windows guest's end of jobs. It does one request, and tells in lines what happens: a word, and
# what belongs to it. The request is JSON in the second line of its input, a job's script the rest.
#
# A job is a directory of the run's. Whoever moves it to its place has claimed it, and no other can.
# Its runner holds `lock` open while it lives, so that Windows tells who is alive, and writes `exit`
# last, in one step. A job with a `denied` never begins any more: the runner looks for that when it
# holds the lock, and who denies looks for the lock afterwards.
param($lines)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$ask = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($lines[1])) | ConvertFrom-Json
$root = "$env:SystemRoot\Temp\.kiln-$($ask.run)"
$job = "$root\$($ask.id)"
$taskName = "kiln-$($ask.run)-$($ask.id)"
$me = [Security.Principal.WindowsIdentity]::GetCurrent()
$administrator = [Security.Principal.WindowsBuiltInRole]::Administrator
$isAdministrator = (New-Object Security.Principal.WindowsPrincipal $me).IsInRole($administrator)

function Send-Line($word, $rest) { [Console]::Out.WriteLine("$word $rest") }

function ConvertTo-Line($text) {
  [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]$text))
}

# When Windows started, as it said when it was first asked since: the clock may be set meanwhile, and
# the time of the start with it. A volatile key is gone with the next start.
function Get-Boot {
  $time = (Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToUniversalTime()
  $time = $time.ToString('yyyyMMddTHHmmssZ')
  if (-not $isAdministrator) { return $time }
  $key = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey(
    'SOFTWARE\KilnBoot', [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree,
    [Microsoft.Win32.RegistryOptions]::Volatile)
  if (-not $key.GetValue('Started')) {
    $mark = [Guid]::NewGuid().ToString('N').Substring(0, 8)
    $key.SetValue('Started', "$time-$mark")
  }
  $started = $key.GetValue('Started')
  $key.Dispose()
  $started
}

# Makes the run's directory, for nobody but administrators, the system and this user.
function Open-Root {
  if ([IO.Directory]::Exists($root)) { return }
  $rules = New-Object Security.AccessControl.DirectorySecurity
  $rules.SetSecurityDescriptorSddlForm(
    "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;$($me.User.Value))")
  [void][IO.Directory]::CreateDirectory($root, $rules)
}

function Show-Facts {
  Open-Root
  $facts = @{
    boot = Get-Boot
    user = $me.Name
    administrator = $isAdministrator
    directory = $root
    version = $PSVersionTable.PSVersion.ToString()
    system = (Get-CimInstance Win32_OperatingSystem).Caption
  }
  Send-Line 'h' (ConvertTo-Line ($facts | ConvertTo-Json -Compress))
}

# Puts the job together beside its place, and claims that; false where it is claimed already.
function Add-Job {
  Open-Root
  $new = "$root\new-$([Guid]::NewGuid().ToString('N'))"
  [void][IO.Directory]::CreateDirectory($new)
  $file = [IO.File]::Create("$new\script.ps1")
  foreach ($line in $lines | Select-Object -Skip 2) {
    if (-not $line) { continue }
    $bytes = [Convert]::FromBase64String($line)
    $file.Write($bytes, 0, $bytes.Length)
  }
  $file.Dispose()
  $actual = (Get-FileHash -LiteralPath "$new\script.ps1" -Algorithm SHA256).Hash.ToLowerInvariant()
  if ($actual -ne $ask.digest) {
    Remove-Item -LiteralPath $new -Recurse -Force
    throw "the script arrived with the sha256 $actual"
  }
  [IO.File]::WriteAllText("$new\run.cmd", $ask.runner, [Text.Encoding]::ASCII)
  [IO.File]::WriteAllText("$new\boot", (Get-Boot))
  try {
    [IO.Directory]::Move($new, $job)
    $true
  } catch {
    if (-not [IO.Directory]::Exists($job)) { throw }
    Remove-Item -LiteralPath $new -Recurse -Force
    $false
  }
}

# Starts the runner so that it outlives this shell and its connection.
function Start-Runner {
  if ($ask.user -ne 'login') { return Start-Task }
  $line = "$env:ComSpec /d /c $job\run.cmd"
  # Hidden, and outside of the job object of who starts it.
  $startup = New-CimInstance -ClientOnly -CimClass (Get-CimClass Win32_ProcessStartup) -Property @{
    ShowWindow = [uint16]0
    CreateFlags = [uint32]16777216
  }
  $made = Invoke-CimMethod Win32_Process Create -Arguments @{
    CommandLine = $line
    ProcessStartupInformation = $startup
  }
  if ($made.ReturnValue -ne 0) {
    $made = Invoke-CimMethod Win32_Process Create -Arguments @{ CommandLine = $line }
  }
  if ($made.ReturnValue -ne 0) { throw "Win32_Process.Create returned $($made.ReturnValue)" }
}

function Get-TaskFolder {
  $scheduler = New-Object -ComObject Schedule.Service
  $scheduler.Connect()
  $scheduler.GetFolder('\')
}

# The runner as a task: elevated, or as the system. The password goes to the scheduler's own store
# and is gone from there with the task.
function Start-Task {
  $scheduler = New-Object -ComObject Schedule.Service
  $scheduler.Connect()
  $task = $scheduler.NewTask(0)
  $task.Settings.ExecutionTimeLimit = 'PT0S'
  $task.Settings.DisallowStartIfOnBatteries = $false
  $task.Settings.StopIfGoingOnBatteries = $false
  $task.Settings.MultipleInstances = 2
  $task.Settings.Priority = 4
  $task.Principal.RunLevel = 1
  $action = $task.Actions.Create(0)
  $action.Path = $env:ComSpec
  $action.Arguments = "/d /c $job\run.cmd"
  $folder = $scheduler.GetFolder('\')
  if ($ask.user -eq 'root') {
    $made = $folder.RegisterTaskDefinition($taskName, $task, 6, 'SYSTEM', $null, 5)
  } else {
    $made = $folder.RegisterTaskDefinition($taskName, $task, 6, $me.Name, $ask.password, 1)
  }
  [void]$made.Run($null)
}

function Remove-Task($pattern) {
  $folder = Get-TaskFolder
  foreach ($task in @($folder.GetTasks(1))) {
    if ($task.Name -notlike $pattern) { continue }
    $task.Stop(0)
    $folder.DeleteTask($task.Name, 0)
  }
}

# What the scheduler says of a task that has not begun: its state, and its last result.
function Show-Task {
  if ($ask.user -eq 'login') { return Send-Line 't' '0 0' }
  try {
    $task = (Get-TaskFolder).GetTask($taskName)
    Send-Line 't' "$($task.State) $($task.LastTaskResult)"
  } catch {
    Send-Line 't' '0 0'
  }
}

# Whether somebody holds the job's lock: cmd lets nobody else write to what it writes to.
function Test-Held($directory) {
  try {
    [IO.File]::Open("$directory\lock", 'Open', 'Write', 'ReadWrite').Dispose()
    $false
  } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
    $false
  } catch [IO.IOException] {
    $true
  }
}

# Sends what a stream of the job has from an offset on, and returns the next offset.
function Send-Output($word, $name, $offset) {
  $path = "$job\$name"
  if (-not [IO.File]::Exists($path)) { return $offset }
  $file = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')
  try {
    [void]$file.Seek($offset, 'Begin')
    $buffer = New-Object byte[] 49152
    while (($count = $file.Read($buffer, 0, $buffer.Length)) -gt 0) {
      Send-Line $word ([Convert]::ToBase64String($buffer, 0, $count))
      $offset += $count
    }
  } finally {
    $file.Dispose()
  }
  $offset
}

# Tells of the job until it has ended.
function Watch-Job {
  $out = [long]$ask.stdout
  $errors = [long]$ask.stderr
  $boot = [IO.File]::ReadAllText("$job\boot")
  $looked = [DateTime]::MinValue
  while ($true) {
    # In this order: a runner that is gone has written its exit code before.
    $begun = [IO.File]::Exists("$job\lock")
    $held = Test-Held $job
    $code = if ([IO.File]::Exists("$job\exit")) { [IO.File]::ReadAllText("$job\exit").Trim() }
    $out = Send-Output 'o' 'stdout' $out
    $errors = Send-Output 'e' 'stderr' $errors
    if ($code) { return Send-Line 'x' "exit $code" }
    if (-not $held -and ($begun -or ([DateTime]::UtcNow - $looked).TotalSeconds -ge 1)) {
      if ($boot -ne (Get-Boot)) { return Send-Line 'x' 'restarted' }
      if ($begun) { return Send-Line 'x' 'killed' }
      if ([IO.File]::Exists("$job\denied")) { return Send-Line 'x' 'unstarted' }
      Show-Task
      $looked = [DateTime]::UtcNow
    }
    Start-Sleep -Milliseconds 100
  }
}

function Invoke-Job {
  foreach ($id in @($ask.forget)) {
    if ($id) { Remove-Item -LiteralPath "$root\$id" -Recurse -Force -ErrorAction SilentlyContinue }
  }
  $boot = Get-Boot
  Send-Line 'b' (ConvertTo-Line $boot)
  if (-not [IO.Directory]::Exists($job)) {
    # It may start where nobody ever asked for it, or where this Windows would know of it.
    if ($ask.seen -or ($ask.asked -and $ask.asked -ne $boot)) { return Send-Line 'x' 'none' }
    $claimed = $false
    try {
      $claimed = Add-Job
      if ($claimed) { Start-Runner }
    } catch {
      # What another has claimed is not ours to end.
      if ($claimed) { Stop-Job $job }
      Send-Line 'n' (ConvertTo-Line $_.Exception.Message)
      return
    }
  }
  Send-Line 's' ''
  Watch-Job
  if ($ask.user -ne 'login') { Remove-Task $taskName }
}

# Ends what runs in a directory, with all that it has started, and makes sure that nothing begins.
function Stop-Job($directory) {
  if (-not [IO.Directory]::Exists($directory)) { return }
  [IO.File]::WriteAllText("$directory\denied", '')
  $end = [DateTime]::UtcNow.AddSeconds(15)
  do {
    foreach ($process in Get-CimInstance Win32_Process) {
      if ($process.CommandLine -and $process.CommandLine.Contains("$directory\run.cmd")) {
        cmd.exe /d /c "taskkill.exe /t /f /pid $($process.ProcessId) >nul 2>&1"
      }
    }
    if (-not (Test-Held $directory)) { return }
    Start-Sleep -Milliseconds 200
  } while ([DateTime]::UtcNow -lt $end)
  throw "what runs in $directory does not end"
}

function Stop-Asked {
  try {
    Stop-Job $job
    Remove-Task $taskName
    Send-Line 'c' ''
  } catch {
    Send-Line 'c' (ConvertTo-Line $_.Exception.Message)
  }
}

# Takes away all of the run: jobs, tasks, the files that were noted, and the directory.
function Remove-Root {
  try {
    if ([IO.Directory]::Exists($root)) {
      foreach ($directory in [IO.Directory]::GetDirectories($root)) { Stop-Job $directory }
      Remove-Task "kiln-$($ask.run)-*"
      if ([IO.File]::Exists("$root\placed")) {
        foreach ($path in [IO.File]::ReadAllLines("$root\placed")) {
          Remove-Item -LiteralPath $path -Force -ErrorAction SilentlyContinue
        }
      }
      Remove-Item -LiteralPath $root -Recurse -Force
    }
    Send-Line 'l' ''
  } catch {
    Send-Line 'l' (ConvertTo-Line $_.Exception.Message)
  }
}

# Notes a file that goes with the run.
function Add-Note {
  Open-Root
  [IO.File]::AppendAllText("$root\placed", "$($ask.path)`r`n")
  Send-Line 'p' ''
}

switch ($ask.op) {
  'look' { Show-Facts }
  'run' { Invoke-Job }
  'cancel' { Stop-Asked }
  'note' { Add-Note }
  'leave' { Remove-Root }
}
exit 100
