"""A small HTTP camera on the loopback: JPEG after JPEG in one answer that never ends (multipart/x-mixed-replace).

Faults, on the first connection only, after `at` pictures: stall, drop. On every one: refuse (401), missing (404).
"""
import base64
import http.server
import threading
import time


class MjpegServer:
    """pictures: the bytes of JPEG files, served for ever at rate_hz; use as a context manager."""

    def __init__(self, pictures, rate_hz, fault='none', at=0, credentials=None):
        self.pictures, self.rate_hz, self.fault, self.at = pictures, rate_hz, fault, at
        self.authorization = 'Basic ' + base64.b64encode(credentials).decode() if credentials else None
        self.connections = 0
        self.stopped = threading.Event()
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                camera.connections += 1
                camera.serve(self, camera.connections)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def serve(self, handler, number):
        if self.fault == 'missing':
            handler.send_error(404)
        elif self.fault == 'refuse' or (self.authorization and handler.headers.get('Authorization') != self.authorization):
            handler.send_response(401)
            handler.send_header('WWW-Authenticate', 'Basic realm="camera"')
            handler.end_headers()
        else:
            try:
                self.stream(handler, number)
            except OSError:
                pass

    def stream(self, handler, number):
        handler.send_response(200)
        handler.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
        handler.end_headers()
        begin = time.monotonic()
        for i in range(10 ** 9):
            if self.stopped.is_set():
                return
            if i == self.at and number == 1 and self.fault in ('stall', 'drop'):
                if self.fault == 'stall':
                    self.stopped.wait(60)
                return
            picture = self.pictures[i % len(self.pictures)]
            handler.wfile.write(b'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n' % (len(picture), picture))
            time.sleep(max(0, begin + (i + 1) / self.rate_hz - time.monotonic()))
