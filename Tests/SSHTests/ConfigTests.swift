import SSH
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConfigTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let config: String
    let check: @Sendable (ResolvedTarget) -> Bool
    var testDescription: String { name }
  }

  @Test(arguments: [
    Row(name: "nothing", config: "") { $0 == ResolvedTarget(user: "me", host: "web", port: 22) },
    Row(name: "the basics", config: "Host web\n HostName w.example\n User al\n Port 2222") {
      $0 == ResolvedTarget(user: "al", host: "w.example", port: 2222)
    },
    Row(name: "equals sign and case", config: "HOST=web\nhostname = w.example\nPORT=3") {
      $0.host == "w.example" && $0.port == 3
    },
    Row(name: "quotes and comments", config: "User \"al an\" # why\n#Port 9\n") {
      $0.user == "al an" && $0.port == 22
    },
    Row(name: "the first value wins", config: "Host w*\n User a\nHost *\n User b\n Port 5") {
      $0.user == "a" && $0.port == 5
    },
    Row(name: "one question mark", config: "Host we?\n Port 7") { $0.port == 7 },
    Row(name: "a negated pattern", config: "Host * !web\n Port 7") { $0.port == 22 },
    Row(name: "another host", config: "Host other\n Port 7\n HostName x") { $0.host == "web" },
    Row(name: "the host's token", config: "HostName %h.example.com") {
      $0.host == "web.example.com"
    },
    Row(name: "all identity files", config: "IdentityFile ~/.ssh/a\nIdentityFile %d/b-%r-%h-%u\n") {
      $0.identities == ["/home/me/.ssh/a", "/home/me/b-me-web-me"]
    },
    Row(name: "only those", config: "IdentitiesOnly yes") { $0.offer == .filesOnly },
    Row(name: "an agent", config: "IdentityAgent ~/agent") {
      $0.agent == .socket("/home/me/agent")
    },
    Row(name: "an agent of a variable", config: "IdentityAgent $MINE") {
      $0.agent == .socket("/run/mine")
    },
    Row(name: "no agent", config: "IdentityAgent none") { $0.agent == .none },
    Row(name: "an alias for the key", config: "HostKeyAlias w7") { $0.hostKeyAlias == "w7" },
    Row(name: "known hosts", config: "UserKnownHostsFile ~/k1 /k2\nGlobalKnownHostsFile /g") {
      $0.knownHostsFiles == ["/home/me/k1", "/k2", "/g"]
    },
    Row(name: "match all", config: "Host no\n Port 1\nMatch all\n Port 2") { $0.port == 2 },
    Row(name: "match the host", config: "HostName w.x\nMatch host *.x,y\n Port 2") {
      $0.port == 2
    },
    Row(name: "match not the host", config: "Match !host web\n Port 2") { $0.port == 22 },
    Row(name: "match two", config: "User u\nMatch originalhost web user u\n Port 2") {
      $0.port == 2
    },
    Row(name: "include", config: "Include extra\nPort 2") { $0.port == 2 && $0.user == "extra" },
    Row(name: "include by pattern", config: "Include /conf.d/*.conf") {
      $0.user == "one" && $0.port == 22
    },
    Row(name: "include for another host", config: "Host no\n Include extra") { $0.user == "me" },
    Row(name: "a host inside an include ends there", config: "Include inner\nUser after") {
      $0.user == "after"
    },
    Row(name: "jump hosts", config: "Host web\n ProxyJump bob@j1:99,ssh://j2\nHost j2\n User carl")
    {
      $0.jumps == [
        ResolvedTarget(user: "bob", host: "j1", port: 99), ResolvedTarget(user: "carl", host: "j2"),
      ]
    },
    Row(name: "a jump host's jump host", config: "Host web\n ProxyJump j1\nHost j1\n ProxyJump j0")
    {
      $0.jumps.map(\.host) == ["j0", "j1"] && $0.jumps.allSatisfy(\.jumps.isEmpty)
    },
    Row(name: "no jump host", config: "Host web\n ProxyJump none\nHost *\n ProxyJump j") {
      $0.jumps.isEmpty
    },
    Row(name: "unknown keywords", config: "Frobnicate yes\nPort 4") { $0.port == 4 },
  ])
  func `a host's settings are found`(row: Row) throws {
    let target = try Self.resolve(row.config).target
    #expect(row.check(target), "\(target)")
  }

  @Test func `what the user wrote wins over the configuration`() throws {
    let destination = SSHDestination(user: "root", host: "web", port: 9)
    let target = try Self.resolve("User al\nPort 3\nHostName w.example", destination).target
    #expect(target == ResolvedTarget(user: "root", host: "w.example", port: 9))
  }

  @Test(arguments: ["Match exec \"true\"\n Port 5", "Match final\n Port 5"])
  func `a condition that is not looked at is told and does not hold`(config: String) throws {
    let resolution = try Self.resolve(config)
    #expect(resolution.target.port == 22)
    #expect(resolution.warnings.first?.hasPrefix("/home/me/.ssh/config:1: Match") == true)
  }

  @Test func `a proxy command is told`() throws {
    #expect(
      try Self.resolve("ProxyCommand nc %h %p").warnings == [
        "/home/me/.ssh/config:1: proxycommand is not followed"
      ])
  }

  @Test(arguments: [
    ("Port none", "/home/me/.ssh/config:1: \"none\" is not a port"),
    ("\nUser", "/home/me/.ssh/config:2: User has no value"),
    ("User \"al", "/home/me/.ssh/config:1: a quotation mark is missing"),
    ("Include circle", "/home/me/.ssh/circle: files include each other more than 16 deep"),
    ("ProxyJump -x", "`-x` is not a host name"),
  ])
  func `a mistake is told with its place`(config: String, reason: String) throws {
    let error = #expect(throws: SSHError.self) { try Self.resolve(config) }
    #expect(error?.kind == .badConfiguration)
    #expect(error?.reason.hasSuffix(reason) == true, "\(error?.reason ?? "")")
  }

  @Test func `jump hosts in a circle are an error`() throws {
    let error = #expect(throws: SSHError.self) {
      try Self.resolve("Host web\n ProxyJump b\nHost b\n ProxyJump web")
    }
    #expect(error?.reason.contains("in a circle") == true)
  }

  private static func resolve(
    _ config: String, _ destination: SSHDestination = SSHDestination(host: "web")
  ) throws -> SSHClientConfig.Resolution {
    var surroundings = SSHClientConfig.Surroundings(
      user: "me", home: "/home/me", environment: ["MINE": "/run/mine"])
    let files = [
      "/home/me/.ssh/config": config,
      "/home/me/.ssh/extra": "User extra",
      "/home/me/.ssh/inner": "Host other\nUser inner",
      "/home/me/.ssh/circle": "Include circle",
      "/conf.d/1.conf": "User one",
      "/conf.d/2.conf": "User two",
    ]
    surroundings.read = { path throws(SSHError) in files[path] }
    surroundings.match = { $0 == "/conf.d/*.conf" ? ["/conf.d/1.conf", "/conf.d/2.conf"] : [] }
    return try SSHClientConfig(surroundings).resolve(destination)
  }
}

@Suite(.timeLimit(.minutes(5))) struct DestinationTests {
  @Test(arguments: [
    ("ssh://build", SSHDestination(host: "build")),
    ("ssh://al@build:2222", SSHDestination(user: "al", host: "build", port: 2222)),
    ("SSH://al@build/", SSHDestination(user: "al", host: "build")),
    ("ssh://[::1]", SSHDestination(host: "::1")),
    ("ssh://al@[fe80::1%eth0]:22", SSHDestination(user: "al", host: "fe80::1%eth0", port: 22)),
    ("ssh://dom\u{2e}al@corp@build", SSHDestination(user: "dom.al@corp", host: "build")),
  ])
  func `an address is read`(text: String, expected: SSHDestination) throws {
    #expect(try SSHDestination(parsing: text) == expected)
  }

  @Test(arguments: [
    "build", "http://build", "ssh://", "ssh://al@", "ssh://@build", "ssh://-oProxyCommand=x",
    "ssh://-l@build", "ssh://build:0", "ssh://build:65536", "ssh://build:ssh", "ssh://build:",
    "ssh://::1", "ssh://[::1", "ssh://[build]", "ssh://[::1]22", "ssh://build/tmp",
    "ssh://build?x=1", "ssh://bu ild", "ssh://build;id",
  ])
  func `anything else is refused`(text: String) throws {
    let error = #expect(throws: SSHError.self) { try SSHDestination(parsing: text) }
    #expect(error?.kind == .badConfiguration)
  }

  @Test func `a password in an address is refused and not repeated`() throws {
    let error = #expect(throws: SSHError.self) { try SSHDestination(parsing: "ssh://al:pw@build") }
    #expect(error?.reason.contains("password") == true)
    #expect(error.map { !"\($0) \($0.hint ?? "")".contains("pw") } == true)
  }
}
