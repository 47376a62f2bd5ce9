"""Draws a form from its description: a page of bands, each with items, each with boxes.

A page is described top to bottom and breaks by itself. Every box becomes a field of the AcroForm and an entry of the map;
its cells are drawn on the page. The same description gives the same bytes: no time, no random id.
"""
import io
import json
import pathlib

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Stream, String

FONTS = pathlib.Path("/usr/share/fonts/truetype/liberation")   # Debian's fonts-liberation
PAGE = (612, 792)
LEFT, RIGHT, TOP, BOTTOM = 36, 576, 745, 34
BOX, LABEL, PAD, CELL = 14, 10, 5, 16
GREY, LINE, CELLS = "0.82 g", "0 G", "0.55 G"


class Font:
    """The printable characters of WinAnsi, embedded as a TrueType font with their widths."""

    def __init__(self, pdf, style):
        codes = [code for code in range(32, 256) if bytes([code]).decode("cp1252", "ignore")]
        font = TTFont(FONTS / f"LiberationSans-{style}.ttf", recalcTimestamp=False)
        options = subset.Options(hinting=False, layout_features=[], name_IDs=[1, 2, 6], notdef_outline=True)
        options.drop_tables += ["GPOS", "GSUB", "GDEF", "FFTM"]
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[ord(bytes([code]).decode("cp1252")) for code in codes])
        cutter.subset(font)
        cmap, scale = font.getBestCmap(), 1000 / font["head"].unitsPerEm
        self.widths = {chr(code): round(font["hmtx"][cmap[code]][0] * scale) for code in cmap}
        file = io.BytesIO()
        font.save(file)
        head, hhea, name = font["head"], font["hhea"], Name("/LiberationSans-" + style)
        by_code = [self.widths.get(bytes([code]).decode("cp1252", "ignore"), 0) for code in range(32, 256)]
        program = Stream(pdf, file.getvalue())
        program.Length1 = len(file.getvalue())
        self.object = pdf.make_indirect(Dictionary(
            Type=Name.Font, Subtype=Name.TrueType, BaseFont=name, Encoding=Name.WinAnsiEncoding,
            FirstChar=32, LastChar=255, Widths=Array(by_code),
            FontDescriptor=pdf.make_indirect(Dictionary(
                Type=Name.FontDescriptor, FontName=name, Flags=32, StemV=80, CapHeight=729,
                ItalicAngle=-12 if style == "Italic" else 0,
                FontBBox=Array([round(v * scale) for v in (head.xMin, head.yMin, head.xMax, head.yMax)]),
                Ascent=round(hhea.ascent * scale), Descent=round(hhea.descent * scale),
                FontFile2=pdf.make_indirect(program)))))

    def width(self, text, size):
        return sum(self.widths[letter] for letter in text) * size / 1000


# --- What stands in an item: pieces of a line, left to right, and lines, top to bottom. ---

class Cells:
    """Boxes of a row: one field of n cells for each number, with a dash or a gap between."""

    def __init__(self, row, *cells, parts=None, between=None):
        self.row, self.cells, self.parts, self.between = row, cells, parts, between

    def room(self, font):
        return 9 * (len(self.cells) - 1), sum(self.cells)


class Field:
    """A box without cells, `width` points wide; 0: what is left of the line. `lines` high."""

    def __init__(self, row, width=0, lines=1, part=None):
        self.row, self.width, self.lines, self.part = row, width, lines, part

    def room(self, font):
        return self.width, 0


class Check:
    def __init__(self, row, caption, width=0):
        self.row, self.caption, self.width = row, caption, width

    def room(self, font):
        return max(self.width, 11 + 4 + font.width(self.caption, 7) + 12), 0


class Caption:
    def __init__(self, text, width=0):
        self.text, self.width = text, width

    def room(self, font):
        return max(self.width, font.width(self.text, 7) + 5), 0


class Item:
    """One numbered question: label, hint in italics, lines of pieces; its share of the band's width."""

    def __init__(self, number, label, *lines, hint="", share=1.0):
        self.number, self.label, self.hint, self.lines, self.share = number, label, hint, lines, share

    def height(self):
        return LABEL + PAD + sum(height_of (line) for line in self.lines)


def height_of(line):
    return max([12 * piece.lines + 5 for piece in line if isinstance(piece, Field)] + [BOX + 4])


class Form:
    def __init__(self, number, title, edition=""):
        self.number, self.title, self.edition = number, title, edition
        self.pdf = pikepdf.new()
        self.regular, self.bold, self.italic = (Font(self.pdf, style) for style in ("Regular", "Bold", "Italic"))
        self.pages, self.rows, self.fields, self.header = [], {}, {}, None

    # --- Flow ---

    def begin_page(self):
        self.ops, self.annots, self.y = [], [], TOP
        self.pages.append((self.ops, self.annots))
        if len(self.pages) > 1 and self.header:
            self.text(LEFT + 4, TOP + 9, self.header.label, 7)
            self.place(self.header, [self.header.lines[0]], LEFT + 130, TOP + 21, 250, cell=13, heading=True)
        self.frame_top = self.y

    def end_page(self):
        if self.pages:
            self.ops.append(f"{LINE} 1.2 w {LEFT} {self.y:.2f} {RIGHT - LEFT} {self.frame_top - self.y:.2f} re S")

    def need(self, height):
        if not self.pages or self.y - height < BOTTOM:
            self.end_page()
            self.begin_page()

    def new_page(self):
        self.need(PAGE[1])

    def heading(self, *lines):
        height = 6 + 11 * len(lines)
        self.need(height + 60)
        self.ops.append(f"{GREY} {LEFT} {self.y - height:.2f} {RIGHT - LEFT} {height} re f 0 g "
                        f"{LINE} 0.7 w {LEFT} {self.y - height:.2f} {RIGHT - LEFT} {height} re S")
        for k, line in enumerate(lines):
            self.text((LEFT + RIGHT) / 2, self.y - 11 - 11 * k, line, 8.5 if k == 0 else 7.5,
                      self.bold if k == 0 else self.regular, centred=True)
        self.y -= height

    def note(self, text, size=7.5):
        lines = self.wrap(text, RIGHT - LEFT - 10, size)
        height = 5 + (size + 2) * len(lines)
        self.need(height)
        for k, line in enumerate(lines):
            self.text(LEFT + 5, self.y - size - 1 - (size + 2) * k, line, size)
        self.y -= height
        self.rule()

    def band(self, *items):
        height = max(item.height() for item in items)
        self.need(height)
        x = LEFT
        for k, item in enumerate(items):
            width = (RIGHT - LEFT) * (item.share if len(items) > 1 else 1)
            if k:
                self.ops.append(f"{LINE} 0.5 w {x:.2f} {self.y:.2f} m {x:.2f} {self.y - height:.2f} l S")
            label = f"{item.number}. {item.label}" if item.number else item.label
            self.text(x + 4, self.y - 8, label, 6.8)
            if item.hint:
                self.text(x + 7 + self.regular.width(label, 6.8), self.y - 8, f"({item.hint})", 6.5, self.italic)
            self.place(item, item.lines, x + 6, self.y - LABEL - 1, width - 12)
            x += width
        self.y -= height
        self.rule()

    def keep(self, *bands):
        """Bands that stand on one page."""
        self.need(sum(max(item.height() for item in band) for band in bands))
        for band in bands:
            self.band(*band)

    def rule(self):
        self.ops.append(f"{LINE} 0.5 w {LEFT} {self.y:.2f} m {RIGHT} {self.y:.2f} l S")

    # --- Pieces ---

    def place(self, item, lines, x, top, width, cell=None, heading=False):
        for line in lines:
            gap = 6
            rooms = [piece.room(self.regular) for piece in line]
            fixed, count = sum(r[0] for r in rooms) + gap * (len(line) - 1), sum(r[1] for r in rooms)
            cell_width = cell or (min(CELL, (width - fixed) / count) if count else 0)
            fill = width - fixed - count * cell_width
            height = height_of(line)
            at, bottom = x, top - height + 3
            for piece, (own, cells) in zip(line, rooms):
                if isinstance(piece, Caption):
                    self.text(at, bottom + 4, piece.text, 7)
                elif isinstance(piece, Check):
                    self.check(item, piece, at, bottom + 2)
                elif isinstance(piece, Field):
                    own = own or fill
                    self.field(item, piece.row, piece.part, [at, bottom, at + own, bottom + height - 4], 0)
                else:
                    self.cells(item, piece, at, bottom, cell_width, heading)
                at += own + cells * cell_width + gap
            top -= height

    def cells(self, item, piece, x, y, width, heading):
        for k, count in enumerate(piece.cells):
            self.ops.append(f"{CELLS} 0.5 w {x:.2f} {y:.2f} {count * width:.2f} {BOX} re S")
            for n in range(1, count):
                self.ops.append(f"{x + n * width:.2f} {y:.2f} m {x + n * width:.2f} {y + BOX} l S")
            part = piece.parts[k] if piece.parts else None
            self.field(item, piece.row, part, [x, y, x + count * width, y + BOX], count, heading)
            x += count * width
            if piece.between == "-" and k + 1 < len(piece.cells):
                self.ops.append(f"0 G 1.2 w {x + 2:.2f} {y + BOX / 2} m {x + 7:.2f} {y + BOX / 2} l S")
            x += 9

    def field(self, item, row, part, box, cells, heading=False):
        name = f"{row}.{part}" if part else row
        self.annots.append((name, "Tx", box))
        if heading:
            return   # another widget of a field that is there
        entry = self.rows.setdefault(row, {"item": item.number, "fields": []})
        entry["fields"].append(name)
        self.fields[name] = {"cells": cells, "tip": f"{item.number}. {item.label}", "lines": box[3] - box[1] > 2 * BOX}

    def check(self, item, piece, x, y):
        self.ops.append(f"{LINE} 0.7 w {x:.2f} {y:.2f} 9 9 re S")
        self.text(x + 13, y + 2, piece.caption, 7)
        self.annots.append((piece.row, "Btn", [x, y, x + 9, y + 9]))
        self.rows[piece.row] = {"item": item.number, "fields": [piece.row]}
        self.fields[piece.row] = {"tip": f"{item.number}. {item.label}: {piece.caption}"}

    def text(self, x, y, text, size, font=None, centred=False):
        font = font or self.regular
        if centred:
            x -= font.width(text, size) / 2
        name = {self.regular: "F0", self.bold: "F1", self.italic: "F2"}[font]
        shown = text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)").decode("cp1252")
        self.ops.append(f"BT /{name} {size} Tf {x:.2f} {y:.2f} Td ({shown}) Tj ET")

    def wrap(self, text, width, size):
        lines = [""]
        for word in text.split():
            wider = f"{lines[-1]} {word}".strip()
            if self.regular.width(wider, size) > width:
                lines.append(word)
            else:
                lines[-1] = wider
        return lines

    # --- The first page's head, with room for the stamps. ---

    def head(self, instructions):
        self.begin_page()
        self.y, height, edge = 762, 102, 382
        self.frame_top = self.y
        self.ops.append(f"0 g {LEFT} {self.y - 24} {edge - LEFT} 24 re f 1 g")
        self.text(LEFT + 8, self.y - 16, "Department of Veterans Affairs", 12, self.bold)
        self.ops.append("0 g")
        for k, line in enumerate(self.wrap(self.title.upper(), edge - LEFT - 50, 12)):
            self.text((LEFT + edge) / 2, self.y - 40 - 14 * k, line, 11.5, self.bold, centred=True)
        for k, line in enumerate(self.wrap(instructions, edge - LEFT - 10, 7.5)):
            self.text(LEFT + 5, self.y - 73 - 9 * k, line, 7.5)
        self.ops.append(f"{LINE} 0.7 w {edge} {self.y} m {edge} {self.y - height} l S")
        self.text((edge + RIGHT) / 2, self.y - 12, "VA DATE STAMP", 8, self.bold, centred=True)
        self.text((edge + RIGHT) / 2, self.y - 22, "(DO NOT WRITE IN THIS SPACE)", 7, centred=True)
        self.y -= height
        self.rule()

    # --- Into files ---

    def appearance(self, ops=""):
        return self.pdf.make_indirect(Stream(self.pdf, ops.encode(), Type=Name.XObject, Subtype=Name.Form,
                                             BBox=Array([0, 0, 9, 9])))

    def terminal(self, nodes, name):
        """The field of that name; the names between the dots are fields above it."""
        parent, path = None, ""
        for part in name.split("."):
            path = f"{path}.{part}" if path else part
            if path not in nodes:
                nodes[path] = self.pdf.make_indirect(Dictionary(T=String(part), Kids=Array()))
                if parent is not None:
                    nodes[path].Parent = parent
                (parent.Kids if parent is not None else self.top).append(nodes[path])
            parent = nodes[path]
        return parent

    def save(self, folder):
        self.end_page()
        pdf, nodes, self.top = self.pdf, {}, Array()
        fonts = Dictionary(F0=self.regular.object, F1=self.bold.object, F2=self.italic.object)
        off, on = self.appearance(), self.appearance("1.4 w 2 4.6 m 3.9 2.2 l 7.2 7.2 l S")
        for number, (ops, annots) in enumerate(self.pages, 1):
            self.ops = ops
            self.text(LEFT, BOTTOM - 12, ", ".join(filter(None, ["VA FORM " + self.number, self.edition])), 7, self.bold)
            self.text(RIGHT - 30, BOTTOM - 12, f"Page {number}", 8)
            page = pdf.add_blank_page(page_size=PAGE)
            page.Contents = pdf.make_indirect(Stream(pdf, "\n".join(ops).encode("cp1252")))
            page.Resources = Dictionary(Font=fonts)
            page.Annots = Array()
            for name, kind, box in annots:
                field, known = self.terminal(nodes, name), self.fields[name]
                widget = pdf.make_indirect(Dictionary(
                    Type=Name.Annot, Subtype=Name.Widget, F=4, P=page.obj, Parent=field,
                    Rect=Array([round(v, 2) for v in box])))
                field.FT, field.TU = Name("/" + kind), String(known["tip"])
                if kind == "Btn":
                    field.V, widget.AS = Name.Off, Name.Off
                    widget.AP = Dictionary(N=Dictionary(Off=off, Yes=on))
                else:
                    field.DA, widget.AP = String("/F0 10 Tf 0 g"), Dictionary(N=off)   # it is empty
                    if known["cells"]:
                        field.MaxLen, field.Ff = known["cells"], 1 << 24
                    elif known["lines"]:
                        field.Ff = 1 << 12
                field.Kids.append(widget)
                page.Annots.append(widget)
        pdf.Root.AcroForm = Dictionary(Fields=self.top, DA=String("/F0 10 Tf 0 g"), DR=Dictionary(Font=fonts))
        pdf.Root.Lang = String("en-US")
        pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        pdf.docinfo["/Title"] = f"VA Form {self.number}: {self.title}"
        stem = pathlib.Path(folder) / self.number
        pdf.save(stem.with_suffix(".pdf"), deterministic_id=True, compress_streams=True,
                 object_stream_mode=pikepdf.ObjectStreamMode.generate)
        stem.with_suffix(".json").write_text(self.map())

    def map(self):
        """One line a row and a field, so that a change is read as what it is."""
        rows = [f"    {json.dumps(row)}: {json.dumps(entry)}" for row, entry in self.rows.items()]
        fields = [f"    {json.dumps(name)}: {json.dumps({'cells': field['cells']})}"
                  for name, field in self.fields.items() if field.get("cells")]
        return ('{\n  "title": %s,\n  "rows": {\n%s\n  },\n  "fields": {\n%s\n  },\n  "unused": []\n}\n'
                % (json.dumps(f"VA Form {self.number}"), ",\n".join(rows), ",\n".join(fields)))
