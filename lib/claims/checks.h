/* What single answers of the form must be: texts, numbers, dates, addresses, places. Each finds what
 * is wrong with its value, and says nothing else. For claims/validate.c. */
#pragma once

#include "claims/checker.h"

void check_text (Checker *checker, const json_t *value);
void check_boolean (Checker *checker, const json_t *value);
void check_integer (Checker *checker, const json_t *value);
void check_1_to_50 (Checker *checker, const json_t *value);
void check_up_to_10 (Checker *checker, const json_t *value);
void check_phone (Checker *checker, const json_t *value);
void check_ssn (Checker *checker, const json_t *value);
void check_no_ssn_reason (Checker *checker, const json_t *value);
void need_ssn_or_reason (Checker *checker, const json_t *person);
void check_last_four (Checker *checker, const json_t *value);
void check_ssn_last_four (Checker *checker, const json_t *value);
void check_service_number (Checker *checker, const json_t *value);
void check_date (Checker *checker, const json_t *value);
void check_email (Checker *checker, const json_t *value);
void check_money (Checker *checker, const json_t *value);
void check_one_of (Checker *checker, const json_t *value, const char *const *choices,
                   const char *message);
void check_end_of_marriage (Checker *checker, const json_t *value);
void check_name (Checker *checker, const json_t *value);
void check_loose_name (Checker *checker, const json_t *value);
void check_files (Checker *checker, const json_t *value);

/* --- Addresses and places ---
 *
 * A place's shape, and what it must have at home, abroad, and where it does not say which. */

void check_address (Checker *checker, const json_t *value);
void check_place (Checker *checker, const json_t *value);
void need_domestic (Checker *checker, const json_t *place);
void need_foreign (Checker *checker, const json_t *place);
void need_either (Checker *checker, const json_t *place);
void check_variant (Checker *checker, const json_t *value, Check domestic, Check foreign,
                    Check either);
void check_location (Checker *checker, const json_t *value);
void check_birth_location (Checker *checker, const json_t *value);
