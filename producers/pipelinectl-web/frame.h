/* What stands around every page: its head, the menu, who has come in. */
#pragma once

#include <glib.h>

#include "door.h"

/* @caller NULL: nobody has come in. @path marks the place in the menu. */
GString *page_begin (const char *title, const char *path, const Caller *caller);
char *page_end (GString *page_taken);
char *page_problem (const char *text, const Caller *caller); /* a whole one; @text without a stop */
