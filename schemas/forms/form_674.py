"""VA form 21-674, described."""
from drawing import Caption, Cells, Check, Field, Form, Item
from form_686c import DAY, FULL, address, date, name, phone, ssn, yes_no


def money(row, *cells):
    return [Caption("$"), Cells(row, *cells, parts=["one", "two", "three", "four"][:len(cells)])]


SOURCES = (("employment", "EARNINGS FROM ALL EMPLOYMENT"), ("social-security", "ANNUAL SOCIAL SECURITY"),
           ("annuities", "OTHER ANNUITIES"), ("other", "ALL OTHER INCOME"))
ESTATE = (("savings", "SAVINGS"), ("securities", "SECURITIES, BONDS, ETC."), ("real-estate", "REAL ESTATE"),
          ("other", "ALL OTHER ASSETS"), ("total", "TOTAL OF ABOVE"))


def describe():
    form = Form("21-674", "Request for Approval of School Attendance")
    form.head("IMPORTANT: Complete one form for each student. What has no room in its box is continued on the addendum at "
              "the end of this form.")
    form.heading("SECTION I: VETERAN'S IDENTIFICATION")
    form.band(Item("1", "VETERAN'S NAME", name("veteran.name"), hint=FULL))
    form.band(Item("2", "VA FILE NUMBER", [Cells("veteran.file-number", 9)], share=.3),
              Item("3", "E-MAIL ADDRESS OF VETERAN", [Cells("veteran.email", 25)], share=.7))
    form.heading("SECTION II: STUDENT'S IDENTIFICATION")
    form.band(Item("4", "STUDENT'S NAME", name("student.name"), hint=FULL))
    form.band(Item("5", "STUDENT'S SSN", [ssn("student.ssn")], hint="If none, explain in Item 15", share=.5),
              Item("6", "DATE OF BIRTH", [date("student.birth")], hint=DAY, share=.5))
    form.band(Item("7A", "HAS STUDENT EVER MARRIED?", yes_no("student.married"), hint='If "YES," complete Item 7B', share=.5),
              Item("7B", "DATE OF MARRIAGE", [date("student.marriage")], hint=DAY, share=.5))
    form.band(Item("8", "ADDRESS OF STUDENT", *address("student.address")))
    form.heading("SECTION III: TUITION AND PROGRAM")
    form.band(Item("9", "IS TUITION OR AN ALLOWANCE FOR EDUCATION BEING PAID BY AN AGENCY OF THE U.S. GOVERNMENT?",
                   yes_no("student.tuition")))
    form.band(Item("9A", "NAME OF FEDERALLY FUNDED SCHOOL OR PROGRAM", [Field("school.name", lines=2)]))
    form.band(Item("9B", "TYPE OF PROGRAM OR BENEFIT", [Field("student.program")], share=.6),
              Item("9C", "DATE PAYMENTS BEGAN", [date("student.payments")], hint=DAY, share=.4))
    form.heading("SECTION IV: SCHOOL ATTENDANCE")
    form.band(Item("10", "IS STUDENT ENROLLED FULL TIME?", yes_no("school.full-time"), share=.5),
              Item("10A", "DATE STUDENT STOPPED ATTENDING CONTINUOUSLY", [date("school.stopped")], share=.5))
    form.band(Item("11", "IS THE SCHOOL ACCREDITED?", yes_no("school.accredited"), share=.5),
              Item("11A", "OFFICIAL BEGINNING DATE OF TERM OR COURSE", [date("school.official-start")], share=.5))
    form.band(Item("11B", "DATE STUDENT STARTED OR EXPECTS TO START", [date("school.student-start")], share=.5),
              Item("11C", "EXPECTED DATE OF GRADUATION", [date("school.graduation")], share=.5))
    form.new_page()
    form.band(Item("12A", "DID STUDENT ATTEND LAST TERM?", yes_no("last-term.attended"), share=.3),
              Item("12B", "BEGINNING DATE OF LAST TERM", [date("last-term.began")], hint=DAY, share=.35),
              Item("12C", "ENDING DATE OF LAST TERM", [date("last-term.ended")], hint=DAY, share=.35))
    form.heading("SECTION V: STUDENT'S INCOME AND VALUE OF ESTATE")
    for key, label in SOURCES:
        form.band(Item("13B", f"{label}: RECEIVED", money(f"received.{key}", 2, 3, 2), hint="This school year", share=.5),
                  Item("13C", f"{label}: EXPECTED", money(f"expected.{key}", 2, 3, 2), hint="Next school year", share=.5))
    for k, (key, label) in enumerate(ESTATE):
        form.band(Item(f"14{'ABCDE'[k]}", f"VALUE OF ESTATE: {label}", money(f"estate.{key}", 1, 3, 3, 2)))
    form.heading("SECTION VI: REMARKS, CERTIFICATION AND SIGNATURE")
    form.band(Item("15", "REMARKS", [Field("remarks", lines=11)]))
    form.note("I CERTIFY THAT the information given above is true and correct to the best of my knowledge and belief, and I "
              "agree to notify the Department of Veterans Affairs of any changes in this course of education.")
    form.band(Item("16A", "SIGNATURE OF VETERAN", [Field("signature")], hint="Print name", share=.62),
              Item("16B", "DATE SIGNED", [date("signed")], hint=DAY, share=.38))
    form.band(Item("16D", "TELEPHONE NUMBER", [phone("veteran.phone")], hint="Include Area Code", share=.5),
              Item("16D", "INTERNATIONAL TELEPHONE NUMBER", [Cells("veteran.international-phone", 12)], share=.5))
    return form
