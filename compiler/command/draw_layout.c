/*
 * draw_layout.c - where the boxes go: a layered drawing.
 *
 *     ranks        the longest way from the top
 *     points       where an arrow passes ranks between its ends
 *     order        of a rank: by the mean place of the neighbours, to and fro,
 *                  keeping the order with the fewest crossings
 *     coordinates  as near to the neighbours as the order and the gaps allow
 *
 * Nothing here is random: the same network gives the same picture.
 */
#include "command/draw.h"

#include <stdlib.h>
#include <string.h>

#define LETTER      6.7 /* width of a letter of the text, at most */
#define BOLD        7.6
#define LINE        16.0
#define MARGIN      12.0 /* around the text of a box */
#define GAP         24.0 /* between boxes of a rank */
#define FALL        34.0 /* between ranks */
#define POINT       10.0
#define BORDER      24.0
#define SWEEPS      24
#define MANY_PIECES 4000 /* crossings are counted pair by pair */
#define PULLS       41   /* the first from above only: straight at once */

/* An arrow's piece between two ranks next to each other, in the lists of all
 * that leave a box and of all that reach one; -1 ends them. */
typedef struct Piece {
    int from, to;
    int next_from, next_to;
} Piece;

typedef struct Layout {
    Drawing *d;
    VEC(Piece) pieces;
    int **rank; /* boxes of each rank, from the left */
    int *count;
    double *key;                /* by box: what a rank is sorted by */
    int *first_from, *first_to; /* by box: a piece */
} Layout;

static Box *box_at(const Layout *l, int i)
{
    return &l->d->boxes.at[i];
}

/* ---- ranks and points --------------------------------------------------------------- */

static int letters(const char *text)
{
    int count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void size_boxes(Drawing *d)
{
    for (int i = 0; i < d->boxes.count; i++) {
        Box *box = &d->boxes.at[i];
        for (int k = 0; k < box->lines.count; k++) {
            double wide = letters(box->lines.at[k]) * (k ? LETTER : BOLD);
            box->width = wide > box->width ? wide : box->width;
        }
        box->width += 2 * MARGIN;
        box->height = box->lines.count * LINE + MARGIN;
    }
}

static void find_ranks(Drawing *d)
{
    /* A box comes after all that it reads, and so do its arrows. */
    for (int i = 0; i < d->arrows.count; i++) {
        const Arrow *arrow = &d->arrows.at[i];
        int below = d->boxes.at[arrow->from].rank + 1;
        REQUIRE(arrow->from < arrow->to &&
                (i == 0 || d->arrows.at[i - 1].to <= arrow->to));
        if (d->boxes.at[arrow->to].rank < below)
            d->boxes.at[arrow->to].rank = below;
    }
    for (int i = 0; i < d->boxes.count; i++)
        if (d->boxes.at[i].rank >= d->ranks)
            d->ranks = d->boxes.at[i].rank + 1;
}

static void add_points(Layout *l)
{
    Drawing *d = l->d;

    for (int i = 0; i < d->arrows.count; i++) {
        Arrow *arrow = &d->arrows.at[i];
        int at = arrow->from, last = box_at(l, arrow->to)->rank;
        for (int rank = box_at(l, at)->rank + 1; rank < last; rank++) {
            int point = d->boxes.count;
            vec_push(&d->boxes,
                     (Box){ .kind = BOX_POINT, .rank = rank, .width = POINT });
            vec_push(&arrow->by, point);
            vec_push(&l->pieces, (Piece){ .from = at, .to = point });
            at = point;
        }
        vec_push(&l->pieces, (Piece){ .from = at, .to = arrow->to });
    }
}

static void link_pieces(Layout *l)
{
    int all = l->d->boxes.count;

    l->first_from = NEW_N(l->d->arena, int, all);
    l->first_to = NEW_N(l->d->arena, int, all);
    for (int i = 0; i < all; i++)
        l->first_from[i] = l->first_to[i] = -1;
    for (int i = l->pieces.count - 1; i >= 0; i--) {
        Piece *p = &l->pieces.at[i];
        p->next_from = l->first_from[p->from];
        p->next_to = l->first_to[p->to];
        l->first_from[p->from] = l->first_to[p->to] = i;
    }
}

static void fill_ranks(Layout *l)
{
    Arena *arena = l->d->arena;
    int all = l->d->boxes.count;

    l->rank = NEW_N(arena, int *, l->d->ranks);
    l->count = NEW_N(arena, int, l->d->ranks);
    l->key = NEW_N(arena, double, all);
    for (int i = 0; i < all; i++)
        l->count[box_at(l, i)->rank]++;
    for (int r = 0; r < l->d->ranks; r++) {
        l->rank[r] = NEW_N(arena, int, l->count[r]);
        l->count[r] = 0;
    }
    for (int i = 0; i < all; i++) {
        Box *box = box_at(l, i);
        box->place = l->count[box->rank];
        l->rank[box->rank][l->count[box->rank]++] = i;
    }
}

/* ---- order ------------------------------------------------------------------------------- */

static int64_t count_crossings(const Layout *l)
{
    int64_t crossings = 0;

    for (int i = 0; i < l->pieces.count; i++) {
        const Box *a = box_at(l, l->pieces.at[i].from);
        const Box *b = box_at(l, l->pieces.at[i].to);
        for (int k = 0; k < i; k++) {
            const Box *c = box_at(l, l->pieces.at[k].from);
            const Box *e = box_at(l, l->pieces.at[k].to);
            if (a->rank == c->rank)
                crossings +=
                    (int64_t)(a->place - c->place) * (b->place - e->place) < 0;
        }
    }
    return crossings;
}

/* The mean place of the neighbours above or below; its own without any. */
static double mean_place(const Layout *l, int box, bool above)
{
    double sum = 0;
    int count = 0;

    for (int i = above ? l->first_to[box] : l->first_from[box]; i >= 0;) {
        const Piece *p = &l->pieces.at[i];
        sum += box_at(l, above ? p->from : p->to)->place;
        count++;
        i = above ? p->next_to : p->next_from;
    }
    return count ? sum / count : box_at(l, box)->place;
}

/* Stable: equal keys keep their order. */
static void sort_rank(Layout *l, int r)
{
    int *list = l->rank[r];

    for (int i = 1; i < l->count[r]; i++) {
        int box = list[i], at = i;
        for (; at > 0 && l->key[list[at - 1]] > l->key[box]; at--)
            list[at] = list[at - 1];
        list[at] = box;
    }
    for (int i = 0; i < l->count[r]; i++)
        box_at(l, list[i])->place = i;
}

static void sweep(Layout *l, bool down)
{
    for (int n = 0; n < l->d->ranks; n++) {
        int r = down ? n : l->d->ranks - 1 - n;
        for (int i = 0; i < l->count[r]; i++)
            l->key[l->rank[r][i]] = mean_place(l, l->rank[r][i], down);
        sort_rank(l, r);
    }
}

static void find_order(Layout *l)
{
    int all = l->d->boxes.count;
    int *best = NEW_N(l->d->arena, int, all);
    int64_t fewest = -1;

    int sweeps = l->pieces.count < MANY_PIECES ? SWEEPS : 1;

    for (int n = 0; n < sweeps && fewest != 0; n++) {
        if (n > 0)
            sweep(l, n % 2 == 1);
        int64_t crossings = count_crossings(l);
        if (fewest >= 0 && crossings >= fewest)
            continue;
        fewest = crossings;
        for (int i = 0; i < all; i++)
            best[i] = box_at(l, i)->place;
    }
    for (int i = 0; i < all; i++) {
        box_at(l, i)->place = best[i];
        l->rank[box_at(l, i)->rank][best[i]] = i;
    }
}

/* ---- coordinates ----------------------------------------------------------------------------- */

/* Long arrows shall be straight. */
static double pull_of(const Box *a, const Box *b)
{
    int points = (a->kind == BOX_POINT) + (b->kind == BOX_POINT);
    return points == 2 ? 24 : points == 1 ? 3 : 1;
}

/* Where the neighbours want the box, those above or all. */
static double wanted_x(const Layout *l, int box, bool all)
{
    const Box *self = box_at(l, box);
    double sum = 0, weight = 0;

    for (int i = l->first_to[box]; i >= 0; i = l->pieces.at[i].next_to) {
        const Box *other = box_at(l, l->pieces.at[i].from);
        sum += pull_of(self, other) * other->x;
        weight += pull_of(self, other);
    }
    for (int i = all ? l->first_from[box] : -1; i >= 0;
         i = l->pieces.at[i].next_from) {
        const Box *other = box_at(l, l->pieces.at[i].to);
        sum += pull_of(self, other) * other->x;
        weight += pull_of(self, other);
    }
    return weight > 0 ? sum / weight : self->x;
}

/* A run of boxes that touch each other: they move as one. */
typedef struct Run {
    double shift, weight;
    int first;
} Run;

/* As near as possible to what is wanted, in this order and with the gaps:
 * boxes that would overlap become a run at the mean of what they want. */
static void place_rank(Layout *l, int r, bool all, Run *run, double *offset)
{
    int count = l->count[r], runs = 0;

    for (int i = 0; i < count; i++) {
        const Box *box = box_at(l, l->rank[r][i]);
        const Box *left = i ? box_at(l, l->rank[r][i - 1]) : NULL;
        offset[i] =
            left ? offset[i - 1] + (left->width + box->width) / 2 + GAP : 0;
        run[runs++] =
            (Run){ wanted_x(l, l->rank[r][i], all) - offset[i], 1, i };
        while (runs > 1 && run[runs - 2].shift > run[runs - 1].shift) {
            Run *a = &run[runs - 2], *b = &run[runs - 1];
            a->shift = (a->shift * a->weight + b->shift * b->weight) /
                       (a->weight + b->weight);
            a->weight += b->weight;
            runs--;
        }
    }
    for (int i = 0, k = 0; i < count; i++) {
        while (k + 1 < runs && run[k + 1].first <= i)
            k++;
        box_at(l, l->rank[r][i])->x = run[k].shift + offset[i];
    }
}

static void find_x(Layout *l)
{
    int all = l->d->boxes.count;
    Run *run = NEW_N(l->d->arena, Run, all);
    double *offset = NEW_N(l->d->arena, double, all);
    double least = 0, most = 0;
    int pulls = l->pieces.count < MANY_PIECES ? PULLS : 9;

    for (int n = 0; n < pulls; n++)
        for (int r = 0; r < l->d->ranks; r++)
            place_rank(l, n % 2 ? l->d->ranks - 1 - r : r, n > 0, run, offset);
    for (int i = 0; i < all; i++) {
        const Box *box = box_at(l, i);
        double left = box->x - box->width / 2, right = left + box->width;
        least = i == 0 || left < least ? left : least;
        most = i == 0 || right > most ? right : most;
    }
    for (int i = 0; i < all; i++)
        box_at(l, i)->x += BORDER - least;
    l->d->width = most - least + 2 * BORDER;
}

static void find_y(Layout *l)
{
    double y = BORDER;

    for (int r = 0; r < l->d->ranks; r++) {
        double tall = 0;
        for (int i = 0; i < l->count[r]; i++) {
            const Box *box = box_at(l, l->rank[r][i]);
            tall = box->height > tall ? box->height : tall;
        }
        for (int i = 0; i < l->count[r]; i++) {
            Box *box = box_at(l, l->rank[r][i]);
            if (box->kind == BOX_POINT)
                box->height = tall;
            box->y = y + (tall - box->height) / 2;
        }
        y += tall + FALL;
    }
    l->d->height = y - FALL + BORDER;
}

void draw_layout(Drawing *drawing)
{
    Layout l = { .d = drawing };

    size_boxes(drawing);
    find_ranks(drawing);
    add_points(&l);
    link_pieces(&l);
    fill_ranks(&l);
    find_order(&l);
    find_x(&l);
    find_y(&l);
    vec_free(&l.pieces);
}

void draw_free(Drawing *drawing)
{
    for (int i = 0; i < drawing->boxes.count; i++)
        vec_free(&drawing->boxes.at[i].lines);
    for (int i = 0; i < drawing->arrows.count; i++)
        vec_free(&drawing->arrows.at[i].by);
    vec_free(&drawing->boxes);
    vec_free(&drawing->arrows);
}
