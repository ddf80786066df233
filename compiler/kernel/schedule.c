/*
 * schedule.c - lists of rewrites: as text, and applied.
 *
 *     conv2: split ow by 14; order oh ow.o kh c | kw ow.i oc; pack w;
 *            peel ow.o; unroll kw ow.i; vectorize oc; reuse x
 */
#include "kernel/rewrite.h"

#include <ctype.h>
#include <string.h>

/* ---- the table of steps --------------------------------------------------------- */

typedef struct StepInfo {
    const char *name;
    const char *before[2]; /* words before the numbers */
    int64_t fallback[2];
    bool bar;
} StepInfo;

static const StepInfo infos[] = {
    [STEP_SPLIT] = { "split", { "by", NULL }, { 1, 0 }, false },
    [STEP_FUSE] = { "fuse", { NULL, NULL }, { 0, 0 }, false },
    [STEP_ORDER] = { "order", { NULL, NULL }, { 0, 0 }, true },
    [STEP_PEEL] = { "peel", { "first", "last" }, { 1, 1 }, false },
    [STEP_PACK] = { "pack", { NULL, NULL }, { 0, 0 }, false },
    [STEP_PARTIAL] = { "partial", { "by", "times" }, { 1, 1 }, false },
    [STEP_HALO] = { "halo", { NULL, NULL }, { 0, 0 }, false },
    [STEP_UNROLL] = { "unroll", { NULL, NULL }, { 0, 0 }, false },
    [STEP_VECTORIZE] = { "vectorize", { NULL, NULL }, { 0, 0 }, false },
    [STEP_REUSE] = { "reuse", { NULL, NULL }, { 0, 0 }, false },
    [STEP_PREFETCH] = { "prefetch", { "ahead", NULL }, { 0, 0 }, false },
    [STEP_NONZERO] = { "nonzero", { NULL, NULL }, { 0, 0 }, false },
};

void schedule_add(Schedule *schedule, StepKind kind, int64_t first,
                  int64_t second, const char *names)
{
    Step step = { .kind = kind, .bar = -1, .number = { first, second } };
    const char *at = names;
    while (*at != '\0') {
        size_t length = strcspn(at, " ");
        if (length == 1 && *at == '|') {
            step.bar = step.count;
        } else if (length > 0) {
            REQUIRE(step.count < STEP_NAMES);
            step.name[step.count++] = name_internn(at, length);
        }
        at += length;
        at += strspn(at, " ");
    }
    vec_push(&schedule->steps, step);
}

static void print_step(Text *text, const Step *step)
{
    const StepInfo *info = &infos[step->kind];
    text_add(text, info->name);
    for (int i = 0; i < step->count; i++) {
        if (info->bar && step->bar == i)
            text_add(text, " |");
        if (step->kind == STEP_FUSE && i == 2)
            text_add(text, " as");
        text_printf(text, " %s", step->name[i]);
    }
    for (int i = 0; i < 2 && info->before[i] != NULL; i++) {
        if (step->number[i] != info->fallback[i] || step->kind == STEP_SPLIT)
            text_printf(text, " %s %lld", info->before[i],
                        (long long)step->number[i]);
    }
}

void schedule_print(Text *text, const Schedule *schedule)
{
    text_printf(text, "%s:", schedule->kernel);
    size_t column = text->length;
    for (int i = 0; i < schedule->steps.count; i++) {
        Text one = { 0 };
        print_step(&one, &schedule->steps.at[i]);
        bool wrap = i > 0 && text->length - column + one.length > 60;
        text_add(text, wrap ? ";\n    " : i > 0 ? "; " : " ");
        if (wrap)
            column = text->length;
        text_add(text, text_get(&one));
        text_free(&one);
    }
    text_char(text, '\n');
}

void schedule_free(Schedule *schedule)
{
    vec_free(&schedule->steps);
}

/* ---- reading ----------------------------------------------------------------------- */

typedef struct Reader {
    const Source *source;
    size_t at;
    bool failed;
} Reader;

static void skip_space(Reader *r)
{
    const char *text = r->source->text;
    for (;;) {
        while (isspace((unsigned char)text[r->at]))
            r->at++;
        if (text[r->at] != '#')
            return;
        while (text[r->at] != '\0' && text[r->at] != '\n')
            r->at++;
    }
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* The next word or single character; empty at the end. */
static Range next_token(Reader *r)
{
    skip_space(r);
    Range range = { r->source, r->at, r->at };
    const char *text = r->source->text;
    if (text[r->at] == '\0')
        return range;
    if (!is_word_char(text[r->at]))
        range.end++;
    while (is_word_char(text[range.end]))
        range.end++;
    if (range.end > range.start + 1 && !is_word_char(text[range.start]))
        range.end = range.start + 1;
    r->at = range.end;
    return range;
}

static const char *token_text(Range range)
{
    return name_internn(range.source->text + range.start,
                        range.end - range.start);
}

static bool token_is(Range range, const char *text)
{
    return strcmp(token_text(range), text) == 0;
}

static Range peek_token(Reader *r)
{
    size_t at = r->at;
    Range range = next_token(r);
    r->at = at;
    return range;
}

static bool find_step(Range token, StepKind *kind)
{
    const char *names[COUNT_OF(infos)];
    for (size_t i = 0; i < COUNT_OF(infos); i++) {
        names[i] = infos[i].name;
        if (token_is(token, infos[i].name)) {
            *kind = (StepKind)i;
            return true;
        }
    }
    diag_error(token, "no rewrite '%s'", token_text(token));
    const char *near =
        name_nearest(token_text(token), names, (int)COUNT_OF(infos));
    if (near != NULL)
        diag_hint("did you mean '%s'?", near);
    return false;
}

static bool read_number(Reader *r, int64_t *number)
{
    Range token = next_token(r);
    if (parse_int64(token_text(token), number) && *number >= 0)
        return true;
    diag_error(token, "expected a number, found '%s'", token_text(token));
    return false;
}

static bool step_ends(Range token)
{
    return token.start == token.end || token_is(token, ";") ||
           token_is(token, ":");
}

static int number_word(const StepInfo *info, Range token)
{
    for (int i = 0; i < 2; i++) {
        if (info->before[i] != NULL && token_is(token, info->before[i]))
            return i;
    }
    return -1;
}

/* Another entry begins where a word is followed by a colon. */
static bool entry_begins(Reader *r)
{
    size_t at = r->at;
    next_token(r);
    bool begins = token_is(next_token(r), ":");
    r->at = at;
    return begins;
}

static bool read_step(Reader *r, Schedule *schedule)
{
    Step step = { .bar = -1 };
    if (!find_step(next_token(r), &step.kind))
        return false;
    const StepInfo *info = &infos[step.kind];
    step.number[0] = info->fallback[0];
    step.number[1] = info->fallback[1];
    for (;;) {
        Range token = peek_token(r);
        if (step_ends(token) || entry_begins(r))
            break;
        next_token(r);
        int word = number_word(info, token);
        if (word >= 0) {
            if (!read_number(r, &step.number[word]))
                return false;
        } else if (step.kind == STEP_FUSE && step.count == 2 &&
                   token_is(token, "as")) {
            continue;
        } else if (info->bar && token_is(token, "|")) {
            step.bar = step.count;
        } else if (step.count < STEP_NAMES &&
                   is_word_char(r->source->text[token.start])) {
            step.name[step.count++] = token_text(token);
        } else {
            diag_error(token, "'%s' does not fit here", token_text(token));
            return false;
        }
    }
    vec_push(&schedule->steps, step);
    return true;
}

static bool read_entry(Reader *r, ScheduleList *list)
{
    Range name = next_token(r), colon = next_token(r);
    if (!is_word_char(r->source->text[name.start]) || !token_is(colon, ":")) {
        diag_error(name, "expected 'KERNEL: rewrite; rewrite'");
        return false;
    }
    vec_push(list, (Schedule){ .kernel = token_text(name) });
    Schedule *schedule = &list->at[list->count - 1];
    for (;;) {
        Range token = peek_token(r);
        if (token.start == token.end || entry_begins(r))
            return true;
        if (token_is(token, ";")) {
            next_token(r);
            continue;
        }
        if (!read_step(r, schedule))
            return false;
    }
}

bool schedule_read(const Source *source, ScheduleList *list)
{
    Reader r = { .source = source };
    for (;;) {
        Range token = peek_token(&r);
        if (token.start == token.end)
            return true;
        if (!read_entry(&r, list))
            return false;
    }
}

/* ---- applying -------------------------------------------------------------------------- */

static bool apply_order(Kernel *kernel, const Step *step, Text *why)
{
    int outer = step->bar >= 0 ? step->bar : step->count;
    for (int i = outer; i < step->count; i++) {
        if (!rewrite_push(kernel, step->name[i], why))
            return false;
    }
    return rewrite_order(kernel, step->name, outer, why);
}

static bool apply_mark(Kernel *kernel, const Step *step, LoopMark mark,
                       Text *why)
{
    for (int i = 0; i < step->count; i++) {
        if (!rewrite_mark(kernel, step->name[i], mark, why))
            return false;
    }
    return true;
}

static bool apply_peel(Kernel *kernel, const Step *step, Text *why)
{
    for (int i = 0; i < step->count; i++) {
        if (!rewrite_peel(kernel, step->name[i], step->number[0],
                          step->number[1], why))
            return false;
    }
    return true;
}

static bool apply_packs(Kernel *kernel, const Step *step, Text *why)
{
    for (int i = 0; i < step->count; i++) {
        if (!rewrite_pack(kernel, step->name[i], why))
            return false;
    }
    return true;
}

static bool needs(const Step *step, int count, Text *why)
{
    if (step->count < count)
        text_printf(why, "'%s' needs %d name%s", infos[step->kind].name, count,
                    count == 1 ? "" : "s");
    return step->count >= count;
}

/* REUSE, PREFETCH and NONZERO come after expansion. */
static bool apply_step(Kernel *kernel, const Step *step, Text *why)
{
    switch (step->kind) {
    case STEP_SPLIT:
        return needs(step, 1, why) &&
               rewrite_split(kernel, step->name[0], step->number[0], why);
    case STEP_FUSE:
        return needs(step, 2, why) &&
               rewrite_fuse(kernel, step->name[0], step->name[1],
                            step->count > 2 ? step->name[2] : NULL, why);
    case STEP_ORDER: return apply_order(kernel, step, why);
    case STEP_PEEL: return apply_peel(kernel, step, why);
    case STEP_PACK: return apply_packs(kernel, step, why);
    case STEP_PARTIAL:
        return needs(step, 1, why) &&
               rewrite_partial(kernel, step->name[0], step->number[0],
                               step->number[1], why);
    case STEP_HALO: return rewrite_halo(kernel, why);
    case STEP_UNROLL: return apply_mark(kernel, step, LOOP_UNROLL, why);
    case STEP_VECTORIZE: return apply_mark(kernel, step, LOOP_VECTOR, why);
    case STEP_REUSE:
    case STEP_PREFETCH:
    case STEP_NONZERO: return needs(step, 1, why);
    }
    BUG("no step %d", (int)step->kind);
}

static bool apply_late(Kernel *kernel, const Step *step, Text *why)
{
    if (step->kind == STEP_REUSE)
        return rewrite_reuse(kernel, step->name[0], why);
    if (step->kind == STEP_PREFETCH)
        return needs(step, 2, why) &&
               rewrite_prefetch(kernel, step->name[0], step->name[1],
                                step->number[0], why);
    if (step->kind == STEP_NONZERO)
        return rewrite_nonzero(kernel, step->name[0], why);
    return true;
}

bool schedule_steps(Kernel *kernel, const Schedule *schedule, Text *why)
{
    for (int i = 0; i < schedule->steps.count; i++) {
        if (!apply_step(kernel, &schedule->steps.at[i], why))
            return false;
    }
    return true;
}

bool schedule_apply(Kernel *kernel, const Schedule *schedule,
                    const Target *target, Text *why)
{
    if (!schedule_steps(kernel, schedule, why))
        return false;
    if (!kernel_expand(kernel, target, why) || !rewrite_spill(kernel, why))
        return false;
    for (int i = 0; i < schedule->steps.count; i++) {
        if (!apply_late(kernel, &schedule->steps.at[i], why))
            return false;
    }
    rewrite_share(kernel);
    return rewrite_weave(kernel, why);
}
