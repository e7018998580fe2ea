# One round of Windows Update. Ends with 0 where nothing is left, with 101 where the machine is to
# restart and to look again, and else with 1 and a reason.
$ErrorActionPreference = 'Stop'
$tries = 5
# What earlier rounds have installed: it outlives the restart between them.
$memory = Join-Path (Split-Path $PSScriptRoot) $memory

function Format-Code($code) { '0x{0:X8}' -f [int]$code }

# The words of the API's result codes.
function Format-Result($code) {
  switch ($code) {
    0 { 'not started' }
    1 { 'in progress' }
    2 { 'succeeded' }
    3 { 'succeeded with errors' }
    4 { 'failed' }
    5 { 'aborted' }
    default { "result $code" }
  }
}

# The first filter whose expression holds for an update decides; where none does, it stays out.
function Test-Wanted($update) {
  if ($rules.Count -eq 0) { return $true }
  foreach ($rule in $rules) {
    if ($update | Where-Object $rule.Test) { return $rule.Action -eq 'include' }
  }
  $false
}

function Test-RestartPending {
  (New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired
}

$rules = @(foreach ($filter in $filters) {
  $action, $test = $filter -split ':', 2
  # Without an action, a filter decides nothing.
  if ($null -eq $test) { continue }
  try {
    @{ Action = $action.Trim(); Test = [ScriptBlock]::Create($test) }
  } catch {
    [Console]::Error.WriteLine("the filter $filter can't be read: $($_.Exception.Message)")
    exit 1
  }
})
# Filters were given, and none of them decides: nothing is wanted.
if ($filters.Count -gt 0 -and $rules.Count -eq 0) {
  Write-Output 'none of the filters includes anything'
  exit 0
}

if (Test-RestartPending) {
  Write-Output 'a restart is pending from before'
  exit 101
}

$session = New-Object -ComObject Microsoft.Update.Session
$session.ClientApplicationID = 'kiln'
$searcher = $session.CreateUpdateSearcher()
$found = $null
for ($try = 1; $try -le $tries; $try++) {
  Write-Output "Searching for updates ($criteria)"
  try {
    $found = $searcher.Search($criteria)
    if ($found.ResultCode -eq 2) { break }
    Write-Output "the search ended with: $(Format-Result $found.ResultCode)"
  } catch {
    Write-Output "the search failed: $(Format-Code $_.Exception.HResult) $($_.Exception.Message)"
  }
  $found = $null
  if ($try -lt $tries) { Start-Sleep -Seconds (5 * $try) }
}
if ($null -eq $found) {
  [Console]::Error.WriteLine("the search for updates failed $tries times")
  exit 1
}

$before = @{}
if (Test-Path -LiteralPath $memory) {
  foreach ($line in Get-Content -LiteralPath $memory) { $before[$line] = $true }
}
$wanted = New-Object -ComObject Microsoft.Update.UpdateColl
for ($i = 0; $i -lt $found.Updates.Count; $i++) {
  $update = $found.Updates.Item($i)
  $name = "$($update.Identity.UpdateID).$($update.Identity.RevisionNumber)"
  if (-not (Test-Wanted $update)) {
    Write-Output "Skipped (filter): $($update.Title)"
    continue
  }
  if ($before[$name]) {
    [Console]::Error.WriteLine(
      "the update comes back after it was installed: $($update.Title) ($name)")
    exit 1
  }
  if ($wanted.Count -ge $limit) {
    Write-Output "Left for the next round (limit $limit): $($update.Title)"
    continue
  }
  if ($update.InstallationBehavior.CanRequestUserInput) {
    Write-Output "warning: it may ask for input: $($update.Title)"
  }
  if (-not $update.EulaAccepted) { $update.AcceptEula() }
  [void]$wanted.Add($update)
  Write-Output "Found: $($update.Title) ($name)"
}
if ($wanted.Count -eq 0) {
  Write-Output 'no updates are left'
  exit 0
}

$downloader = $session.CreateUpdateDownloader()
$downloader.Updates = $wanted
$result = $null
for ($try = 1; $try -le $tries; $try++) {
  Write-Output "Downloading $($wanted.Count) updates"
  try {
    $result = $downloader.Download()
    if ($result.ResultCode -eq 2 -or $result.ResultCode -eq 3) { break }
    Write-Output "the download ended with: $(Format-Result $result.ResultCode)"
  } catch {
    Write-Output "the download failed: $(Format-Code $_.Exception.HResult) $($_.Exception.Message)"
  }
  if ($try -lt $tries) { Start-Sleep -Seconds (5 * $try) }
}
$ready = New-Object -ComObject Microsoft.Update.UpdateColl
for ($i = 0; $i -lt $wanted.Count; $i++) {
  $update = $wanted.Item($i)
  if ($update.IsDownloaded) { [void]$ready.Add($update); continue }
  $code = 'no result'
  if ($result) {
    $one = $result.GetUpdateResult($i)
    $code = Format-Code $one.HResult
  }
  Write-Output "Not downloaded: $($update.Title): $code"
}
if ($ready.Count -eq 0) {
  [Console]::Error.WriteLine('none of the updates could be downloaded')
  exit 1
}

Write-Output "Installing $($ready.Count) updates"
$installer = $session.CreateUpdateInstaller()
$installer.Updates = $ready
$installed = $installer.Install()
$good = 0
for ($i = 0; $i -lt $ready.Count; $i++) {
  $update = $ready.Item($i)
  $one = $installed.GetUpdateResult($i)
  $words = Format-Result $one.ResultCode
  Write-Output "$words, $(Format-Code $one.HResult): $($update.Title)"
  if ($one.ResultCode -eq 2 -or $one.ResultCode -eq 3) {
    $good++
    $name = "$($update.Identity.UpdateID).$($update.Identity.RevisionNumber)"
    Add-Content -LiteralPath $memory -Value $name
  }
}
# With none installed the next round would be as this one.
if ($good -eq 0 -and -not (Test-RestartPending)) {
  [Console]::Error.WriteLine('none of the updates could be installed')
  exit 1
}
exit 101
