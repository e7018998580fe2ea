// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with; dependencies keep their own settings.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// Tests that have snapshots exclude `__Snapshots__`.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
  name: "kiln",
  products: [.executable(name: "kiln", targets: ["kiln"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // C libraries: a module map and a shim, nothing else.
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CGSSAPI", providers: [.apt(["libkrb5-dev"])]),
    .systemLibrary(name: "CProcess"),
    .systemLibrary(name: "CSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    // Leaves: they know nothing of images.
    module("Digests", ["CCrypto"]),
    module("HTTP", ["CCurl", "Digests", system]),
    module("SSH", ["CSSH2", "CCrypto"]),
    .target(
      name: "WinRM", dependencies: ["CCrypto", "CGSSAPI", "Digests", "HTTP"],
      resources: [.embedInCode("Files/place.ps1")], swiftSettings: strict),
    module("Disks", [subprocess, system]),
    module("Layers", ["Digests", system]),
    module("Memory", ["CZstd"]),
    .target(
      name: "Deprovision", path: "deprovision",
      resources: [.embedInCode("linux.sh"), .embedInCode("windows.ps1")],
      swiftSettings: strict),

    // The document, and the flow that bakes it.
    module("Template", ["Digests"]),
    module("PackerImport", ["Template"]),
    .target(
      name: "Catalog", dependencies: ["Digests", "Disks", "HTTP", "Template", system],
      resources: [.embedInCode("sources.json")], swiftSettings: strict),
    .target(
      name: "Pipeline", dependencies: ["Deprovision", "Digests", "Template"],
      resources: [.embedInCode("Steps/deprovision.ps1"), .embedInCode("Steps/update.ps1")],
      swiftSettings: strict),

    // The images of this machine.
    module("Images", ["Digests", "Disks", "Pipeline", "Template", system]),

    // What the flow reaches the outside world through.
    .target(
      name: "Guests", dependencies: ["Digests", "Pipeline", "SSH", "WinRM"],
      resources: [
        .embedInCode("Agent/agent.sh"), .embedInCode("Agent/files.sh"),
        .embedInCode("Agent/jobs.sh"), .embedInCode("Agent/renew.sh"),
        .embedInCode("Agent/retire.sh"), .embedInCode("Windows/agent.ps1"),
      ], swiftSettings: strict),

    module(
      "QEMU",
      [
        "CProcess", "Digests", "Disks", "Guests", "Layers", "Memory", "Pipeline", "SSH", system,
      ]),

    .target(
      name: "Azure",
      dependencies: [
        "CCrypto", "Guests", "HTTP", "Pipeline", "SSH", "Template", "WinRM", subprocess, system,
      ],
      resources: [.embedInCode("Windows/listen.ps1"), .embedInCode("Windows/withdraw.ps1")],
      swiftSettings: strict),

    // The composition root.
    .executableTarget(
      name: "kiln",
      dependencies: [
        "Azure", "Catalog", "Digests", "Disks", "Guests", "HTTP", "Images", "Layers",
        "PackerImport",
        "Pipeline", "QEMU",
        "SSH", "Template", "WinRM",
        arguments, subprocess, system,
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: [subprocess, system], path: "Tests/TestSupport",
      swiftSettings: strict),
    .target(
      name: "Fuzzing", dependencies: ["Template"], path: "Tests/Fuzzing", swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["Fuzzing"], path: "Tests/Fuzz", swiftSettings: strict),
    tests(
      "AzureTests",
      ["Azure", "Digests", "HTTP", "Pipeline", "Template", "TestSupport", subprocess, system]),
    tests("DigestsTests", ["Digests"]),
    tests("TemplateTests", ["Fuzzing", "Template", "TestSupport"]),
    tests(
      "CatalogTests",
      ["Catalog", "Digests", "Disks", "HTTP", "Template", "TestSupport", system]),
    tests("PackerImportTests", ["PackerImport", "Template"], exclude: ["Fixtures"]),
    tests("PipelineTests", ["Digests", "Pipeline", "Template", "TestSupport"]),
    tests(
      "ImagesTests",
      ["Digests", "Disks", "Images", "Template", "TestSupport", system]),
    tests("HTTPTests", ["Digests", "HTTP", "TestSupport", system]),
    tests("MemoryTests", ["Memory", "TestSupport"]),
    tests("QEMUTests", ["Memory", "QEMU", "SSH", "TestSupport"]),
    tests("DisksTests", ["Disks", "TestSupport", subprocess, system]),
    tests("LayersTests", ["Digests", "Layers", "TestSupport", system]),
    tests("SSHTests", ["SSH", "TestSupport"]),
    tests("WinRMTests", ["Digests", "HTTP", "TestSupport", "WinRM", system]),
    tests("GuestsTests", ["Digests", "Guests", "Pipeline", "SSH", "TestSupport"]),
    tests(
      "WindowsTests",
      [
        "Digests", "Guests", "HTTP", "Pipeline", "SSH", "Template", "TestSupport", "WinRM",
        subprocess, system,
      ]),
    tests(
      "KilnTests", ["kiln", "Pipeline", "Template", "TestSupport"], exclude: ["__Snapshots__"]),
    tests("EndToEnd", ["TestSupport", subprocess, system], exclude: ["__Snapshots__"]),
    tests("TestSupportTests", ["TestSupport"], exclude: ["__Snapshots__"]),
    tests("Tidy", ["TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
