"""A small RTSP camera on the loopback (H.264 over RTP, inside the TCP connection or over UDP) that can misbehave.

Faults, on the first connection only unless always, after `at` pictures:
  stall    the socket stays open, nothing comes any more
  drop     the connection is closed
  half     the head of a packet comes, its body never does
  garbage  bytes that are no packet, then on as if nothing had been
  jump     the stream's clock jumps ahead by an hour
  stand    the stream's clock stands still
  change   what follows is another file, and every later connection begins with it
Faults of every connection, from the first request on:
  refuse   401, also with the right password        missing  404
  broken   a description that is none                redirect to file:///etc/passwd
  silent   no answer at all
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

    def __init__(self, h264_path, rate_hz, fault='none', at=0, always=False, port=0, credentials=None, other_path=None):
        """credentials: b'user:password' that must be given; other_path: what `change` changes to"""
        self.pictures = self.read(h264_path)
        self.other = self.read(other_path) if other_path else self.pictures
        self.rate_hz, self.fault, self.at, self.always = rate_hz, fault, at, always
        self.authorization = 'Basic ' + base64.b64encode(credentials).decode() if credentials else None
        self.connections = self.tries = 0
        self.listener = socket.create_server(('127.0.0.1', port))
        self.port = self.listener.getsockname()[1]
        self.stopped = threading.Event()

    @staticmethod
    def read(path):
        with open(path, 'rb') as file:
            return split_pictures(file.read())

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
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

    def stream(self, connection, number, udp):
        """udp: a socket that is connected to the client's port, None: inside the connection"""
        sequence, begin = 0, time.monotonic()
        try:
            for i in range(10 ** 9):
                if self.stopped.is_set():
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                if i == self.at and (number == 1 or self.always):
                    self.misbehave(connection)
                jump_s = 3600 if self.fault == 'jump' and i >= self.at else 0
                shown = self.at if self.fault == 'stand' and i >= self.at else i
                clock = int((shown / self.rate_hz + jump_s) * CLOCK_HZ) & 0xffffffff
                pictures = self.pictures_at(i, number)
                for payload, is_last in rtp_payloads(pictures[i % len(pictures)]):
                    head = struct.pack('>BBHII', 0x80, 96 | (0x80 if is_last else 0), sequence & 0xffff,
                                       clock, 0x1234)
                    packet = head + payload
                    if udp:
                        udp.send(packet)
                    else:
                        connection.sendall(b'$\x00' + struct.pack('>H', len(packet)) + packet)
                    sequence += 1
                time.sleep(max(0, begin + (i + 1) / self.rate_hz - time.monotonic()))
        except OSError:
            pass

    def pictures_at(self, i, number):
        has_changed = self.fault == 'change' and (i >= self.at or number > 1)
        return self.other if has_changed else self.pictures

    def description(self, number):
        units = [unit for picture in self.pictures_at(0, number) for unit in picture]
        found = [next(u for u in units if u[0] & 31 == kind) for kind in (7, 8)]
        sets = ','.join(base64.b64encode(s).decode() for s in found)
        return ('v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n'
                f'a=rtpmap:96 H264/{CLOCK_HZ}\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n'
                'a=control:track0\r\n')

    def refusal(self, authorization):
        if self.fault == 'missing':
            return '404 Not Found', '', ''
        if self.fault == 'redirect':
            return '302 Found', 'Location: file:///etc/passwd\r\n', ''
        if self.fault == 'refuse' or (self.authorization and authorization != self.authorization):
            return '401 Unauthorized', 'WWW-Authenticate: Basic realm="camera"\r\n', ''
        return None

    @staticmethod
    def open_udp(transport):
        """A socket connected to the port the client names, None when it wants the packets in the connection."""
        found = re.search(r'client_port=(\d+)', transport)
        if not found or 'interleaved' in transport:
            return None
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(('127.0.0.1', 0))
        udp.connect(('127.0.0.1', int(found[1])))
        return udp

    def answer(self, method, authorization, number, udp):
        """Status line, further headers, body."""
        if method != 'OPTIONS' and self.refusal(authorization):
            return self.refusal(authorization)
        if method == 'DESCRIBE':
            body = 'no description at all\r\n' if self.fault == 'broken' else self.description(number)
            return '200 OK', f'Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n', body
        transport = 'RTP/AVP/TCP;unicast;interleaved=0-1'
        if udp:
            theirs, ours = udp.getpeername()[1], udp.getsockname()[1]
            transport = f'RTP/AVP;unicast;client_port={theirs}-{theirs + 1};server_port={ours}-{ours + 1}'
        headers = {'OPTIONS': 'Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n',
                   'SETUP': f'Transport: {transport}\r\nSession: 1\r\n',
                   'PLAY': 'Session: 1\r\n'}
        return '200 OK', headers.get(method, ''), ''

    def serve(self, connection, number):
        try:
            with connection, connection.makefile('rb') as reader:
                self.talk(connection, reader, number)
        except OSError:
            pass

    def talk(self, connection, reader, number):
        udp = None
        while True:
            if reader.peek(1)[:1] == b'$':  # a receiver report inside the connection
                reader.read(struct.unpack('>H', reader.read(4)[2:])[0])
                continue
            line = reader.readline()
            if not line.strip():
                if not line:
                    return
                continue
            method, sequence, authorization = line.decode(errors='replace').split()[0], '0', None
            while header := reader.readline().decode(errors='replace').strip():
                name, _, value = header.partition(':')
                if name.lower() == 'cseq':
                    sequence = value.strip()
                if name.lower() == 'authorization':
                    authorization = value.strip()
                if name.lower() == 'transport':
                    udp = self.open_udp(value)
            if self.fault == 'silent':
                self.stopped.wait(60)
                return
            status, headers, body = self.answer(method, authorization, number, udp)
            connection.sendall(f'RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}\r\n{body}'.encode())
            if method == 'PLAY':
                threading.Thread(target=self.stream, args=(connection, number, udp), daemon=True).start()
            if method == 'TEARDOWN':
                return
