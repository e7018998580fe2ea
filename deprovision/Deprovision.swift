/// The default deprovision scripts, embedded in the binary so that they can't be missing.
public enum Deprovision {
  /// The Linux script: run as root by `sh`, it generalizes the machine with the Azure agent.
  public static var linux: [UInt8] { PackageResources.linux_sh }

  /// The Windows script: run by PowerShell, it generalizes the machine with Sysprep.
  public static var windows: [UInt8] { PackageResources.windows_ps1 }
}
