/*
 * layout.c - how images lie in memory, so that vectors are full.
 *
 *     [h][w][c]            row-major: what callers give and get
 *     [c/16][h][w][16]     blocks of channels, a vector each
 *     [c][h][w]            planes, for layers of few channels: vectors run over
 *                          the pixels of a row; with a halo of zeros as wide as
 *                          the padding of the convolutions that read it
 *
 * Images that elementwise operators, pools and depthwise convolutions connect
 * share a layout and form a group. A convolution may run over pixels where its
 * input and its result are planar, and over filters in any case. Each group is
 * turned to planes and back as long as the sum of the kernels' costs falls.
 */
#include "pass/layout.h"

#include <string.h>

#define MOST_ROUNDS 8

/* ---- images and their groups ------------------------------------------------------ */

bool is_image(const Tensor *tensor)
{
    return tensor->shape.rank == 3 && tensor->kind != TENSOR_PARAMETER &&
           tensor->kind != TENSOR_CONSTANT && tensor->place.kind != PLACE_NONE;
}

int group_of(const Layouter *l, const Tensor *tensor)
{
    int id = tensor->id;
    while (l->image[id].group != id)
        id = l->image[id].group = l->image[l->image[id].group].group;
    return id;
}

bool is_planar(const Layouter *l, const Tensor *tensor)
{
    return tensor->shape.dim[2] == 1 || l->image[group_of(l, tensor)].planes;
}

static int64_t channels_of(const Tensor *image)
{
    return image->shape.dim[shape_height(&image->shape) + 2];
}

static int64_t pixels(const Tensor *tensor)
{
    return tensor->shape.dim[0] * tensor->shape.dim[1];
}

static void tie(Layouter *l, const Tensor *a, const Tensor *b)
{
    int g = group_of(l, a), h = group_of(l, b);
    if (l->image[a->id].fixed || l->image[b->id].fixed || g == h)
        return;
    l->image[h].group = g;
    l->image[g].blocks &= l->image[h].blocks;
    l->image[g].is_single &= l->image[h].is_single;
}

bool is_depthwise(const Node *node)
{
    const ConvAttrs *a = node_attrs(node, ConvAttrs);
    return node->op == OP_CONV && a->groups > 1 && a->groups == a->filters &&
           a->groups == channels_of(node->input[0]);
}

static Work work_of(const Node *node)
{
    switch ((int)node->op) {
    case OP_CONV: return is_depthwise(node) ? WORK_CHANNELS : WORK_CONV;
    case OP_WINOGRAD: return WORK_CONV;
    case OP_GLOBAL_AVGPOOL:
    case OP_GLOBAL_MAXPOOL:
        return node->input[0]->shape.rank == 3 ? WORK_REDUCTION : WORK_NONE;
    case OP_MAXPOOL:
    case OP_AVGPOOL:
    case OP_LPPOOL:
    case OP_PAD:
    case OP_SLICE:
    case OP_UPSAMPLE:
    case OP_WINOGRAD_INPUT: return WORK_CHANNELS;
    }
    return op_info[node->op].elementwise ? WORK_CHANNELS : WORK_NONE;
}

/* Reads its input in the order of the caller's arrays, and leaves such. */
static bool is_row_major(const Node *node)
{
    switch ((int)node->op) {
    case OP_FLATTEN:
    case OP_RESHAPE:
        return node->input[0]->shape.rank != 3 || pixels(node->input[0]) > 1;
    case OP_CONCAT: return node_attrs(node, ConcatAttrs)->axis != 2;
    }
    return work_of(node) == WORK_NONE;
}

static void fix(Layouter *l, const Tensor *tensor)
{
    l->image[tensor->id].fixed = true;
}

/* A group of channels is whole blocks, or a block is whole groups, as many of
 * them on the other side: channel g * 3 + c of group g would be in no block
 * that the loops could tell. */
static bool group_fits(const Layouter *l, int64_t size, int64_t other)
{
    return size % l->lanes == 0 ||
           (l->lanes % size == 0 && (size == other || other % l->lanes == 0));
}

static void spare_groups(Layouter *l, const Node *node)
{
    const ConvAttrs *a = node_attrs(node, ConvAttrs);
    int64_t in, out;
    if (node->op != OP_CONV || a->groups == 1)
        return;
    in = channels_of(node->input[0]) / a->groups;
    out = a->filters / a->groups;
    if (!group_fits(l, in, out))
        l->image[node->input[0]->id].blocks = false;
    if (group_fits(l, out, in))
        return;
    for (const Node *n = node; n != NULL; n = n->fused_into)
        l->image[n->output[0]->id].blocks = false;
}

/* Channels begin, step, ..., whole blocks of them. */
static bool slice_fits(const Layouter *l, const Node *node)
{
    const SliceAttrs *a = node_attrs(node, SliceAttrs);
    const int64_t in = node->input[0]->shape.dim[2];
    const int64_t out = node->output[0]->shape.dim[2];
    return (in == out || slice_axis(node) == 2) && a->step.at[2] == 1 &&
           a->begin.at[2] % l->lanes == 0 && out % l->lanes == 0;
}

/* Nor would a slice that begins within a block. */
static void spare_slices(Layouter *l, const Node *node)
{
    if (node->op == OP_SLICE && node->output[0]->shape.rank == 3 &&
        !slice_fits(l, node)) {
        l->image[node->input[0]->id].blocks = false;
        l->image[node->output[0]->id].blocks = false;
    }
    if (node->op != OP_CONCAT || node_attrs(node, ConcatAttrs)->axis != 2)
        return;
    for (int i = 0; i < node->data_count; i++)
        l->image[node->output[0]->id].blocks &=
            node->input[i]->shape.dim[2] % l->lanes == 0;
}

static void find_images(Layouter *l)
{
    const Graph *graph = l->graph;
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *t = graph->tensors.at[i];
        Image *image = &l->image[i];
        image->group = i;
        if (!is_image(t))
            continue;
        image->blocks = t->shape.dim[2] % l->lanes == 0;
        image->is_single = t->shape.dim[2] == 1;
        image->planes = place_is_view(&t->place) && t->place.block == 1;
        image->fixed = t->place.kind != PLACE_ARENA || t->type != DT_F32;
    }
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        spare_groups(l, node);
        spare_slices(l, node);
        if (node->op == OP_RESHAPE)
            fix(l, node->output[0]);
        if (!is_row_major(node))
            continue;
        for (int i = 0; i < node->data_count; i++)
            fix(l, node->input[i]);
        fix(l, node->output[0]);
    }
}

/* ---- kernels ------------------------------------------------------------------------ */

/* How much of a kernel's time a node of it takes. */
static int weight_of(const Node *node)
{
    if (node->op == OP_CONV || node->op == OP_WINOGRAD)
        return 3;
    return op_info[node->op].elementwise || node->op == OP_UPSAMPLE ? 1 : 2;
}

static void add_to_job(Job *job, const Node *node)
{
    if (job->heavy == NULL || weight_of(node) > weight_of(job->heavy))
        job->heavy = node;
    for (int i = 0; i < node->data_count; i++) {
        Tensor *x = node->input[i];
        bool is_spread = op_info[node->op].elementwise &&
                         !shape_equal(&x->shape, &node->output[0]->shape);
        if (is_image(x) && !is_spread)
            vec_push(&job->reads, x);
    }
}

/* Members come before their roots: jobs are made from the last node on. */
static void find_jobs(Layouter *l)
{
    const Graph *graph = l->graph;
    int *job_of = arena_array(graph->arena, (size_t)graph->nodes.count + 1,
                              sizeof *job_of);
    for (int n = graph->nodes.count - 1; n >= 0; n--) {
        const Node *node = graph->nodes.at[n];
        if (node->fused_into == NULL || node_is_by_rows(node)) {
            Job job = { .root = node };
            job.wrote = is_image(node->output[0]) ? node->output[0] : NULL;
            job_of[n] = l->jobs.count;
            vec_push(&l->jobs, job);
        } else {
            job_of[n] = job_of[node->fused_into->id];
        }
        add_to_job(&l->jobs.at[job_of[n]], node);
    }
    for (int i = 0; i < l->jobs.count; i++)
        l->jobs.at[i].work = work_of(l->jobs.at[i].heavy);
}

/* Operands of a sum, and what pools and the like read, lie as the result. */
static void tie_jobs(Layouter *l)
{
    for (int i = 0; i < l->jobs.count; i++) {
        const Job *job = &l->jobs.at[i];
        const bool concat = job->root->op == OP_CONCAT;
        if (job->wrote == NULL || (job->work == WORK_NONE && !concat))
            continue;
        for (int r = 0; r < job->reads.count; r++) {
            const Tensor *x = job->reads.at[r];
            if (job->work != WORK_CONV || x != job->heavy->input[0])
                tie(l, job->wrote, x);
        }
    }
}

/* ---- the search ------------------------------------------------------------------------ */

typedef struct Search {
    Layouter *l;
    int *start, *job; /* jobs of group g: job[start[g]..start[g + 1]-1] */
    int *seen, now;   /* by job: when its cost was last taken */
} Search;

static int touched(const Job *job, int i)
{
    return i < job->reads.count ? job->reads.at[i]->id : job->wrote->id;
}

static int touched_count(const Job *job)
{
    return job->reads.count + (job->wrote != NULL);
}

static int touched_group(const Search *s, const Job *job, int i)
{
    return group_of(s->l, s->l->graph->tensors.at[touched(job, i)]);
}

/* Counts the jobs of each group, makes the ends of their parts of the counts,
 * and fills the parts from their ends: what is left are the starts. */
static void index_jobs(Search *s)
{
    Layouter *l = s->l;
    Arena *arena = l->graph->arena;
    const int count = l->graph->tensors.count;
    s->start = arena_array(arena, (size_t)count + 1, sizeof *s->start);
    s->seen = arena_array(arena, (size_t)l->jobs.count + 1, sizeof *s->seen);
    for (int j = 0; j < l->jobs.count; j++) {
        for (int i = 0; i < touched_count(&l->jobs.at[j]); i++)
            s->start[touched_group(s, &l->jobs.at[j], i)]++;
    }
    for (int g = 1; g <= count; g++)
        s->start[g] += s->start[g - 1];
    s->job = arena_array(arena, (size_t)s->start[count] + 1, sizeof *s->job);
    for (int j = 0; j < l->jobs.count; j++) {
        for (int i = 0; i < touched_count(&l->jobs.at[j]); i++)
            s->job[--s->start[touched_group(s, &l->jobs.at[j], i)]] = j;
    }
}

static double cost_around(Search *s, const int *group, int count)
{
    double cost = 0;
    s->now++;
    for (int i = 0; i < count; i++) {
        int g = group[i];
        for (int k = s->start[g]; k < s->start[g + 1]; k++) {
            int j = s->job[k];
            if (s->seen[j] == s->now)
                continue;
            s->seen[j] = s->now;
            cost += job_cost(s->l, &s->l->jobs.at[j]);
        }
    }
    return cost;
}

/* Keeps the change where it pays. */
static bool try_planes(Search *s, const int *group, int count, bool planes)
{
    Image *image = s->l->image;
    bool old[2], changes = false;
    double before, after;
    for (int i = 0; i < count; i++) {
        old[i] = image[group[i]].planes;
        changes |= old[i] != planes;
        if (image[group[i]].fixed)
            return false;
    }
    if (!changes)
        return false;
    before = cost_around(s, group, count);
    for (int i = 0; i < count; i++)
        image[group[i]].planes = planes;
    after = cost_around(s, group, count);
    if (after < before * (1 - 1e-9))
        return true;
    for (int i = count - 1; i >= 0; i--)
        image[group[i]].planes = old[i];
    return false;
}

static bool search_round(Search *s)
{
    Layouter *l = s->l;
    bool better = false;
    for (int j = l->jobs.count - 1; j >= 0; j--) {
        const Job *job = &l->jobs.at[j];
        int both[2];
        if (job->work == WORK_CONV && job->wrote != NULL) {
            both[0] = group_of(l, job->heavy->input[0]);
            both[1] = group_of(l, job->wrote);
            better |= try_planes(s, both, 2, true);
            better |= try_planes(s, both, 2, false);
        }
        for (int i = 0; i < touched_count(job); i++) {
            int g = touched_group(s, job, i);
            better |= try_planes(s, &g, 1, !l->image[g].planes);
        }
    }
    return better;
}

static void search(Layouter *l)
{
    Search s = { .l = l };
    index_jobs(&s);
    for (int round = 0; round < MOST_ROUNDS && search_round(&s); round++)
        continue;
    for (int j = 0; j < l->jobs.count; j++) /* for what it wants copied */
        job_cost(l, &l->jobs.at[j]);
}

/* ---- places -------------------------------------------------------------------------------- */

void window_halo(const Node *node, int64_t halo[4])
{
    const Shape *in = &node->input[0]->shape, *out = &node->output[0]->shape;
    const int height = shape_height(in);
    Window w;
    memset(halo, 0, 4 * sizeof *halo);
    if (!window_of(node, &w))
        return;
    for (int i = 0; i < 2; i++) {
        int64_t last = (out->dim[height + i] - 1) * w.stride->at[i] -
                       w.pad->begin[i] + window_span(&w, i);
        int64_t over = last - in->dim[height + i];
        halo[i] = w.pad->begin[i];
        halo[i + 2] = over > 0 ? over : 0;
    }
}

static void set_layouts(Layouter *l, Place *places)
{
    for (int i = 0; i < l->graph->tensors.count; i++) {
        const Tensor *t = l->graph->tensors.at[i];
        const Image *group;
        if (!is_image(t) || l->image[i].fixed)
            continue;
        group = &l->image[group_of(l, t)];
        places[i].block = group->planes || group->is_single ? 1
                          : group->blocks                   ? l->lanes
                                                            : 0;
    }
}

static void set_halos(Layouter *l, Place *places)
{
    for (int j = 0; j < l->jobs.count; j++) {
        const Job *job = &l->jobs.at[j];
        int64_t halo[4];
        const Tensor *x = job->heavy->input[0];
        if (job->heavy->op != OP_CONV || !is_image(x) || l->image[x->id].fixed)
            continue;
        window_halo(job->heavy, halo);
        if (is_depthwise(job->heavy) ? is_planar(l, x)
                                     : job_runs_over_pixels(l, job, false))
            layout_widen(places[x->id].halo, halo);
    }
}

/* So do the parts that slices take of the channels. */
static void spread_over_slice(const Layouter *l, const Node *node,
                              Place *places)
{
    const Tensor *in = node->input[0], *out = node->output[0];
    if (node->op != OP_SLICE || slice_axis(node) != 2 || !is_image(in) ||
        !is_image(out) || l->image[in->id].fixed || l->image[out->id].fixed)
        return;
    layout_widen(places[in->id].halo, places[out->id].halo);
    layout_widen(places[out->id].halo, places[in->id].halo);
}

/* The parts of a concat lie within the whole: their halos are the same. */
static void spread_halos(const Layouter *l, Place *places)
{
    const Graph *graph = l->graph;
    for (int n = graph->nodes.count - 1; n >= 0; n--)
        spread_over_slice(l, graph->nodes.at[n], places);
    for (int n = 0; n < graph->nodes.count; n++)
        spread_over_slice(l, graph->nodes.at[n], places);
    for (int n = graph->nodes.count - 1; n >= 0; n--) {
        const Node *node = graph->nodes.at[n];
        const Place *whole = &places[node->output[0]->id];
        if (node->op != OP_CONCAT || node->output[0]->shape.rank != 3)
            continue;
        for (int i = 0; i < node->data_count; i++) {
            const Tensor *x = node->input[i];
            if (is_image(x) && !l->image[x->id].fixed)
                layout_widen(places[x->id].halo, whole->halo);
        }
    }
}

static void set_slacks(const Layouter *l, Place *places)
{
    for (int i = 0; i < l->graph->tensors.count; i++) {
        if (places[i].kind == PLACE_ARENA && places[i].block == 1)
            places[i].slack = layout_slack(l);
    }
}

/* ---- the pass ------------------------------------------------------------------------------------- */

static bool set_places(const Graph *graph, const Place *places, int count)
{
    bool changed = false;
    for (int i = 0; i < count; i++) {
        Place *p = &graph->tensors.at[i]->place;
        changed |= !layouts_equal(p, &places[i]);
        *p = places[i];
    }
    return changed;
}

bool pass_layout(Graph *graph, PassContext *context)
{
    Layouter l = { .graph = graph, .lanes = target_lanes(context->target) };
    const int count = graph->tensors.count;
    Place *places = NEW_N(graph->arena, Place, count + 1);
    bool changed;
    l.image = NEW_N(graph->arena, Image, count + 1);
    for (int i = 0; i < count; i++) {
        const Place *p = &graph->tensors.at[i]->place;
        places[i] =
            place_is_view(p) ? *p : (Place){ .kind = p->kind, .ring = p->ring };
    }
    if (l.lanes > 1) {
        find_images(&l);
        find_jobs(&l);
        tie_jobs(&l);
        search(&l);
        set_layouts(&l, places);
        set_halos(&l, places);
        spread_halos(&l, places);
        set_slacks(&l, places);
    }
    changed = set_places(graph, places, count);
    changed |= layout_insert_copies(&l);
    for (int j = 0; j < l.jobs.count; j++)
        vec_free(&l.jobs.at[j].reads);
    vec_free(&l.jobs);
    return changed;
}
