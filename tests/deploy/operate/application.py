"""The application whose users read logs, as docs/operate.md assumes it: it knows its sessions."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Application(BaseHTTPRequestHandler):
    """Answers GET /session for the one session that exists."""

    def do_GET(self):
        is_known = "session=valid" in (self.headers.get("Cookie") or "")
        self.send_response(200 if is_known and self.path == "/session" else 401)
        if is_known:
            self.send_header("X-User-Id", "jane")
            self.send_header("X-Workspace-Ids", "workspace123")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", 3000), Application).serve_forever()
