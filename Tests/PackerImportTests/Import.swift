@testable import PackerImport
