# Generalizes this Windows machine with Sysprep once the Azure agents are up.
# A customizer may edit or replace this file; what it holds at the end is what runs.
foreach ($agent in 'RdAgent', 'WindowsAzureTelemetryService', 'WindowsAzureGuestAgent') {
  Write-Output ">>> Waiting for GA Service ($agent) to start ..."
  while ((Get-Service $agent -ErrorAction SilentlyContinue) -and
         ((Get-Service $agent).Status -ne 'Running')) { Start-Sleep -s 5 }
}
foreach ($answers in "$Env:SystemRoot\System32\Sysprep\unattend.xml", "$Env:SystemRoot\Panther\unattend.xml") {
  if (Test-Path $answers) {
    Write-Output ">>> Removing $answers ..."
    Remove-Item $answers -Force
  }
}
Write-Output '>>> Sysprepping VM ...'
& $Env:SystemRoot\System32\Sysprep\Sysprep.exe /oobe /generalize /quiet /quit
while ($true) {
  $state = (Get-ItemProperty HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State).ImageState
  Write-Output $state
  if ($state -eq 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE') { break }
  Start-Sleep -s 5
}
Write-Output '>>> Sysprep complete ...'
