import Pipeline
import Testing

@Suite struct DiskChangesTests {
  /// An answer with these records; those of the second list begin with a tab, as `comm` has it.
  private func changes(files: [String], packages: [String] = []) -> DiskChanges? {
    let text = [files, packages].map { $0.map { $0 + "\0" }.joined() + "\0" }.joined()
    return DiskChanges(parsing: Array(text.utf8))
  }

  @Test func `no difference is nothing changed`() {
    #expect(changes(files: [])?.lines == ["nothing changed on the disks"])
  }

  @Test func `a list that is cut off is no answer`() {
    #expect(DiskChanges(parsing: Array("f 644 0 0 1 1.0 /a//\0".utf8)) == nil)
    #expect(DiskChanges(parsing: Array("f 644 0 0 1 1.0 /a//\0\0+ x".utf8)) == nil)
    #expect(DiskChanges(parsing: []) == nil)
  }

  @Test func `a file is added, changed or removed by its path`() {
    let lines = changes(files: [
      "f 644 0 0 1 1.0 /etc/gone//", "f 644 0 0 1 1.0 /etc/changed//",
      "\tf 644 0 0 1 2.0 /etc/changed//", "\tf 644 0 0 9 1.0 /etc/new//",
    ])?.lines
    #expect(lines == ["+ /etc/new (9 bytes)", "~ /etc/changed (content)", "- /etc/gone (1 bytes)"])
  }

  @Test func `a directory whose time alone changed is not told`() {
    #expect(
      changes(files: ["d 755 0 0 4096 1.0 /etc//", "\td 755 0 0 8192 2.0 /etc//"])?.isEmpty == true)
  }

  @Test func `the root directory has a record of its own`() {
    let lines = changes(files: ["d 755 0 0 4096 1.0 ///", "\td 700 0 0 4096 1.0 ///"])?.lines
    #expect(lines == ["~ / (access)"])
  }

  @Test func `owner, type and target of a link are told apart`() {
    let lines = changes(files: [
      "f 644 0 0 1 1.0 /a//", "\tf 644 1000 0 1 1.0 /a//", "f 644 0 0 1 1.0 /b//",
      "\tl 777 0 0 1 1.0 /b///c", "l 777 0 0 1 1.0 /d//x", "\tl 777 0 0 1 1.0 /d//y",
    ])?.lines
    #expect(lines == ["~ /a (access)", "~ /b (type, content, access)", "~ /d (content)"])
  }

  @Test func `a new directory stands for all in it`() {
    let lines = changes(files: [
      "\td 755 0 0 4096 1.0 /srv/new//", "\td 755 0 0 4096 1.0 /srv/new/a//",
      "\tf 644 0 0 10 1.0 /srv/new/a/x//", "\tf 644 0 0 5 1.0 /srv/new/y//",
      "\tf 644 0 0 7 1.0 /srv/newer//",
    ])?.lines
    #expect(lines == ["+ /srv/new/ (3 in it, 15 bytes)", "+ /srv/newer (7 bytes)"])
  }

  @Test func `packages are added, changed and removed`() {
    let changes = changes(
      files: [],
      packages: [
        "libc6:amd64 2.36-8 ii ", "\tlibc6:amd64 2.36-9 ii ", "vim 9.0 ii ", "\tnginx 1.22 ii ",
        "\tbroken 1 iF ",
      ])
    #expect(
      changes?.packages == [
        "+ broken 1 iF", "~ libc6:amd64 2.36-8 to 2.36-9", "+ nginx 1.22", "- vim 9.0",
      ])
  }

  @Test func `very many changes are counted`() throws {
    let many = (1...150).map { "\tf 644 0 0 1 1.0 /f\($0)//" }
    let lines = try #require(changes(files: many)?.lines)
    #expect(lines.count == 101)
    #expect(lines.last == "… and 50 more")
  }
}
