/// What answers for an ``HTTPSServer`` whose paths are `/<id of the test>/<behaviour>[/<argument>]`;
/// it keeps a count and a log for each path.
let serverScript = #"""
  payload = bytes((i * 7 + i // 251) % 256 for i in range(300_000))
  other = bytes(reversed(payload))
  lock = threading.Lock()
  seen = {}

  class Handler(http.server.BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"

      def log_message(self, *_):
          pass

      def answer(self, status, body=b"", fields=(), length=None):
          self.send_response(status)
          for name, value in fields:
              self.send_header(name, value)
          self.send_header("Content-Length", str(len(body) if length is None else length))
          self.end_headers()
          if self.command != "HEAD":
              self.wfile.write(body)

      def cut(self):
          self.wfile.flush()
          self.connection.shutdown(socket.SHUT_RDWR)
          self.close_connection = True

      def part(self, tag='"one"', honest=True):
          given = self.headers["Range"]
          if given and self.headers["If-Range"] == tag:
              first = int(given.removeprefix("bytes=").removesuffix("-"))
              told = first if honest else first + 1
              span = f"bytes {told}-{len(payload) - 1}/{len(payload)}"
              self.answer(206, payload[first:], [("ETag", tag), ("Content-Range", span)])
          else:
              self.answer(200, payload, [("ETag", tag)])

      def serve(self):
          path = self.path.split("?")[0]
          size = int(self.headers["Content-Length"] or 0)
          body = self.rfile.read(size)
          words = path.strip("/").split("/")
          if words[0] == "log":
              with lock:
                  lines = seen.get("/" + "/".join(words[1:]), [])
              return self.answer(200, "\n".join(lines).encode())
          with lock:
              lines = seen.setdefault(path, [])
              lines.append(f"{self.command} {self.headers['Range'] or '-'}")
              count = len(lines)
          getattr(self, "do_" + words[1])(words[2:], count, body)

      do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

      def do_plain(self, words, count, body):
          self.part()

      def do_echo(self, words, count, body):
          lines = [self.command] + [f"{n}: {v}" for n, v in self.headers.items()]
          fields = [("X-Twice", "one"), ("x-twice", "two"), ("X-Case", "kept")]
          self.answer(200, "\n".join(lines).encode() + b"\n\n" + body, fields)

      def do_status(self, words, count, body):
          self.answer(int(words[0]), b"no", [("x-ms-error-code", "BlobNotFound")])

      def do_busy(self, words, count, body):
          wait = words[0]
          if wait == "date":
              wait = email.utils.formatdate(time.time() + 90, usegmt=True)
          if count == 1:
              self.answer(429, b"slow down", [("Retry-After", wait)])
          else:
              self.part()

      def do_cut(self, words, count, body):
          if count > 1:
              return self.do_after(words[0])
          fields = [("ETag", '"one"')]
          if words[0] == "undated":
              now = email.utils.formatdate(time.time(), usegmt=True)
              fields = [("Last-Modified", now)]
          if words[0] == "dated":
              fields = [("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")]
          self.answer(200, payload[:100_000], fields, len(payload))
          self.cut()

      def do_after(self, kind):
          if kind == "ignored":
              self.answer(200, payload, [("ETag", '"one"')])
          elif kind == "changed":
              self.answer(200, other, [("ETag", '"two"')])
          elif kind == "wrong":
              self.part(honest="Range" not in self.headers)
          elif kind == "refused" and self.headers["Range"]:
              self.answer(416, b"", [("Content-Range", f"bytes */{len(payload)}")])
          elif kind == "dated":
              self.part("Sun, 06 Nov 1994 08:49:37 GMT")
          else:
              self.part()

      def do_short(self, words, count, body):
          self.answer(200, payload[:1000], (), 2000)
          self.cut()

      def do_redirect(self, words, count, body):
          port = self.server.server_address[1]
          target = {
              "loop": self.path,
              "plain": f"/{self.path.split('/')[1]}/plain",
              "http": f"http://localhost:{port}/x/plain?sig=SECRET",
              "elsewhere": f"https://127.0.0.1:{port}/{self.path.split('/')[1]}/echo",
          }[words[0]]
          self.answer(302, b"moved", [("Location", target)])

      def do_silent(self, words, count, body):
          self.connection.settimeout(30)
          self.connection.recv(1)
          self.close_connection = True

      def do_drip(self, words, count, body):
          self.answer(200, payload[:1000], (), len(payload))
          self.wfile.flush()
          self.do_silent(words, count, body)

      def do_endless(self, words, count, body):
          self.send_response(200)
          self.send_header("Transfer-Encoding", "chunked")
          self.end_headers()
          try:
              while True:
                  self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
          except OSError:
              self.close_connection = True
  """#
