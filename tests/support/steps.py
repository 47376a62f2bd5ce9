"""Which of BGS's calls a step of the journal is, by the beginning of its name."""

CALL_OF_STEP = (
    ("create-proc-form/", "vnpProcFormCreate"), ("create-proc", "vnpProcCreate"),
    ("create-veteran-participant", "vnpPtcpntCreate"), ("create-participant/", "vnpPtcpntCreate"),
    ("create-veteran-address", "vnpPtcpntAddrsCreate"), ("create-address/", "vnpPtcpntAddrsCreate"),
    ("create-veteran-person", "vnpPersonCreate"), ("create-person/", "vnpPersonCreate"),
    ("create-veteran-phone", "vnpPtcpntPhoneCreate"), ("create-relationship/", "vnpPtcpntRlnshpCreate"),
    ("create-school/", "vnpChildSchoolCreate"), ("create-student/", "vnpChildStudentCreate"),
    ("create-vnp-claim", "vnpBnftClaimCreate"), ("insert-benefit-claim", "insertBenefitClaim"),
    ("update-vnp-claim", "vnpBnftClaimUpdate"), ("write-note", "createNote"), ("close-proc", "vnpProcUpdate"),
    ("hold-proc", "vnpProcUpdate"))


def call_of(step):
    return next((call for begin, call in CALL_OF_STEP if step.startswith(begin)), None)
