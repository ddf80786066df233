/*
 * report.c - errors of elaboration: one for a place, however often it is used.
 *
 *     net.cnn:5:13: error: no layer or block 'maxpol'
 *     net.cnn:9:10: note: in block 'residual' used here
 *     hint: did you mean 'maxpool'?
 *
 * A block is elaborated anew at each use; a mistake within it is one mistake.
 */
#include "language/local.h"

#include <string.h>

/* Whether this is the first report of the place. */
static bool is_first(const Scope *scope, Range range)
{
    Elaborator *e = scope->e;
    const char *place = name_intern(
        arena_printf(e->scratch, "%zu-%zu", range.start, range.end));
    if (map_get(&e->reported, place))
        return false;
    map_set(&e->reported, place, e);
    return true;
}

static char *message_text(const Scope *scope, const char *format, va_list list)
{
    Text text = { 0 };
    text_vprintf(&text, format, list);
    return text_take(&text, scope->e->scratch);
}

void report_uses(const Scope *scope)
{
    enum { MOST = 5 }; /* the innermost say enough */
    int shown = 0;
    for (const Origin *use = scope->use; use && shown < MOST;
         use = use->within, shown++)
        diag_note(use->range, "in block '%s' used here", use->block);
}

bool report(const Scope *scope, Range range, const char *format, ...)
{
    va_list list;
    if (!is_first(scope, range))
        return false;
    va_start(list, format);
    diag_error(range, "%s", message_text(scope, format, list));
    va_end(list);
    report_uses(scope);
    return true;
}

bool report_first(const Scope *scope, Range range, const char *format, ...)
{
    va_list list;
    if (!is_first(scope, range))
        return false;
    va_start(list, format);
    diag_error(range, "%s", message_text(scope, format, list));
    va_end(list);
    return true;
}

/* Where there are errors, what seems unused may be used by a broken line.
 * Warnings that count as errors are not meant by that. */
void report_warning(const Scope *scope, Range range, const char *format, ...)
{
    int before = diag_error_count();
    va_list list;
    if (before > scope->e->errors || !is_first(scope, range))
        return;
    va_start(list, format);
    diag_warning(range, "%s", message_text(scope, format, list));
    va_end(list);
    scope->e->errors += diag_error_count() - before;
    report_uses(scope);
}

void report_constant(const Constant *constant, Range range)
{
    Arena *scratch;
    if (!constant->range.source || (constant->range.start >= range.start &&
                                    constant->range.end <= range.end))
        return;
    scratch = arena_new();
    diag_note(constant->range, "%s comes from here",
              constant_show(scratch, constant));
    arena_free(scratch);
}

/* Words that people bring along from other frameworks. */
static const struct {
    const char *theirs, *ours;
} synonyms[] = {
    { "conv1d", "conv" },
    { "conv2d", "conv" },
    { "conv3d", "conv" },
    { "convolution", "conv" },
    { "linear", "dense" },
    { "fully_connected", "dense" },
    { "gemm", "dense" },
    { "max_pool", "maxpool" },
    { "max_pool2d", "maxpool" },
    { "maxpool2d", "maxpool" },
    { "maxpooling2d", "maxpool" },
    { "avg_pool", "avgpool" },
    { "avgpool2d", "avgpool" },
    { "averagepooling2d", "avgpool" },
    { "global_average_pool", "global_avgpool" },
    { "global_average_pooling", "global_avgpool" },
    { "globalaveragepooling2d", "global_avgpool" },
    { "bn", "batchnorm" },
    { "batch_norm", "batchnorm" },
    { "batchnorm2d", "batchnorm" },
    { "batch_normalization", "batchnorm" },
    { "swish", "silu" },
    { "leakyrelu", "leaky_relu" },
    { "concatenate", "concat" },
    { "cat", "concat" },
    { "view", "reshape" },
    { "resize", "upsample" },
    { "zeropadding2d", "pad" },
    { "plus", "add" },
    { "multiply", "mul" },
    { "subtract", "sub" },
    { "padding", "pad" },
    { "strides", "stride" },
    { "kernel_size", "kernel" },
    { "pool_size", "kernel" },
    { "size", "kernel" },
    { "out_channels", "filters" },
    { "channels", "filters" },
    { "out_features", "units" },
    { "use_bias", "bias" },
    { "dilation_rate", "dilation" },
    { "group", "groups" },
    { "eps", "epsilon" },
    { "negative_slope", "alpha" },
    { "dim", "axis" },
    { "p", "rate" },
    { "true", "yes" },
    { "false", "no" },
};

static const char *synonym_of(const char *word)
{
    char lower[32];
    size_t length = strlen(word);
    if (length >= sizeof lower)
        return NULL;
    for (size_t i = 0; i <= length; i++)
        lower[i] =
            (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
    for (size_t i = 0; i < COUNT_OF(synonyms); i++)
        if (strcmp(lower, synonyms[i].theirs) == 0)
            return synonyms[i].ours;
    return NULL;
}

typedef VEC(const char *) Words;

static bool words_have(const Words *words, const char *word)
{
    for (int i = 0; i < words->count; i++)
        if (strcmp(words->at[i], word) == 0)
            return true;
    return false;
}

void report_nearest(const char *word, const Map *const *maps, int count,
                    bool layers)
{
    Words words = { 0 };
    const char *nearest = synonym_of(word);
    for (int m = 0; m < count; m++)
        for (int i = 0; i < maps[m]->entries.count; i++)
            vec_push(&words, maps[m]->entries.at[i].name);
    for (int op = 0; layers && op < OP_COUNT; op++)
        vec_push(&words, op_info[op].name);
    if (!nearest || !words_have(&words, nearest))
        nearest = name_nearest(word, words.at, words.count);
    if (nearest)
        diag_hint("did you mean '%s'?", nearest);
    vec_free(&words);
}

bool report_limits(Scope *scope, Range range, bool layer)
{
    Elaborator *e = scope->e;
    if (e->stopped)
        return false;
    e->layers += layer;
    e->steps++;
    if (e->layers <= LANG_MAX_LAYERS && e->steps <= LANG_MAX_STEPS)
        return true;
    e->stopped = true;
    if (e->layers > LANG_MAX_LAYERS)
        report(scope, range, "the network has more than %d layers",
               LANG_MAX_LAYERS);
    else
        report(scope, range,
               "the network unfolds to more than %d lines and layers",
               LANG_MAX_STEPS);
    return false;
}
