"""The table of documents and of what becomes of them. A row: a name, what makes the document, and what is expected.

  verdict   the code of lib/press/report.c; page: the one it names
  notes     what is told of a document that was taken
  pages     of the result
  shown     the size of the first page as it is displayed, where the stamps are looked for
  unit      user units are so many points; Poppler draws as if one were one point
  kept      words that stand in the result
  pixels    points of the first page, from its lower left, and their colour
  is_drawn  False: drawing it takes too long for a test
  ended     how the child ended, where it did not come to a verdict
  walls     only the walls of an unsanitized build bring that verdict about
"""
import itertools
import struct
import zlib

from PIL import Image

import papers
from papers import BLUE, GREEN, LETTER, RED, WHITE, YELLOW, Pdf, one_page, text_field


class Row:
    def __init__(self, name, make, verdict="fine", page=0, notes=(), pages=1, shown=(612, 792), unit=1, pixels=(),
                 kept=(), is_drawn=True, ended=None, walls=False):
        self.name, self.make, self.verdict, self.page, self.notes, self.pages = name, make, verdict, page, set(notes), pages
        self.shown, self.unit, self.pixels, self.kept, self.is_drawn, self.ended, self.walls = \
            shown, unit, pixels, kept, is_drawn, ended, walls


def refused(name, make, verdict, **more):
    return Row(name, make, verdict, **more)


# --- What is no document, or none that can be read ---

def pages_of(count):
    pdf = Pdf()
    content = pdf.stream("0 g 10 10 10 10 re f")
    for _ in range(count):
        pdf.page([content])
    return pdf.bytes()


def with_catalog(catalog):
    pdf = Pdf(catalog=catalog)
    pdf.page()
    return pdf.bytes()


def with_trailer(entries):
    pdf = sound()
    pdf.trailer = entries
    return pdf.bytes()


def tree_of(*kids):
    """One page, 4 0 R, and what else the tree names."""
    pdf = sound()
    pdf.kids = kids
    return pdf.bytes()


def page_lost():
    """The second page's object is not there: what a cut in the middle leaves after repair."""
    pdf = Pdf()
    pdf.page()
    pdf.page()
    del pdf.objects[pdf.kids[1]]
    pdf.objects[pdf.kids[1]] = b"null"
    return pdf.bytes()


def grows():
    pdf = sound()
    filling = pdf.stream(bytes(99_999_000))
    pdf.catalog = f"/Metadata {filling} 0 R"
    return pdf.bytes()


def pages_counted(count):
    """Two pages, whatever the tree says."""
    pdf = sound()
    pdf.page()
    pdf.count = count
    return pdf.bytes()


def sound():
    pdf = Pdf()
    pdf.page()
    return pdf


ISO_FILE = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(100)

UNREADABLE = [
    refused("empty file", lambda: b"", "no-document"),
    refused("text", lambda: b"Dear Sir or Madam,\n", "no-document"),
    refused("GIF", lambda: b"GIF89a" + bytes(40), "no-document"),
    refused("TIFF", lambda: b"II*\0" + bytes(40), "no-document"),
    refused("Word document", lambda: b"PK\x03\x04" + bytes(40), "no-document"),
    refused("HEIC named .jpg", lambda: ISO_FILE, "heic"),
    refused("signature of a PDF alone", lambda: b"%PDF-1.7\n", "unreadable"),
    refused("PDF cut to a third", lambda: one_page()[:len(one_page()) // 3], "unreadable"),
    refused("PDF of noise", lambda: b"%PDF-1.7\n" + zlib.compress(bytes(range(256)) * 99), "unreadable"),
    refused("no pages", lambda: Pdf().bytes(), "no-pages"),
    refused("5,001 pages", lambda: pages_of(5001), "too-many-pages"),
    refused("a page is lost", page_lost, "pages-missing", page=2),
    refused("a branch of pages is lost", lambda: pages_counted(3), "pages-missing"),
    refused("more pages than it counts", lambda: pages_counted(1), "not-opened"),
    refused("a page's content is lost", lambda: one_page(content=None, entries="/Contents 99 0 R"), "unreadable", page=1),
    refused("a part of a page's content is lost", lambda: one_page(content=None, entries="/Contents[99 0 R]"), "unreadable", page=1),
    refused("neither references nor trailer", lambda: sound().bytes(with_references=False), "unreadable"),
    refused("over 100,000,000 bytes", lambda: one_page() + bytes(100_000_000), "too-large"),
    refused("over 100,000,000 bytes with its stamps", grows, "grown-too-large"),
    refused("user password", lambda: papers.encrypted("secret", "secret"), "password"),
    refused("user password, 40", lambda: papers.encrypted("secret", "secret", "40"), "password"),
    refused("for the owners of certificates", lambda: with_trailer(
        "/Encrypt<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 4/R 4/Recipients[<00>]>>/ID[<00><00>]"), "unreadable"),
    refused("encrypted by nobody's rule", lambda: with_trailer("/Encrypt<</Filter/Standard/V 99/R 99/O<00>/U<00>/P 0>>/ID[<00><00>]"),
            "unreadable"),
    refused("a page tree that bites its tail", lambda: tree_of(4, 2), "unreadable"),
    refused("pages 100,000 branches deep", lambda: papers.deep_tree(100_000), "too-complex", ended="crash", walls=True),
    refused("its signature comes too late", lambda: b" " * 1024 + one_page(), "no-document"),
    refused("dynamic form", lambda: with_catalog("/NeedsRendering true/AcroForm<</XFA(x)>>"), "dynamic-form"),
    refused("portfolio", lambda: with_catalog("/Collection<</View/D>>"), "portfolio"),
    refused("page wider than 78 in", lambda: one_page(media=(0, 0, 5617, 100)), "page-too-large", page=1),
    refused("page higher than 101 in", lambda: one_page(media=(0, 0, 100, 7273)), "page-too-large", page=1),
    refused("101 x 78 in, not turned", lambda: one_page(media=(0, 0, 7272, 5616)), "page-too-large", page=1),
    refused("101 x 78 in, turned", lambda: one_page(media=(0, 0, 7272, 5616), entries="/Rotate 90"), "page-too-large", page=1),
    refused("page beyond all numbers", lambda: one_page(media=None, entries="/MediaBox[0 0 1000000000 1000000000]"), "page-too-large", page=1),
    refused("UserUnit beyond all numbers", lambda: one_page(entries="/UserUnit 1000000000"), "page-too-large", page=1),
    refused("page without a size", lambda: one_page(media=(0, 0, 0, 0)), "unreadable", page=1),
    refused("page as thin as nothing", lambda: one_page(media=(0, 0, 0.001, 792)), "unreadable", page=1),
    refused("UserUnit makes it too wide", lambda: one_page(media=(0, 0, 600, 700), entries="/UserUnit 10"),
            "page-too-large", page=1),
]

SOUND = [
    Row("one page", one_page, pixels=[((305, 405), BLUE)]),
    Row("78 x 101 in", lambda: one_page(media=(0, 0, 5616, 7272)), shown=(5616, 7272)),
    Row("5,000 pages", lambda: pages_of(5000), pages=5000),
    Row("no content", lambda: one_page(content=None)),
    Row("bytes before the signature", lambda: b"\0" * 500 + one_page()),
    Row("table of references points elsewhere", lambda: one_page().replace(b"0000000", b"0000001"), notes={"repaired"}),
    Row("cut before its end", lambda: one_page()[:-20], notes={"repaired"}),
    Row("owner password", lambda: papers.encrypted("", "secret"), notes={"decrypted"}),
    *(Row(f"owner password, {' '.join(how)}", lambda how=how: papers.encrypted("", "secret", *how), notes={"decrypted"},
          pixels=[((305, 405), BLUE)])
      for how in (("40",), ("128",), ("128", "--use-aes=y"), ("128", "--use-aes=y", "--cleartext-metadata"), ("256", "--force-R5"))),
    Row("objects in streams", lambda: papers.by_qpdf("--object-streams=generate"), pixels=[((305, 405), BLUE)]),
    Row("linearized", lambda: papers.by_qpdf("--linearize"), pixels=[((305, 405), BLUE)]),
    Row("two tables of references", papers.hybrid, pixels=[((305, 405), BLUE)]),
    Row("a second revision", lambda: papers.revised(one_page(), {
        3: "<</Length 27>>\nstream\n0 1 0 rg 290 390 30 30 re f\nendstream"}), pixels=[((305, 405), GREEN)]),
    Row("a revision before itself", lambda: papers.revised(one_page(), {}, prev=-1), notes={"repaired"}, pixels=[((305, 405), BLUE)]),
    Row("pages 2,000 branches deep", lambda: papers.deep_tree(2000)),
    Row("a page that is there twice", lambda: tree_of(4, 4), pages=2, notes={"repaired"}, pixels=[((305, 405), BLUE)]),
    Row("annotations are a number", lambda: one_page(entries="/Annots 7"), pixels=[((305, 405), BLUE)]),
    Row("another PDF behind it", lambda: one_page() + one_page(content="1 0 0 rg 290 390 30 30 re f"), pixels=[((305, 405), BLUE)]),
    Row("an archive before it", lambda: b"PK\x03\x04" + bytes(50) + one_page(), pixels=[((305, 405), BLUE)]),
    Row("no MediaBox", lambda: one_page(media=None)),
]


# --- How a page lies ---

def rotated(rotation, crop, media):
    """What is displayed is a third by a half of the page, or all of it, and lies anywhere in user space."""
    left, bottom, right, top = media
    box = (left + 50, bottom + 60, right - 70, top - 80) if crop else media
    entries = f"/Rotate {rotation}" + (f"/CropBox{papers.numbers(box)}" if crop else "")
    size = (box[2] - box[0], box[3] - box[1])
    return Row(f"rotated {rotation}, {'cropped' if crop else 'whole'}, from {left} {bottom}",
               lambda: one_page(media=media, entries=entries), shown=size if rotation % 180 == 0 else size[::-1])


def inherited_rotation(rotation):
    pdf = Pdf(pages=f"/Rotate {rotation}/MediaBox[0 0 612 792]")
    pdf.page(media=None)
    return pdf.bytes()


SMALL = (0, 0, 30, 20)
LYING = [rotated(*case) for case in itertools.product((0, 90, 180, 270), (False, True), (LETTER, (-100, 200, 512, 992)))] + [
    Row("rotation is inherited", lambda: inherited_rotation(90), shown=(792, 612)),
    Row("rotated -90", lambda: one_page(entries="/Rotate -90"), shown=(792, 612)),
    Row("rotated 450, inherited", lambda: inherited_rotation(450), shown=(792, 612)),
    Row("rotated 45 is not rotated", lambda: one_page(entries="/Rotate 45")),
    Row("rotated 90.0", lambda: one_page(entries="/Rotate 90.0"), shown=(792, 612)),
    Row("rotated 3600090", lambda: one_page(entries="/Rotate 3600090"), shown=(792, 612)),
    Row("corners in another order", lambda: one_page(media=(612, 792, 0, 0))),
    Row("CropBox reaches out", lambda: one_page(entries="/CropBox[-100 -100 300 400]"), shown=(300, 400)),
    Row("CropBox beside the page", lambda: one_page(entries="/CropBox[2000 2000 3000 3000]")),
    Row("CropBox without a size", lambda: one_page(entries="/CropBox[5 5 5 5]")),
    Row("MediaBox of five numbers is none", lambda: one_page(media=None, entries="/MediaBox[0 0 300 300 5]")),
    Row("UserUnit 0 is none", lambda: one_page(entries="/UserUnit 0")),
    Row("UserUnit 0.000001 is none", lambda: one_page(entries="/UserUnit 0.000001")),
    Row("UserUnit 2", lambda: one_page(media=(0, 0, 306, 396), entries="/UserUnit 2"), unit=2),
    Row("UserUnit 2, rotated, cropped", lambda: one_page(media=(0, 0, 406, 496), entries="/UserUnit 2/Rotate 270/CropBox[100 100 406 496]"),
        unit=2, shown=(792, 612)),
    Row("page smaller than a stamp's place", lambda: one_page(media=(0, 0, 200, 100)), shown=(200, 100)),
    Row("page smaller than a stamp", lambda: one_page(media=SMALL), shown=(30, 20)),
    Row("page smaller than a stamp, rotated", lambda: one_page(media=SMALL, entries="/Rotate 90"), shown=(20, 30)),
]

# --- What content would do to a stamp that is drawn behind it ---

def resources_named_like_ours():
    pdf = Pdf()
    drawing = pdf.stream("0 0 1 rg 290 390 30 30 re f", "/Type/XObject/Subtype/Form/BBox[0 0 612 792]")
    pdf.page("/PressPage Do /PressStamp0 Do",
             entries=f"/Resources<</XObject<</PressPage {drawing} 0 R/PressStamp0 {drawing} 0 R>>>>")
    return pdf.bytes()


def shared_content():
    """Two pages, one content, two sizes and resources."""
    pdf = Pdf()
    content = pdf.stream("/Own Do")
    for colour in ("0 0 1 rg", "1 0 0 rg"):
        own = pdf.stream(f"{colour} 290 390 30 30 re f", "/Type/XObject/Subtype/Form/BBox[0 0 612 792]")
        pdf.page([content], entries=f"/Resources<</XObject<</Own {own} 0 R>>>>")
    return pdf.bytes()


def content_is_an_image():
    pdf = Pdf()
    image = pdf.stream("0 0 1 rg 290 390 30 30 re f", "/Type/XObject/Subtype/Image/Width 1/Height 1")
    pdf.page([image])
    return pdf.bytes()


def described_as(entries, catalog=""):
    """The content's dictionary says what only an object's does."""
    pdf = Pdf(catalog=catalog)
    pdf.page([pdf.stream(SQUARE, entries)])
    pdf.add("<</Type/OCG/Name(layer)>>")
    return pdf.bytes()


IN_BLUE = [((305, 405), BLUE)]
SQUARE = "0 0 1 rg 290 390 30 30 re f"
CONTENT = [
    Row("more q than Q", lambda: one_page(content=f"q q q 3 0 0 3 100 100 cm {SQUARE.replace('290 390 30 30', '63 97 10 10')}"),
        pixels=IN_BLUE),
    Row("more Q than q", lambda: one_page(content=f"{SQUARE} Q Q Q")),
    Row("leaves a matrix", lambda: one_page(content=f"{SQUARE} 0.1 0 0 0.1 500 500 cm"), pixels=IN_BLUE),
    Row("leaves a clip", lambda: one_page(content=f"{SQUARE} 300 300 1 1 re W n"), pixels=IN_BLUE),
    Row("leaves a text open", lambda: one_page(content=f"{SQUARE} BT 3 Tr"), pixels=IN_BLUE),
    Row("leaves all transparent", lambda: one_page(
        content=f"{SQUARE} /G gs", entries="/Resources<</ExtGState<</G<</ca 0/CA 0>>>>>>"), pixels=IN_BLUE),
    Row("ends within a text", lambda: one_page(content=f"{SQUARE} BT (never ends"), pixels=IN_BLUE),
    Row("words across streams", lambda: one_page(content=["0 0 1 rg 290 390 30 3", "0 re f"]), notes=()),
    Row("one stream in an array", lambda: one_page(content=[SQUARE]), pixels=IN_BLUE),
    Row("several streams", lambda: one_page(content=["q 0 0 1 rg", "290 390 30 30 re", "f Q"]), pixels=IN_BLUE),
    Row("names like ours", resources_named_like_ours, pixels=IN_BLUE),
    Row("pages share content", shared_content, pages=2, pixels=IN_BLUE),
    Row("content is an image", content_is_an_image, pixels=IN_BLUE),
    Row("content has a matrix", lambda: described_as("/Matrix[0 0 0 0 0 0]"), pixels=IN_BLUE),
    Row("content belongs to a layer that is off", lambda: described_as(
        "/OC 5 0 R", "/OCProperties<</OCGs[5 0 R]/D<</OFF[5 0 R]>>>>"), pixels=IN_BLUE),
    Row("content's length is wrong", lambda: one_page().replace(b"/Length 27", b"/Length 5 "), notes={"repaired"}, pixels=IN_BLUE),
    Row("nobody says how many objects there are", lambda: one_page().replace(b"/Size 5", b""), notes={"repaired"}, pixels=IN_BLUE),
    Row("400 MB of content in one stream is never unpacked", lambda: papers.large_content(400), is_drawn=False),
    Row("400 MB of content in two streams", lambda: papers.large_content(400, parts=2), is_drawn=False),
    refused("1,600 MB of content in two streams", lambda: papers.large_content(1600, parts=2), "too-complex", ended="memory",
            walls=True),
    refused("2 GB of objects", lambda: papers.large_object_stream(2048), "too-complex", ended="memory", walls=True),
]

# --- What a document would do by itself ---

SCRIPT = "<</S/JavaScript/JS(app.alert\\(1\\))>>"


def annotation(entries):
    return lambda: one_page(entries=f"/Annots[<</Type/Annot/Subtype/Link/Rect[0 700 9 709]{entries}>>]")


ACTIVE = [
    Row("OpenAction is a script", lambda: with_catalog(f"/OpenAction {SCRIPT}"), notes={"scripts-removed"}),
    Row("OpenAction shows a page", lambda: with_catalog("/OpenAction[0/Fit]")),
    Row("OpenAction is a script whose name is escaped", lambda: with_catalog("/OpenAction<</#53/#4aavaScript/#4a#53(x)>>"),
        notes={"scripts-removed"}),
    Row("named scripts", lambda: with_catalog(f"/Names<</JavaScript<</Names[(a) {SCRIPT}]>>>>"), notes={"scripts-removed"}),
    Row("catalog acts", lambda: with_catalog(f"/AA<</WC {SCRIPT}>>"), notes={"scripts-removed"}),
    Row("page acts", lambda: one_page(entries="/AA<</O<</S/GoTo/D[0/Fit]>>>>"), notes={"scripts-removed"}),
    Row("page acts, and counts", lambda: one_page(entries="/AA<</O<</S/GoTo/D[0/Fit]>>/Z 1>>"), notes={"scripts-removed"}),
    Row("annotation launches", annotation("/A<</S/Launch/F(calc.exe)>>"), notes={"scripts-removed"}),
    Row("script behind a link", annotation(f"/A<</S/URI/URI(https://va.gov)/Next[{SCRIPT}]>>"), notes={"scripts-removed"},
        kept=("/URI (https://va.gov)",)),
    Row("a link is no script", annotation("/A<</S/URI/URI(https://va.gov)>>"), kept=("/URI (https://va.gov)",)),
    Row("field acts", lambda: text_field("", False, f"/AA<</K {SCRIPT}>>"), notes={"scripts-removed"}),
    Row("rendition with a script", annotation("/A<</S/Rendition/OP 0/JS(x)>>"), notes={"scripts-removed"}),
    Row("a font called AA", lambda: one_page(
        content=f"{SQUARE} BT /AA 8 Tf 100 100 Td (A) Tj ET", entries=f"/Resources<</Font<</AA {papers.HELVETICA}>>>>"), kept=("/AA <<",)),
    Row("static XFA beside a form", lambda: text_field("/V(Ada)", "Ada", form_entries="/XFA(x)")),
]

# --- Forms ---

SIGNATURE = "/FT/Sig/T(s)/V<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 1 2 3]/Contents<00>>>"
COMBO = "/Ff 131072/Opt[[(1)(Son)][(2)(Daughter)]]"


def choice(value, drawn, entries):
    return lambda: text_field(value, drawn, entries).replace(b"/FT/Tx", b"/FT/Ch")


def not_drawn(name, make):
    return refused(name, make, "field-not-drawn", page=1)


FORMS = [
    Row("field drawn", lambda: text_field("/V(Ada Lovelace)", "Ada Lovelace")),
    Row("field drawn in UTF-16", lambda: text_field("/V<FEFF00410064006100E9>", "Ada\\351")),
    Row("field drawn in cells", lambda: text_field("/V(1234)", "1) Tj 20 0 Td (2) Tj 20 0 Td (3) Tj 20 0 Td (4")),
    Row("field without a value", lambda: text_field("", False)),
    Row("field of blanks", lambda: text_field("/V(  )", False)),
    Row("field hidden", lambda: text_field("/V(Ada)", False).replace(b"/F 4", b"/F 2")),
    not_drawn("field without appearance", lambda: text_field("/V(Ada)", False)),
    not_drawn("field draws nothing", lambda: text_field("/V(Ada)", None)),
    not_drawn("field draws something else", lambda: text_field("/V(Ada)", "Eve")),
    not_drawn("field draws a part", lambda: text_field("/V(Ada Lovelace)", "Ada")),
    not_drawn("field draws outside of its bounds", lambda: text_field("/V(Ada)", ") Tj 300 0 Td (Ada")),
    not_drawn("NeedAppearances", lambda: text_field("/V(Ada)", "Ada", form_entries="/NeedAppearances true")),
    Row("NeedAppearances without fields", lambda: with_catalog("/AcroForm<</Fields[]/NeedAppearances true>>")),
    Row("choice drawn", choice("/V(2)", "Daughter", COMBO)),
    not_drawn("choice draws another", choice("/V(2)", "Son", COMBO)),
    Row("list draws all options", choice("/V(2)", "Son) Tj 60 0 Td (Daughter", COMBO.replace("131072", "0"))),
    Row("check box on", lambda: papers.check_box("Yes", "Yes")),
    Row("check box off", lambda: papers.check_box("Off", "Off")),
    not_drawn("check box on, shown off", lambda: papers.check_box("Yes", "Off")),
    not_drawn("check box draws nothing", lambda: papers.check_box("Yes", "Yes", on="q 2 2 m 8 8 l n Q")),
    Row("radio button", lambda: papers.radio_buttons("B", ("Off", "B"))),
    not_drawn("radio button shows another", lambda: papers.radio_buttons("B", ("A", "B"))),
    not_drawn("radio button shows none", lambda: papers.radio_buttons("C", ("Off", "Off"))),
    Row("signed", lambda: papers.form(lambda pdf: SIGNATURE, form_entries="/SigFlags 3"), notes={"signed"}),
]

# --- Images ---

def on_letter(width, height):
    """The middle of each quarter of a picture that is not enlarged, on a page across."""
    left, bottom = (792 - width) / 2, (612 - height) / 2
    return [((left + width * x, bottom + height * y), colour)
            for x, y, colour in ((0.25, 0.75, RED), (0.75, 0.75, GREEN), (0.25, 0.25, BLUE), (0.75, 0.25, YELLOW))]


def quarters_png(pixel, **options):
    return papers.png(160, 80, papers.quarter_row(160, 80, pixel), **options)


def palette_png():
    colours = [RED, GREEN, BLUE, YELLOW]
    palette = papers.png_chunk(b"PLTE", b"".join(map(bytes, colours)))
    return quarters_png(lambda colour: bytes([colours.index(colour)]), colour=3, chunks=palette)


def gray_rows(value):
    return lambda y: bytes([value]) * 200


def picture(name, make, **more):
    return Row(name, make, shown=(792, 612), pixels=on_letter(160, 80), **more)


def gray(name, make, level, shown=(792, 612), at=(396, 306)):
    return Row(name, make, shown=shown, pixels=[(at, (level,) * 3)])


# What Poppler makes of pure inks, and of all the others together.
INK = {RED: (236, 27, 36), GREEN: (0, 166, 79), BLUE: (46, 49, 145), YELLOW: (255, 241, 0)}
INVERTED = {RED: (0, 14, 36), GREEN: (36, 0, 0), BLUE: (27, 26, 0), YELLOW: (0, 0, 1)}


def in_ink(pixels):
    return [(place, INK[colour]) for place, colour in pixels]


def cmyk_jpeg():
    """Pillow stores it as Adobe's programs do: inverted."""
    return papers.jpeg(papers.quarters(160, 80).convert("CMYK"))


PICTURES = [
    picture("PNG", lambda: quarters_png(bytes)),
    picture("PNG, interlaced", lambda: quarters_png(bytes, interlaced=True)),
    picture("PNG, palette", palette_png),
    picture("PNG, 16 bits", lambda: quarters_png(lambda colour: b"".join(bytes([v, 0 if v == 0 else 255]) for v in colour), bits=16)),
    picture("PNG, opaque alpha", lambda: quarters_png(lambda colour: bytes(colour) + b"\xff", colour=6)),
    gray("PNG, transparent stands on white", lambda: papers.png(200, 100, lambda y: b"\0\0\0\0" * 200, colour=6), 255),
    gray("PNG, half transparent", lambda: papers.png(200, 100, lambda y: b"\0\x80" * 200, colour=4), 127),
    gray("PNG, half transparent, 16 bits", lambda: papers.png(200, 100, lambda y: b"\0\0\x80\0" * 200, colour=4, bits=16), 127),
    gray("PNG, transparent, interlaced", lambda: papers.png(200, 100, lambda y: b"\0\0" * 200, colour=4, interlaced=True), 255),
    gray("PNG, gray", lambda: papers.png(200, 100, gray_rows(99), colour=0), 99),
    gray("PNG, gray of 16 bits", lambda: papers.png(200, 100, lambda y: b"\x63\x00" * 200, colour=0, bits=16), 99),
    gray("PNG, one bit", lambda: papers.png(200, 100, lambda y: b"\0" * 25, colour=0, bits=1), 0),
    gray("PNG, gray key is transparent", lambda: papers.png(
        200, 100, gray_rows(99), colour=0, chunks=papers.png_chunk(b"tRNS", b"\0\x63")), 255),
    gray("PNG, upright and larger than Letter", lambda: papers.png(200, 4000, gray_rows(99), colour=0), 99, shown=(612, 792),
         at=(306, 396)),
    refused("PNG cut off", lambda: quarters_png(bytes, cut=60), "image-damaged"),
    refused("PNG with a wrong checksum", lambda: quarters_png(bytes).replace(b"IDAT", b"IDAT\0", 1), "image-damaged"),
    refused("PNG with too few rows", lambda: papers.png(160, 90, None, data=zlib.compress((b"\0" + bytes(480)) * 80)), "image-damaged"),
    refused("PNG of 900 megapixels", lambda: papers.png(30000, 30000, None, bits=1, colour=0, data=zlib.compress(bytes(4096))),
            "image-too-large"),
    gray("PNG of 100 megapixels", lambda: papers.png(10000, 10000, None, bits=1, colour=0, data=papers.deflated_zeros(bytes(1251), 10000)), 0,
         shown=(612, 792), at=(306, 396)),
    picture("PNG, a PDF behind it", lambda: quarters_png(bytes) + one_page()),
    picture("PNG, 200 MB of notes", lambda: quarters_png(bytes, chunks=papers.png_chunk(
        b"zTXt", b"a\0\0" + papers.deflated_zeros(bytes(1 << 20), 200)))),
    refused("PNG without its palette", lambda: papers.png(200, 100, gray_rows(0), colour=3), "image-damaged"),
    picture("JPEG", lambda: papers.jpeg(papers.quarters(160, 80))),
    picture("JPEG, progressive", lambda: papers.jpeg(papers.quarters(160, 80), progressive=True)),
    Row("JPEG, CMYK of Adobe", cmyk_jpeg, shown=(792, 612), pixels=in_ink(on_letter(160, 80))),
    Row("JPEG, CMYK of nobody is not inverted", lambda: papers.without_marker(cmyk_jpeg(), 0xEE), shown=(792, 612),
        pixels=[(place, INVERTED[colour]) for place, colour in on_letter(160, 80)]),
    picture("JPEG, RGB", lambda: papers.without_marker(papers.jpeg(papers.quarters(160, 80), keep_rgb=True), 0xEE),
            kept=("/ColorTransform 0",)),
    gray("JPEG, gray", lambda: papers.jpeg(Image.new("L", (200, 100), 99)), 99),
    *(picture(f"JPEG, orientation {number}", lambda number=number: papers.jpeg(papers.quarters(160, 80), number)) for number in range(1, 9)),
    picture("JPEG, orientation 9 is none", lambda: papers.jpeg(papers.quarters(160, 80), 1).replace(
        b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x01", b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x09")),
    picture("JPEG, bytes behind its end", lambda: papers.jpeg(papers.quarters(160, 80)) + b"MPF" * 99),
    refused("JPEG cut off", lambda: papers.jpeg(papers.quarters(160, 80))[:-200], "image-damaged"),
    refused("JPEG without its end", lambda: papers.jpeg(papers.quarters(160, 80))[:-2], "image-damaged"),
    refused("JPEG of noise", lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 9, "image-damaged"),
    refused("JPEG, arithmetic", lambda: papers.with_frame(papers.jpeg(papers.quarters(32, 32)), code=0xC9), "image-unsupported"),
    refused("JPEG, lossless", lambda: papers.with_frame(papers.jpeg(papers.quarters(32, 32)), code=0xC3), "image-unsupported"),
    refused("JPEG, 12 bits", lambda: papers.with_frame(papers.jpeg(papers.quarters(32, 32)), precision=12), "image-unsupported"),
    refused("JPEG over 250 megapixels", lambda: papers.with_frame(papers.jpeg(papers.quarters(32, 32)), size=(20000, 12501)), "image-too-large"),
    refused("JPEG of 110 scans", lambda: papers.with_scans(100), "too-many-scans"),
    Row("JPEG of 60 scans", lambda: papers.with_scans(50), shown=(612, 792)),
]

ROWS = UNREADABLE + SOUND + LYING + CONTENT + ACTIVE + FORMS + PICTURES
