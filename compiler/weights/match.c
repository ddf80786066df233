/*
 * match.c - does a weight file fit a network? All that does not, at once.
 *
 *     net.cnn:3:1: error: 'w.safetensors' does not fit the network: 1 tensor
 *                         is missing, 1 has another shape, 1 is left over
 *     cnnc: note: missing: 'conv1.weight' [6, 1, 5, 5]; the file has
 *                 'conv_1.weight' [6, 1, 5, 5]
 *     cnnc: note: another shape: 'fc.weight' is [10, 84] in the file,
 *                 [84, 10] is needed
 *     hint: 'layout=hwio' would fit all of these shapes
 */
#include "weights/local.h"

#include <string.h>

#define NOTES_SHOWN 8 /* of each kind */

typedef struct Match {
    const WeightFile *file;
    const WeightWanted *wanted;
    int count;
    const WeightBind *binds;
    int bind_count;
    const WeightTensor **found;
    bool *used; /* of each tensor in the file */
    int missing, misshapen, left_over;
} Match;

/* ---- finding -------------------------------------------------------------------------- */

/* The name in the file, by a bind, of what the network calls `name`; NULL:
 * there is no such bind. */
static const char *bound_name(const Match *m, const char *name)
{
    for (int i = 0; i < m->bind_count; i++)
        if (strcmp(m->binds[i].to, name) == 0)
            return m->binds[i].from;
    return NULL;
}

/* Whether a bind gives this tensor of the file another name. */
static bool is_renamed(const Match *m, const char *name)
{
    for (int i = 0; i < m->bind_count; i++)
        if (strcmp(m->binds[i].from, name) == 0)
            return true;
    return false;
}

static const WeightTensor *find(const Match *m, const char *name)
{
    const char *other = bound_name(m, name);

    if (!other && is_renamed(m, name))
        return NULL;
    return weights_find(m->file, other ? other : name);
}

static bool shape_fits(const WeightWanted *wanted, const WeightTensor *tensor)
{
    return wanted->rank == tensor->rank &&
           memcmp(wanted->dim, tensor->dim,
                  (size_t)wanted->rank * sizeof *wanted->dim) == 0;
}

static bool may_be_left_over(const char *name)
{
    return name_ends(name, "num_batches_tracked");
}

static void look(Match *m)
{
    for (int i = 0; i < m->count; i++) {
        const WeightTensor *tensor = find(m, m->wanted[i].name);
        m->found[i] = tensor;
        if (tensor)
            m->used[tensor - m->file->tensors.at] = true;
        if (!tensor)
            m->missing += !m->wanted[i].optional;
        else
            m->misshapen += !shape_fits(&m->wanted[i], tensor);
    }
    for (int i = 0; i < m->file->tensors.count; i++) {
        if (may_be_left_over(m->file->tensors.at[i].name))
            m->used[i] = true;
        m->left_over += !m->used[i];
    }
}

/* ---- telling -------------------------------------------------------------------------- */

/* "1 tensor is missing, 2 have another shape" */
static const char *summary(const Match *m, Arena *arena)
{
    const struct {
        int count;
        const char *one, *many;
    } parts[] = {
        { m->missing, "is missing", "are missing" },
        { m->misshapen, "has another shape", "have another shape" },
        { m->left_over, "is left over", "are left over" },
    };
    Text text = { 0 };

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (!parts[i].count)
            continue;
        text_printf(&text, text.length ? ", %d" : "%d tensor", parts[i].count);
        if (!strchr(text_get(&text), ',') && parts[i].count > 1)
            text_char(&text, 's');
        text_printf(&text, " %s",
                    parts[i].count == 1 ? parts[i].one : parts[i].many);
    }
    return text_take(&text, arena);
}

/* Counts a note of a kind; says once that there are more. */
static bool note_fits(int *shown, int all)
{
    if (++*shown == NOTES_SHOWN + 1)
        diag_note(NO_RANGE, "... and %d more", all - NOTES_SHOWN);
    return *shown <= NOTES_SHOWN;
}

/* The nearest name that the network has no use for, or NULL. */
static const WeightTensor *nearest(const Match *m, Arena *arena,
                                   const char *name)
{
    int count = 0;
    const char **names = NEW_N(arena, const char *, m->file->tensors.count);

    for (int i = 0; i < m->file->tensors.count; i++)
        if (!m->used[i])
            names[count++] = m->file->tensors.at[i].name;
    name = name_nearest(name, names, count);
    return name ? weights_find(m->file, name) : NULL;
}

static void note_missing(const Match *m, Arena *arena)
{
    int shown = 0;

    for (int i = 0; i < m->count; i++) {
        const WeightWanted *w = &m->wanted[i];
        if (m->found[i] || w->optional || !note_fits(&shown, m->missing))
            continue;
        const char *bound = bound_name(m, w->name);
        const char *name = bound ? bound : w->name;
        const WeightTensor *near = nearest(m, arena, name);
        const char *shape = dims_text(arena, w->dim, w->rank);
        if (near)
            diag_note(NO_RANGE, "missing: '%s' %s; the file has '%s' %s", name,
                      shape, near->name,
                      dims_text(arena, near->dim, near->rank));
        else
            diag_note(NO_RANGE, "missing: '%s' %s", name, shape);
    }
}

static void note_misshapen(const Match *m, Arena *arena)
{
    int shown = 0;

    for (int i = 0; i < m->count; i++) {
        const WeightWanted *w = &m->wanted[i];
        const WeightTensor *t = m->found[i];
        if (t && !shape_fits(w, t) && note_fits(&shown, m->misshapen))
            diag_note(NO_RANGE,
                      "another shape: '%s' is %s in the file, %s is needed",
                      t->name, dims_text(arena, t->dim, t->rank),
                      dims_text(arena, w->dim, w->rank));
    }
}

static void note_left_over(const Match *m, Arena *arena)
{
    int shown = 0;

    for (int i = 0; i < m->file->tensors.count; i++) {
        const WeightTensor *t = &m->file->tensors.at[i];
        if (!m->used[i] && note_fits(&shown, m->left_over))
            diag_note(NO_RANGE, "left over: '%s' %s", t->name,
                      dims_text(arena, t->dim, t->rank));
    }
}

/* ---- a likely cause --------------------------------------------------------------------- */

/* Whether the tensor is what is wanted in the other layout: the file's
 * [h][w][in][out] for [out][in][h][w] (hwio), or the reverse. */
static bool fits_turned(const WeightWanted *w, const WeightTensor *t, bool hwio)
{
    int n = w->rank - 2;
    const int64_t *a = hwio ? w->dim : t->dim, *b = hwio ? t->dim : w->dim;

    if (w->rank != t->rank || n < 0 || a[0] != b[n + 1] || a[1] != b[n])
        return false;
    return memcmp(a + 2, b, (size_t)n * sizeof *a) == 0;
}

static void hint_layout(const Match *m)
{
    bool may_be[2] = { true, true };

    for (int i = 0; i < m->count; i++)
        if (m->found[i] && !shape_fits(&m->wanted[i], m->found[i]))
            for (int hwio = 0; hwio < 2; hwio++)
                may_be[hwio] = may_be[hwio] &&
                               fits_turned(&m->wanted[i], m->found[i], hwio);
    if (m->misshapen && may_be[1])
        diag_hint("'layout=hwio' would fit %s",
                  m->misshapen == 1 ? "this shape" : "all of these shapes");
    else if (m->misshapen && may_be[0])
        diag_hint("'layout=oihw' would fit %s",
                  m->misshapen == 1 ? "this shape" : "all of these shapes");
}

static void report(const Match *m, Range range)
{
    Arena *arena = arena_new();
    const char *what = summary(m, arena), *path = m->file->path;
    bool wrong = m->missing || m->misshapen;

    if (wrong && range.source)
        diag_error(range, "'%s' does not fit the network: %s", path, what);
    else if (wrong)
        diag_error_file(path, "does not fit the network: %s", what);
    else if (range.source)
        diag_warning(range, "'%s' has more than the network needs: %s", path,
                     what);
    else
        diag_warning_file(path, "has more than the network needs: %s", what);
    note_missing(m, arena);
    note_misshapen(m, arena);
    note_left_over(m, arena);
    hint_layout(m);
    arena_free(arena);
}

/* ---- binds -------------------------------------------------------------------------------- */

static void hint_nearest(const char *word, const char **names, int count)
{
    const char *near = name_nearest(word, names, count);

    if (near)
        diag_hint("did you mean '%s'?", near);
}

static bool check_bind(const Match *m, const WeightBind *bind, Arena *arena)
{
    int all = m->file->tensors.count, i = 0;
    const char **names;

    if (!weights_find(m->file, bind->from)) {
        names = NEW_N(arena, const char *, all);
        for (i = 0; i < all; i++)
            names[i] = m->file->tensors.at[i].name;
        diag_error(bind->range, "'%s' has no tensor '%s'", m->file->path,
                   bind->from);
        hint_nearest(bind->from, names, all);
        return false;
    }
    while (i < m->count && strcmp(m->wanted[i].name, bind->to) != 0)
        i++;
    if (i < m->count)
        return true;
    names = NEW_N(arena, const char *, m->count);
    for (i = 0; i < m->count; i++)
        names[i] = m->wanted[i].name;
    diag_error(bind->range, "the network has no parameter '%s'", bind->to);
    hint_nearest(bind->to, names, m->count);
    return false;
}

static bool check_binds(const Match *m)
{
    Arena *arena = arena_new();
    bool right = true;

    for (int i = 0; i < m->bind_count; i++)
        right = check_bind(m, &m->binds[i], arena) && right;
    arena_free(arena);
    return right;
}

bool weights_match(const WeightFile *file, const WeightWanted *wanted,
                   int count, const WeightBind *binds, int bind_count,
                   Range range, const WeightTensor **found)
{
    Match m = { .file = file,
                .wanted = wanted,
                .count = count,
                .binds = binds,
                .bind_count = bind_count,
                .found = found };
    size_t all = (size_t)file->tensors.count;

    if (!check_binds(&m))
        return false;
    m.used = memset(mem_alloc(all * sizeof *m.used), 0, all * sizeof *m.used);
    look(&m);
    if (m.missing || m.misshapen || m.left_over)
        report(&m, range);
    mem_free(m.used);
    return !m.missing && !m.misshapen;
}
