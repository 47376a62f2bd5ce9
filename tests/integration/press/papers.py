"""Makers of documents, sound and hostile, without a library for PDF or PNG: what such a library would never write is what
is wanted here. JPEGs are Pillow's."""
import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

from PIL import Image

sys.path.append(str(pathlib.Path(__file__).parents[2] / "support"))
from plain_pdf import LETTER, Pdf, numbers, one_page   # noqa: E402

HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def by_qpdf(*options, document=None):
    """What qpdf, which knows how, makes of a document."""
    with tempfile.TemporaryDirectory() as folder:
        plain, made = pathlib.Path(folder, "plain.pdf"), pathlib.Path(folder, "made.pdf")
        plain.write_bytes(document or one_page())
        subprocess.run(["qpdf", *options, "--", plain, made], check=True, capture_output=True)
        return made.read_bytes()


def encrypted(user, owner, *how):
    return by_qpdf("--allow-weak-crypto", "--encrypt", user, owner, *(how or ("256",)))


# --- Tables of references ---

def revised(document, objects, prev=None):
    """Another revision behind it: objects by number. prev: where the table before it is said to be; -1: it is its own."""
    before = int(document.rsplit(b"startxref", 1)[1].split()[0])
    size = int(document.rsplit(b"/Size ", 1)[1].split(b">", 1)[0])
    out, rows = bytearray(document), []
    for number, body in sorted(objects.items()):
        rows.append(b"%d 1\n%010d 00000 n \n" % (number, len(out)))
        out += b"%d 0 obj\n" % number + body.encode("latin-1") + b"\nendobj\n"
    table = len(out)
    prev = before if prev is None else prev if prev >= 0 else table
    out += b"xref\n" + b"".join(rows) + b"trailer\n<</Root 1 0 R/Size %d/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        size, prev, table)
    return bytes(out)


def hybrid():
    """The page is in a stream of objects that only the second table knows, which readers of 1.5 and later look into."""
    out, at = bytearray(b"%PDF-1.5\n"), {}

    def put(number, body):
        at[number] = len(out)
        out.extend(b"%d 0 obj\n" % number + body + b"\nendobj\n")

    drawing = b"0 0 1 rg 290 390 30 30 re f"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>"
    put(1, b"<</Type/Catalog/Pages 2 0 R>>")
    put(2, b"<</Type/Pages/Count 1/Kids[3 0 R]>>")
    put(4, b"<</Length %d>>\nstream\n" % len(drawing) + drawing + b"\nendstream")
    put(5, b"<</Type/ObjStm/N 1/First 4/Length %d>>\nstream\n3 0 " % (len(page) + 4) + page + b"\nendstream")
    row = struct.pack(">BIB", 2, 5, 0)
    put(6, b"<</Type/XRef/Size 7/W[1 4 1]/Index[3 1]/Root 1 0 R/Length 6>>\nstream\n" + row + b"\nendstream")
    table = len(out)
    rows = [b"%010d 00000 n \n" % at[number] if number in at and number not in (5, 6) else b"0000000000 65535 f \n" for number in range(7)]
    rows[5] = b"%010d 00000 n \n" % at[5]
    out += b"xref\n0 7\n" + b"".join(rows) + b"trailer\n<</Root 1 0 R/Size 7/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % (at[6], table)
    return bytes(out)


# --- Trees of pages ---

def deep_tree(levels):
    """One page below so many branches."""
    pdf = Pdf()
    first = len(pdf.objects) + 3
    for level in range(levels):
        parent = first + level - 1 if level else 2
        pdf.add(f"<</Type/Pages/Count 1/Parent {parent} 0 R/Kids[{first + level + 1} 0 R]>>")
    page = pdf.add(f"<</Type/Page/Parent {first + levels - 1} 0 R/MediaBox[0 0 612 792]>>")
    assert page == first + levels
    pdf.kids, pdf.count = [first], 1
    return pdf.bytes()


# --- Forms ---

def text_appearance(pdf, text, box=(0, 0, 200, 20), entries=""):
    drawn = f"/Tx BMC q BT /F 10 Tf 2 5 Td ({text}) Tj ET Q EMC" if text is not None else ""
    return pdf.stream(drawn, f"/Type/XObject/Subtype/Form/BBox{numbers(box)}/Resources<</Font<</F {HELVETICA}>>>>{entries}")


def form(field, form_entries="", catalog=""):
    """One page with one widget; field (pdf) gives its entries."""
    pdf = Pdf()
    widget = pdf.add(f"<</Type/Annot/Subtype/Widget/Rect[100 600 300 620]/F 4{field(pdf)}>>")
    pdf.page(entries=f"/Annots[{widget} 0 R]")
    pdf.catalog = f"/AcroForm<</Fields[{widget} 0 R]{form_entries}>>{catalog}"
    return pdf.bytes()


def text_field(value, drawn, entries="", **more):
    """A text field of this value, whose appearance draws that text; drawn None: nothing, False: there is none."""
    def field(pdf):
        appearance = "" if drawn is False else f"/AP<</N {text_appearance(pdf, drawn)} 0 R>>"
        return f"/FT/Tx/T(name){value}{appearance}{entries}"
    return form(field, **more)


CHECK = "q 1 w 2 2 m 8 8 l S Q"


def check_box(value, state, on=CHECK):
    def field(pdf):
        states = "".join(f"/{name} {pdf.stream(drawing, '/Type/XObject/Subtype/Form/BBox[0 0 10 10]')} 0 R"
                         for name, drawing in (("Yes", on), ("Off", "")))
        return f"/FT/Btn/T(box)/V/{value}/AS/{state}/AP<</N<<{states}>>>>"
    return form(field)


def radio_buttons(value, states):
    """Two widgets, on-states A and B, in the states given."""
    pdf = Pdf()
    kids = []
    parent = len(pdf.objects) + 3
    pdf.add("")
    for name, state in zip("AB", states):
        on = pdf.stream(CHECK, "/Type/XObject/Subtype/Form/BBox[0 0 10 10]")
        kids.append(pdf.add(f"<</Type/Annot/Subtype/Widget/Rect[100 600 110 610]/F 4/Parent {parent} 0 R"
                            f"/AS/{state}/AP<</N<</{name} {on} 0 R>>>>>>"))
    written = " ".join(f"{kid} 0 R" for kid in kids)
    pdf.objects[parent] = f"<</FT/Btn/Ff 32768/T(radio)/V/{value}/Kids[{written}]>>".encode()
    pdf.page(entries=f"/Annots[{written}]")
    pdf.catalog = f"/AcroForm<</Fields[{parent} 0 R]>>"
    return pdf.bytes()


# --- Bombs ---

def deflated_zeros(block, count):
    """count times the same block, deflated without making it: a block behind a full flush stands alone."""
    squeezer = zlib.compressobj(9)
    head = squeezer.compress(block) + squeezer.flush(zlib.Z_FULL_FLUSH)
    again = squeezer.compress(block) + squeezer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(count):
        checksum = zlib.adler32(block, checksum)
    return head + again * (count - 1) + b"\x03\x00" + struct.pack(">I", checksum)


def large_content(megabytes, parts=1):
    pdf = Pdf()
    data = deflated_zeros(b" " * (1 << 20), megabytes // parts)
    pdf.page([pdf.stream(data, "/Filter/FlateDecode") for _ in range(parts)])
    return pdf.bytes()


def large_object_stream(megabytes):
    """The catalog is in a stream of objects that never ends."""
    head = b"1 0 2 34 3 79 "
    objects = b"<</Type/Catalog/Pages 2 0 R>>     <</Type/Pages/Count 1/Kids[3 0 R]>>          " \
              b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>"
    block = head + objects
    data = deflated_zeros(block.ljust(1 << 20), megabytes)
    out = bytearray(b"%PDF-1.7\n")
    at_objects = len(out)
    out += b"4 0 obj\n<</Type/ObjStm/N 3/First %d/Filter/FlateDecode/Length %d>>\nstream\n" % (len(head), len(data))
    out += data + b"\nendstream\nendobj\n"
    at_references = len(out)
    rows = [(0, 0, 255), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, at_objects, 0), (1, at_references, 0)]
    table = b"".join(struct.pack(">BIB", *row) for row in rows)
    out += b"5 0 obj\n<</Type/XRef/Size 6/W[1 4 1]/Root 1 0 R/Length %d>>\nstream\n" % len(table)
    out += table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at_references
    return bytes(out)


# --- Images ---

def png(width, height, row, bits=8, colour=2, interlaced=False, chunks=b"", data=None, cut=0):
    """row (y) gives the packed bytes of a row. Interlaced: of one byte a pixel and component only."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    if data is None:
        rows = [row(y) for y in range(height)]
        size = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
        if interlaced:
            passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
            data = b""
            for left, top, across, down in passes:
                for y in range(top, height, down):
                    pixels = b"".join(rows[y][x * size:(x + 1) * size] for x in range(left, width, across))
                    data += b"\0" + pixels if pixels else b""
        else:
            data = b"".join(b"\0" + packed for packed in rows)
        data = zlib.compress(data)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)) \
        + chunks + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return whole[:len(whole) - cut]


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


RED, GREEN, BLUE, YELLOW, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 255, 255)


def quarters(width, height):
    """Red, green above blue, yellow."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def quarter_row(width, height, pixel):
    """The same as rows of a PNG; pixel (colour) packs one."""
    def row(y):
        left, right = (RED, GREEN) if y < height // 2 else (BLUE, YELLOW)
        return pixel(left) * (width // 2) + pixel(right) * (width - width // 2)
    return row


# What a camera that was turned does: the picture's rows and columns are stored otherwise, and EXIF says how.
STORED = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
          5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
          8: Image.Transpose.ROTATE_270}


def jpeg(image, orientation=None, **options):
    out = io.BytesIO()
    if orientation:
        if STORED[orientation] is not None:
            image = image.transpose(STORED[orientation])
        exif = Image.Exif()
        exif[274] = orientation
        options["exif"] = exif
    image.save(out, "JPEG", quality=95, subsampling=0, **options)
    return out.getvalue()


def markers(data):
    """Offset and code of each segment up to the first scan."""
    at = 2
    while True:
        code = data[at + 1]
        yield at, code
        if code == 0xDA:
            return
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]


def without_marker(data, code):
    """Without its first segment of this kind."""
    at = next(at for at, marker in markers(data) if marker == code)
    return data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2:at + 4])[0]:]


def with_frame(data, code=None, precision=None, size=None):
    """The frame header (SOF) says something else."""
    data = bytearray(data)
    at = next(at for at, marker in markers(data) if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC))
    if code:
        data[at + 1] = code
    if precision:
        data[at + 4] = precision
    if size:
        data[at + 5:at + 9] = struct.pack(">HH", size[1], size[0])
    return bytes(data)


def with_scans(count):
    """A progressive JPEG whose last scan comes again and again."""
    data = jpeg(quarters(32, 32), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]
