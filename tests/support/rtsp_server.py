"""A small RTSP camera on the loopback (H.264 over RTP inside the TCP connection) that can misbehave.

Faults, on the first connection only, after `at` pictures:
  stall    the socket stays open, nothing comes any more
  drop     the connection is closed
  half     the head of a packet comes, its body never does
  garbage  bytes that are no packet, then on as if nothing had been
  refuse   every request is answered 401
  jump     the stream's clock jumps ahead by an hour
"""
import base64
import re
import socket
import struct
import threading
import time

MAX_PAYLOAD = 1300
CLOCK_HZ = 90000


def split_pictures(annexb):
    """The access units of an H.264 byte stream, each a list of NAL units."""
    units = [u for u in re.split(b'\x00\x00\x00\x01|\x00\x00\x01', annexb) if u]
    pictures, current = [], []
    for unit in units:
        has_slice = any((u[0] & 31) in (1, 5) for u in current)
        begins = (unit[0] & 31) in (6, 7, 9) or ((unit[0] & 31) in (1, 5) and unit[1] & 0x80)
        if has_slice and begins:
            pictures.append(current)
            current = []
        current.append(unit)
    return pictures + [current]


def rtp_payloads(picture):
    """Yields (payload, is_last): single NAL units, or FU-A fragments of the long ones."""
    for k, unit in enumerate(picture):
        is_last_unit = k == len(picture) - 1
        if len(unit) <= MAX_PAYLOAD:
            yield unit, is_last_unit
            continue
        body = unit[1:]
        for at in range(0, len(body), MAX_PAYLOAD):
            is_end = at + MAX_PAYLOAD >= len(body)
            mark = (0x80 if at == 0 else 0) | (0x40 if is_end else 0) | (unit[0] & 31)
            yield bytes([unit[0] & 0xe0 | 28, mark]) + body[at:at + MAX_PAYLOAD], is_last_unit and is_end


class RtspServer:
    """Serves one H.264 file for ever at rate_hz; use as a context manager."""

    def __init__(self, h264_path, rate_hz, fault='none', at=0):
        with open(h264_path, 'rb') as file:
            self.pictures = split_pictures(file.read())
        self.rate_hz, self.fault, self.at = rate_hz, fault, at
        units = [unit for picture in self.pictures for unit in picture]
        self.parameter_sets = [next(u for u in units if u[0] & 31 == kind) for kind in (7, 8)]
        self.connections = 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.stopped = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.listener.close()

    def accept(self):
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection, self.connections), daemon=True).start()

    def misbehave(self, connection):
        if self.fault in ('stall', 'half'):
            if self.fault == 'half':
                connection.sendall(b'$\x00\x10\x00' + b'x' * 100)
            self.stopped.wait(60)
        elif self.fault == 'drop':
            connection.shutdown(socket.SHUT_RDWR)
        elif self.fault == 'garbage':
            connection.sendall(bytes(range(256)) * 400)

    def stream(self, connection, number):
        sequence, begin = 0, time.monotonic()
        try:
            for i in range(10 ** 9):
                if self.stopped.is_set():
                    return
                if i == self.at and number == 1:
                    self.misbehave(connection)
                jump_s = 3600 if self.fault == 'jump' and i >= self.at else 0
                clock = int((i / self.rate_hz + jump_s) * CLOCK_HZ) & 0xffffffff
                for payload, is_last in rtp_payloads(self.pictures[i % len(self.pictures)]):
                    head = struct.pack('>BBHII', 0x80, 96 | (0x80 if is_last else 0), sequence & 0xffff,
                                       clock, 0x1234)
                    packet = head + payload
                    connection.sendall(b'$\x00' + struct.pack('>H', len(packet)) + packet)
                    sequence += 1
                time.sleep(max(0, begin + (i + 1) / self.rate_hz - time.monotonic()))
        except OSError:
            pass

    def description(self):
        sets = ','.join(base64.b64encode(s).decode() for s in self.parameter_sets)
        return ('v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n'
                f'a=rtpmap:96 H264/{CLOCK_HZ}\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n'
                'a=control:track0\r\n')

    def answer(self, method):
        """Status line, further headers, body."""
        if self.fault == 'refuse':
            return '401 Unauthorized', '', ''
        if method == 'DESCRIBE':
            body = self.description()
            return '200 OK', f'Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n', body
        headers = {'OPTIONS': 'Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n',
                   'SETUP': 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n',
                   'PLAY': 'Session: 1\r\n'}
        return '200 OK', headers.get(method, ''), ''

    def serve(self, connection, number):
        try:
            with connection, connection.makefile('rb') as reader:
                self.talk(connection, reader, number)
        except OSError:
            pass

    def talk(self, connection, reader, number):
        while True:
            line = reader.readline()
            if line[:1] == b'$':  # a receiver report inside the connection
                return
            if not line.strip():
                if not line:
                    return
                continue
            method, sequence = line.decode(errors='replace').split()[0], '0'
            while header := reader.readline().decode(errors='replace').strip():
                name, _, value = header.partition(':')
                if name.lower() == 'cseq':
                    sequence = value.strip()
            status, headers, body = self.answer(method)
            connection.sendall(f'RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}\r\n{body}'.encode())
            if method == 'PLAY':
                threading.Thread(target=self.stream, args=(connection, number), daemon=True).start()
            if method == 'TEARDOWN':
                return
