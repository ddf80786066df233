/*
 * local.h - what two files of base/ share and nobody else needs.
 */
#ifndef CNNC_BASE_LOCAL_H
#define CNNC_BASE_LOCAL_H

#include "base/base.h"

/* Columns of a terminal that a character takes: 0, 1 or 2. (caret.c) */
int caret_width(uint32_t code);
/* Adds text with control characters and broken UTF-8 replaced by '?'. */
void caret_add_safe(Text *out, const char *text, size_t length);
/* Adds the first line of the range and the line that underlines it; mark is a
 * terminal's escape sequence for the underline, or "". */
void caret_add(Text *out, Range range, const char *mark);

#endif
