begin {
  $ErrorActionPreference = 'Stop'
  $ProgressPreference = 'SilentlyContinue'
  $partial = $destination + '.kiln-partial-' + [Guid]::NewGuid().ToString('N')
  $size = 0
  function Stop-Placing($problem, $code) {
    if ($file) { $file.Dispose() }
    Remove-Item -LiteralPath $partial -Force -ErrorAction SilentlyContinue
    [Console]::Error.WriteLine($problem)
    exit $code
  }
  try {
    $parent = [IO.Path]::GetDirectoryName($destination)
    [void][IO.Directory]::CreateDirectory($parent)
    if ([IO.Directory]::Exists($destination)) { throw "$destination is a directory" }
    $name = [IO.Path]::GetFileName($destination) + '.kiln-partial-*'
    foreach ($old in [IO.Directory]::GetFiles($parent, $name)) {
      Remove-Item -LiteralPath $old -ErrorAction SilentlyContinue
    }
    $file = [IO.File]::Create($partial)
    $hash = [Security.Cryptography.SHA256]::Create()
  } catch {
    Stop-Placing $_.Exception.Message 1
  }
}
process {
  try {
    $bytes = [Convert]::FromBase64String($input)
    [void]$hash.TransformBlock($bytes, 0, $bytes.Length, $bytes, 0)
    $file.Write($bytes, 0, $bytes.Length)
    $size += $bytes.Length
  } catch {
    Stop-Placing $_.Exception.Message 1
  }
}
end {
  try {
    [void]$hash.TransformFinalBlock([byte[]]@(), 0, 0)
    $actual = [BitConverter]::ToString($hash.Hash).Replace('-', '').ToLowerInvariant()
    $file.Flush($true)
    $file.Dispose()
    if ($actual -ne $expected) { Stop-Placing "$size bytes arrived, with the sha256 $actual" 87 }
    if ([IO.File]::Exists($destination)) {
      [IO.File]::Replace($partial, $destination, [NullString]::Value)
    } else {
      [IO.File]::Move($partial, $destination)
    }
  } catch {
    Stop-Placing $_.Exception.Message 1
  }
  exit 100
}
