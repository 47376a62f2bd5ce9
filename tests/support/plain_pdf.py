"""PDFs without a library: what such a library would never write is sometimes what is wanted."""

LETTER = (0, 0, 612, 792)


def numbers(values):
    return "[" + " ".join(f"{value:g}" for value in values) + "]"


class Pdf:
    """Objects by number, written in order: 1 is the catalog, 2 the page tree."""

    def __init__(self, catalog="", pages="", trailer=""):
        self.catalog, self.pages, self.trailer = catalog, pages, trailer
        self.objects, self.kids = {}, []
        self.count = None           # /Count, if it is to be another than the truth

    def add(self, body):
        number = len(self.objects) + 3
        self.objects[number] = body.encode("latin-1") if isinstance(body, str) else body
        return number

    def stream(self, data, entries=""):
        data = data.encode("latin-1") if isinstance(data, str) else data
        return self.add(f"<</Length {len(data)}{entries}>>\nstream\n".encode("latin-1") + data + b"\nendstream")

    def page(self, content="0 0 1 rg 290 390 30 30 re f", media=LETTER, entries=""):
        """content: text or bytes of one stream, a list of them, numbers of streams, or None."""
        parts = content if isinstance(content, list) else [] if content is None else [content]
        streams = [part if isinstance(part, int) else self.stream(part) for part in parts]
        written = f"/Contents {streams[0]} 0 R" if len(streams) == 1 else \
            "/Contents[" + " ".join(f"{number} 0 R" for number in streams) + "]" if streams else ""
        box = f"/MediaBox{numbers(media)}" if media else ""
        number = self.add(f"<</Type/Page/Parent 2 0 R{box}{written}{entries}>>")
        self.kids.append(number)
        return number

    def bytes(self, with_references=True):
        kids = " ".join(f"{kid} 0 R" for kid in self.kids)
        count = len(self.kids) if self.count is None else self.count
        objects = {1: f"<</Type/Catalog/Pages 2 0 R{self.catalog}>>".encode("latin-1"),
                   2: f"<</Type/Pages/Count {count}/Kids[{kids}]{self.pages}>>".encode("latin-1"), **self.objects}
        out, at = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
        for number in sorted(objects):
            at[number] = len(out)
            out += b"%d 0 obj\n" % number + objects[number] + b"\nendobj\n"
        references = len(out)
        if not with_references:
            return bytes(out) + b"%%EOF\n"
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        for number in sorted(objects):
            out += b"%010d 00000 n \n" % at[number]
        out += f"trailer\n<</Root 1 0 R/Size {len(objects) + 1}{self.trailer}>>\nstartxref\n{references}\n%%EOF\n".encode()
        return bytes(out)


def one_page(**arguments):
    pdf = Pdf()
    pdf.page(**arguments)
    return pdf.bytes()
