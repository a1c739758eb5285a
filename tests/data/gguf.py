"""Reads and writes GGUF files."""
import math
import struct

F32, F16 = 0, 1
UINT32, STRING, ARRAY = 4, 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Gguf:
    """Metadata as (key, type, value), tensors as [name, dimensions, type, bytes]; the value of an array is (type, items)."""

    def __init__(self, path):
        self.data, self.at = path.read_bytes(), 8
        tensors, keys = self.scalar("Q"), self.scalar("Q")
        self.metadata = []
        for _ in range(keys):
            key, kind = self.string().decode(), self.scalar("I")
            self.metadata.append((key, kind, self.value(kind)))
        heads = []
        for _ in range(tensors):
            name = self.string().decode()
            dimensions = [self.scalar("Q") for _ in range(self.scalar("I"))]
            heads.append((name, dimensions, self.scalar("I"), self.scalar("Q")))
        start = (self.at + 31) // 32 * 32
        ends = sorted(offset for _, _, _, offset in heads) + [len(self.data) - start]
        self.tensors = []
        for name, dimensions, kind, offset in heads:
            end = min(end for end in ends if end > offset)
            size = {F32: 4, F16: 2}.get(kind)
            length = math.prod(dimensions) * size if size else end - offset
            self.tensors.append([name, dimensions, kind, self.data[start + offset:start + offset + length]])

    def scalar(self, code):
        value, = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def string(self):
        length = self.scalar("Q")
        self.at += length
        return self.data[self.at - length:self.at]

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            item, count = self.scalar("I"), self.scalar("Q")
            return item, [self.value(item) for _ in range(count)]
        return self.scalar(SCALARS[kind])

    def replace(self, key, change):
        self.metadata = [(name, kind, change(value) if name == key else value) for name, kind, value in self.metadata]

    def get(self, key):
        return next(value for name, _, value in self.metadata if name == key)

    def head(self):
        """The file up to its weights."""
        out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.metadata)))
        for key, kind, value in self.metadata:
            out += packed(STRING, key.encode()) + struct.pack("<I", kind) + packed(kind, value)
        offset = 0
        for name, dimensions, kind, data in self.tensors:
            out += packed(STRING, name.encode()) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)
            offset += padded(len(data))
        return out + bytes(padded(len(out)) - len(out))

    def write(self, path):
        out = self.head()
        for _, _, _, data in self.tensors:
            out += data + bytes(padded(len(data)) - len(data))
        path.write_bytes(out)


def padded(length):
    return (length + 31) // 32 * 32


def packed(kind, value):
    if kind == STRING:
        return struct.pack("<Q", len(value)) + value
    if kind == ARRAY:
        item, items = value
        return struct.pack("<IQ", item, len(items)) + b"".join(packed(item, each) for each in items)
    return struct.pack("<" + SCALARS[kind], value)
