"""VA form 21-686c, described."""
from drawing import Caption, Cells, Check, Field, Form, Item


def name(row):
    return [Cells(row, 12, 1, 18, parts=["first", "middle", "last"])]


def ssn(row):
    return Cells(row, 3, 2, 4, parts=["first-three", "middle-two", "last-four"], between="-")


def date(row):
    return Cells(row, 2, 2, 4, parts=["month", "day", "year"], between="-")


def phone(row):
    return Cells(row, 3, 3, 4, parts=["area", "prefix", "line"], between="-")


def zip_code(row):
    return Cells(row, 5, 4, parts=["five", "four"], between="-")


def place(row, *before):
    return [*before, Caption("City or County"), Cells(f"{row}.city", 18), Caption("State"), Cells(f"{row}.state", 2),
            Caption("Country"), Cells(f"{row}.country", 2)]


def address(row, street=30):
    return [[Caption("No. & Street"), Cells(f"{row}.street", street)],
            [Caption("Apt./Unit"), Cells(f"{row}.unit", 5), Caption("City"), Cells(f"{row}.city", 18)],
            [Caption("State/Province"), Cells(f"{row}.state", 2), Caption("Country"), Cells(f"{row}.country", 2),
             Caption("ZIP Code/Postal Code"), zip_code(f"{row}.zip")]]


def yes_no(row, width=0):
    return [Check(f"{row}.yes", "YES", width), Check(f"{row}.no", "NO", width)]


FULL = "First, Middle Initial, Last"
DAY = "MM-DD-YYYY"


def marriage(form, item, row, letter):
    form.keep(
        [Item(f"{item}{letter}-1", "TO WHOM MARRIED", name(f"{row}.name"), hint=FULL)],
        [Item(f"{item}{letter}-2", "DATE AND PLACE OF MARRIAGE", place(f"{row}.start", date(f"{row}.start")), hint=DAY)],
        [Item(f"{item}{letter}-3", "REASON FOR TERMINATION",
              [Check(f"{row}.reason.death", "Death"), Check(f"{row}.reason.divorce", "Divorce"),
               Check(f"{row}.reason.annulment", "Annulment"), Check(f"{row}.reason.other", "Other:"),
               Field(f"{row}.reason.text")])],
        [Item(f"{item}{letter}-4", "DATE AND PLACE MARRIAGE TERMINATED", place(f"{row}.end", date(f"{row}.end")), hint=DAY)])


def child(form, item, row, number):
    form.keep(
        [Item(f"{item}A", f"NAME OF CHILD {number}", name(f"{row}.name"), hint=FULL)],
        [Item(f"{item}B", "SOCIAL SECURITY NUMBER", [ssn(f"{row}.ssn")], share=.38,
              hint="If none, explain in Item 25"),
         Item(f"{item}C", "DATE OF BIRTH", [date(f"{row}.birth")], hint=DAY, share=.62)],
        [Item(f"{item}D", "PLACE OF BIRTH", place(f"{row}.birth-place"))],
        [Item(f"{item}E", "NAME OF PERSON THE CHILD LIVES WITH", name(f"{row}.lives-with"), hint="If other than you")],
        [Item(f"{item}F", "CHILD'S COMPLETE ADDRESS", *address(f"{row}.address", 27), hint="If the child does not live with you")],
        [Item(f"{item}G", "CHILD'S STATUS",
              [Check(f"{row}.status.biological", "Biological"), Check(f"{row}.status.adopted", "Adopted"),
               Check(f"{row}.status.in-school", "18-23 years old and in school"),
               Check(f"{row}.status.incapable", "Child incapable of self-support"),
               Check(f"{row}.status.married", "Child previously married")],
              [Check(f"{row}.status.stepchild", "Stepchild"), Caption("Biological child of your spouse?"),
               *yes_no(f"{row}.of-spouse"), Caption("Date stepchild became dependent"), date(f"{row}.entered")],
              hint="Check all that apply")],
        [Item(f"{item}H", "IF PREVIOUSLY MARRIED: DATE AND REASON MARRIAGE ENDED",
              [date(f"{row}.marriage-end"), Check(f"{row}.marriage-end.void", "Declared void"),
               Check(f"{row}.marriage-end.annulled", "Annulled"), Check(f"{row}.marriage-end.other", "Other:"),
               Cells(f"{row}.marriage-end.text", 8, 8, parts=["one", "two"])], hint=DAY)])


def stepchild(form, letters, row, number):
    form.keep(
        [Item(f"21{letters[0]}", f"NAME OF STEPCHILD {number}", name(f"{row}.name"), hint=FULL)],
        [Item(f"21{letters[1]}", "NAME OF PERSON WITH WHOM THE STEPCHILD RESIDES", name(f"{row}.lives-with"), hint=FULL)],
        [Item(f"21{letters[2]}", "STEPCHILD'S COMPLETE ADDRESS", *address(f"{row}.address", 27))],
        [Item(f"21{letters[3]}", "DATE STEPCHILD LEFT HOUSEHOLD", [date(f"{row}.left")], hint=DAY, share=.45),
         Item(f"21{letters[4]}", "FINANCIAL SUPPORT PROVIDED",
              [Check(f"{row}.support.more", "More than half"), Check(f"{row}.support.half", "Half"),
               Check(f"{row}.support.less", "Less than half")], share=.55)])


def death(form, row, number):
    form.keep(
        [Item("22A", f"DECEASED DEPENDENT {number} WAS",
              [Check(f"{row}.was.spouse", "Spouse", 92), Check(f"{row}.was.minor", "Minor child", 92),
               Check(f"{row}.was.stepchild", "Stepchild", 92), Check(f"{row}.was.adopted", "Adopted child", 92)],
              [Check(f"{row}.was.parent", "Dependent parent", 92),
               Check(f"{row}.was.incapable", "Child incapable of self-support", 92),
               Check(f"{row}.was.in-school", "18-23 years old and in school", 92)], hint="Check all that apply")],
        [Item("22B", "NAME OF DECEASED DEPENDENT", name(f"{row}.name"), hint=FULL)],
        [Item("22C", "DATE OF DEATH", [date(f"{row}.date")], hint=DAY)],
        [Item("22D", "PLACE OF DEATH", place(f"{row}.place"))])


def describe():
    form = Form("21-686c", "Application Request to Add and/or Remove Dependents", "AUG 2022")
    form.header = Item("2", "VETERAN'S SOCIAL SECURITY NO.", [ssn("veteran.ssn")])
    form.head("INSTRUCTIONS: Print the information requested neatly and legibly. Sign and date the form in Items 26A and "
              "26B. What has no room in its box is continued on the addendum at the end of this form.")
    form.heading("SECTION I: VETERAN/CLAIMANT'S IDENTIFICATION INFORMATION",
                 "(Completion of this section is REQUIRED to process your request; any omission may delay processing)")
    form.band(Item("1", "VETERAN'S NAME", name("veteran.name"), hint=FULL))
    form.band(Item("2", "VETERAN'S SOCIAL SECURITY NUMBER", [ssn("veteran.ssn")], share=.36),
              Item("3", "VA FILE NUMBER", [Cells("veteran.file-number", 9)], hint="If known", share=.30),
              Item("4", "VETERAN'S DATE OF BIRTH", [date("veteran.birth")], hint=DAY, share=.34))
    form.band(Item("5", "CLAIMANT'S NAME", name("claimant.name"), hint="If other than veteran"))
    form.band(Item("6", "CLAIMANT'S SOCIAL SECURITY NUMBER", [ssn("claimant.ssn")], share=.36),
              Item("7", "VETERAN'S SERVICE NUMBER", [Cells("veteran.service-number", 9)], hint="If applicable", share=.30),
              Item("8", "TELEPHONE NUMBER", [phone("veteran.phone")], hint="Include Area Code", share=.34))
    form.band(Item("8", "INTERNATIONAL TELEPHONE NUMBER", [Cells("veteran.international-phone", 13)], share=.45),
              Item("9", "ELECTRONIC CORRESPONDENCE",
                   [Check("veteran.email-consent", "I agree to receive electronic correspondence from VA")], share=.55))
    form.band(Item("9", "E-MAIL ADDRESS", [Cells("veteran.email", 30)], hint="Optional"))
    form.band(Item("10", "COMPLETE MAILING ADDRESS OF VETERAN/CLAIMANT", *address("veteran.address")))
    form.heading("SECTION II: INFORMATION NEEDED TO ADD SPOUSE")
    form.band(Item("11A", "SPOUSE'S NAME", name("spouse.name"), hint=FULL))
    form.band(Item("11B", "SPOUSE'S DATE OF BIRTH", [date("spouse.birth")], hint=DAY, share=.32),
              Item("11C", "SPOUSE'S SSN", [ssn("spouse.ssn")], hint="If none, explain in Item 25", share=.36),
              Item("11D", "DATE OF MARRIAGE", [date("marriage.date")], hint=DAY, share=.32))
    form.band(Item("11E", "PLACE OF MARRIAGE", place("marriage.place"), hint="City and State, or City and Country"))
    form.band(Item("11F", "HOW WERE YOU MARRIED?",
                   [Check("marriage.type.religious", "Religious ceremony"), Check("marriage.type.civil", "Civil ceremony"),
                    Check("marriage.type.common-law", "Common law"), Check("marriage.type.tribal", "Tribal"),
                    Check("marriage.type.proxy", "Proxy")],
                   [Check("marriage.type.other", "Other (explain):"), Cells("marriage.type-other", 9)], hint="Check one"))
    form.band(Item("12A", "IS YOUR SPOUSE ALSO A VETERAN?", yes_no("spouse.is-veteran"), share=.32),
              Item("12B", "SPOUSE'S VA FILE NUMBER", [Cells("spouse.file-number", 9)], hint="If applicable", share=.34),
              Item("12C", "SPOUSE'S SERVICE NUMBER", [Cells("spouse.service-number", 9)], hint="If applicable", share=.34))
    form.band(Item("13A", "DO YOU LIVE TOGETHER?", yes_no("spouse.lives-with"), share=.32),
              Item("13B", "REASON FOR SEPARATION", [Cells("spouse.separation", 20)], share=.68))
    form.band(Item("13C", "CURRENT MAILING ADDRESS OF SPOUSE", *address("spouse.address"), hint="If you do not live together"))

    form.new_page()
    form.heading("VETERAN/CLAIMANT'S PREVIOUS MARITAL INFORMATION", "(If no prior marriages, this section may be left blank)")
    for k in range(4):
        marriage(form, 14, f"veteran-marriage.{k}", "ABCD"[k])
    form.new_page()
    form.heading("CURRENT SPOUSE'S PREVIOUS MARITAL INFORMATION", "(If no prior marriages, this section may be left blank)")
    for k in range(4):
        marriage(form, 15, f"spouse-marriage.{k}", "ABCD"[k])
    for k in range(6):
        if k % 2 == 0:
            form.new_page()
            form.heading("SECTION III: INFORMATION NEEDED TO ADD CHILD(REN)" + (" (continued)" if k else ""))
        child(form, 16, f"child.{k}", k + 1)
    form.new_page()
    form.heading("SECTION IV: VETERAN REPORTING DIVORCE FROM FORMER SPOUSE")
    form.band(Item("20A", "NAME OF FORMER SPOUSE", name("divorce.name"), hint=FULL))
    form.band(Item("20B", "PLACE OF DIVORCE", place("divorce.place")))
    form.band(Item("20C", "DATE OF DIVORCE", [date("divorce.date")], hint=DAY))
    form.heading("SECTION V: VETERAN/CLAIMANT REPORTING ON STEPCHILD(REN)")
    form.band(Item("21A", "BIOLOGICAL OR ADOPTED CHILD(REN) OF THE FORMER SPOUSE?", yes_no("stepchildren.any"), share=.55),
              Item("21B", "ARE YOU STILL SUPPORTING THE STEPCHILD(REN)?", yes_no("stepchildren.supporting"), share=.45))
    form.band(Item("21A", "NAME(S) OF STEPCHILD(REN)", name("stepchild.0.listed"), name("stepchild.1.listed"), hint=FULL))
    stepchild(form, "CDEFG", "stepchild.0", 1)
    stepchild(form, "HIJKL", "stepchild.1", 2)
    form.new_page()
    form.heading("SECTION VI: VETERAN/CLAIMANT REPORTING DEATH OF A DEPENDENT")
    for k in range(2):
        death(form, f"death.{k}", k + 1)
    form.heading("SECTION VII: VETERAN/CLAIMANT REPORTING MARRIAGE OF CHILD")
    form.band(Item("23A", "NAME OF CHILD WHO MARRIED", name("child-marriage.0.name"), hint=FULL))
    form.band(Item("23B", "DATE OF MARRIAGE", [date("child-marriage.0.date")], hint=DAY))
    form.heading("SECTION VIII: SCHOOLCHILD OVER 18 HAS STOPPED ATTENDING SCHOOL")
    form.band(Item("24A", "NAME OF SCHOOLCHILD", name("left-school.0.name"), hint=FULL))
    form.band(Item("24B", "DATE SCHOOLCHILD STOPPED ATTENDING SCHOOL", [date("left-school.0.date")], hint=DAY))
    form.new_page()
    form.heading("SECTION IX: REMARKS")
    form.band(Item("25", "REMARKS", *[[Cells("remarks", 35, parts=[f"line-{k}"])] for k in range(1, 13)]))
    form.band(Item("25", "NET WORTH AND INCOME OF DEPENDENTS", [Field("addendum", lines=24)]))
    form.heading("SECTION X: CERTIFICATION AND SIGNATURE")
    form.note("I CERTIFY THAT the statements on this form are true and correct to the best of my knowledge and belief.")
    form.band(Item("26A", "SIGNATURE OF VETERAN/CLAIMANT", [Field("signature")], share=.62),
              Item("26B", "DATE SIGNED", [date("signed")], hint=DAY, share=.38))
    form.note("PENALTY: The law provides severe penalties, which include fine or imprisonment, or both, for the willful "
              "submission of any statement or evidence of a material fact, knowing it to be false.")
    return form
