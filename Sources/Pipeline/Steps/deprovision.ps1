# Prints the deprovision script and runs it, and watches Sysprep meanwhile: where that fails, the
# default script would wait for ever for a state that can't come.
$ErrorActionPreference = 'Stop'
$path = 'c:\DeprovisioningScript.ps1'
$wanted = 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE'
$stateKey = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'
$errorLog = "$Env:SystemRoot\System32\Sysprep\Panther\setuperr.log"
# For so many seconds Sysprep must be gone, without the state that is wanted, before it has failed.
$patience = 60

if (-not (Test-Path -LiteralPath $path)) {
  Write-Output ("Deprovisioning script [$path] could not be found. Image build may fail or the VM " +
    'created from the Image may not boot. Please make sure the deprovisioning script is not ' +
    'accidentally deleted by a Customizer in the Template.')
  exit 0
}
Get-Content -LiteralPath $path | Write-Output

function Get-ErrorSize {
  if (Test-Path -LiteralPath $errorLog) { (Get-Item -LiteralPath $errorLog).Length } else { 0 }
}

$errorsBefore = Get-ErrorSize
$script = Start-Process powershell.exe -NoNewWindow -PassThru -ArgumentList @(
  '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command', "& $path; exit `$LastExitCode")
# Without this, Windows PowerShell forgets the exit code of a program that it did not wait for.
$null = $script.Handle
$seen = $false
$goneSince = $null
while (-not $script.HasExited) {
  Start-Sleep -Seconds 1
  $runs = [bool](Get-Process -Name sysprep -ErrorAction SilentlyContinue)
  $seen = $seen -or $runs -or (Get-ErrorSize) -ne $errorsBefore
  $state = (Get-ItemProperty -LiteralPath $stateKey).ImageState
  if (-not $seen -or $runs -or $state -eq $wanted) {
    $goneSince = $null
    continue
  }
  if ($null -eq $goneSince) { $goneSince = [DateTime]::UtcNow }
  if (([DateTime]::UtcNow - $goneSince).TotalSeconds -lt $patience) { continue }
  cmd.exe /d /c "taskkill.exe /t /f /pid $($script.Id) >nul 2>&1"
  [Console]::Error.WriteLine("Sysprep has ended, and the image state is ${state}: the machine is " +
    "not generalized. The end of ${errorLog}:")
  if (Test-Path -LiteralPath $errorLog) {
    Get-Content -LiteralPath $errorLog -Tail 20 | ForEach-Object { [Console]::Error.WriteLine($_) }
  }
  exit 1
}
exit $script.ExitCode
