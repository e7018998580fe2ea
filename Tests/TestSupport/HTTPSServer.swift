internal import Subprocess

/// An HTTPS server of a test's own, written in Python, with a certificate for `localhost` and
/// 127.0.0.1 that nobody but its own authority vouches for.
public struct HTTPSServer: Sendable {
  /// Its loopback port.
  public let port: Int
  /// A directory that belongs to it; `ca.pem` there is its authority, `stranger.pem` one that
  /// signed nothing.
  public let directory: String

  /// Runs one until `body` returns or throws.
  ///
  /// `handler` is Python that defines `Handler`, a class for `http.server`; it has `directory` and
  /// the modules that the program imports.
  /// - Throws: what `body` throws; ``KitError`` where the server does not start.
  public static func with(
    _ handler: String, _ body: (HTTPSServer) async throws -> Void
  ) async throws {
    try await ScratchDirectory.with { directory in
      try await makeCertificates(in: directory)
      try await withPythonProgram(["-c", program(handler), directory], endedBy: .kill) { port in
        try await body(HTTPSServer(port: port, directory: directory))
      }
    }
  }

  /// It prints its port, and ends with its standard input.
  private static func program(_ handler: String) -> String {
    """
    import email.utils, hashlib, http.server, os, socket, ssl, sys, threading, time
    directory = sys.argv[1]

    \(handler)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/server.pem", f"{directory}/server.key")
    server = Server(("127.0.0.1", 0), Handler)
    # The handshake belongs to the connection's thread, not to the one that accepts.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.buffer.read()
    """
  }

  private static func makeCertificates(in directory: String) async throws {
    let commands = """
      set -e
      cd \(directory)
      new() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
      for ca in ca stranger; do
        new $ca
        openssl req -x509 -new -key $ca.key -subj "/CN=kiln test $ca" -days 2 -out $ca.pem
      done
      new server
      openssl req -new -key server.key -subj /CN=localhost -out server.csr
      printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' > names
      openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile names -out server.pem 2>/dev/null
      """
    _ = try await TestSupport.run("sh", ["-c", commands]).succeeded()
  }
}
