import FoundationEssentials
import Pipeline
import Template
import TestSupport
import Testing

@testable import Azure

/// Real traffic of Azure, recorded by Microsoft's own tests, played back to our client.
@Suite(.requiresSharedData) struct ReplayTests {
  struct Change: Decodable {
    let method: String
    let path: String
    let query: [String: String]
    let apiVersion: String?
    let body: JSON?
    let status: Int

    var request: ARMRequest? {
      guard let verb = ARMRequest.Verb(rawValue: method) else { return nil }
      var request = ARMRequest(verb, path, query: query, body: body)
      request.apiVersion = apiVersion
      return request
    }
  }

  struct Report: Decodable {
    let missed: [String]
    let bodies: [String]
    let unread: [String]
  }

  @Test(arguments: [
    "net-2019/CanCreateUpdateGetDeleteGalleryImageVersion.json",
    "net-2019/CanCreateImageByCapturingVM.json",
    "net-2019/CanCreateImageFromManagedDisk.json",
    "net-2019/CanOperateOnManagedDiskFromSnapshot.json",
    "azure-cli-2025-02/test_snapshot_access.yaml",
    "azure-cli-2025-02/test_vm_disk_upload.yaml",
    "azure-cli-2025-02/test_gallery_image_version_vhd.yaml",
    "azure-cli-2025-02/test_vm_generalize.yaml",
    "azure-cli-2025-02/test_gallery_e2e.yaml",
    "azure-cli-2025-02/test_image_version_create_os_vhd.yaml",
    "azure-cli-2025-02/test_vm_custom_image_management.yaml",
    "azure-cli-2025-02/test_vm_snapshot_incremental.yaml",
    "azure-cli-2025-02/test_resource_group.yaml",
    "java-2019/canCreateUpdateGetDeleteGalleryImageVersion.json",
    "sdk-python-2021/test_mgmt_compute_vm.test_compute_vm.yaml",
    "sdk-python-2021/test_mgmt_compute_disks.test_compute_disks.yaml",
  ])
  func `the client asks what Azure's own clients asked, and nothing else`(
    recording: String
  ) async throws {
    let data = try #require(Shared.data)
    let clock = SkippingClock()
    try await PythonServer.with(
      "replay.py", ["\(data)/azure-recordings/\(recording)", "\(data)/../tools"]
    ) { server in
      let plan = try JSONDecoder().decode(
        [Change].self, from: Data(try await server.text("/_plan").utf8))
      #expect(!plan.isEmpty)
      let arm = server.arm(Pace(clock: clock))
      for change in plan {
        let request = try #require(change.request)
        if change.status < 400 {
          try await arm.perform(request)
        } else {
          #expect(try await failure { try await arm.perform(request) }.status == change.status)
        }
      }
      let report = try JSONDecoder().decode(
        Report.self, from: Data(try await server.text("/_report").utf8))
      #expect(report.missed == [])
      #expect(report.bodies == [])
      // What they read beside it were resources, to show them, and operations that had ended.
      #expect(report.unread == [])
    }
  }
}
