/*
 * layout_cost.c - what a kernel costs when its images lie this way or that.
 *
 * Vectors run over channels or over the pixels of a row; what counts is how
 * well they are filled: 6 filters fill 6/16 of a vector, rows of 28 pixels fill
 * 28/32 of two. What must be row-major, but has few channels, can be written by
 * kernels over pixels, too: they weave the channels as they store them. The
 * figures only choose between the two.
 */
#include "pass/layout.h"

/* Over pixels a kernel has halos to fill and rows to begin. */
#define PIXEL_MARGIN 1.05
/* Cycles an element where a kernel cannot use vectors, and where one layout
 * is written into another. */
#define SCALAR_CYCLES 1.0
#define MOVE_CYCLES   0.8
#define WEAVE_CYCLES  0.4
#define MOST_STRIDE   2 /* of pixels that one vector load can take apart */

/* The part of the vectors' lanes that do something. */
static double filled(int64_t count, int lanes)
{
    return (double)count / (double)(ceil_div(count, lanes) * lanes);
}

static double elements(const Tensor *tensor)
{
    return (double)shape_count(&tensor->shape);
}

static bool needs_halo(const Node *node)
{
    int64_t halo[4];
    window_halo(node, halo);
    return halo[0] > 0 || halo[1] > 0 || halo[2] > 0 || halo[3] > 0;
}

/* ---- convolutions ------------------------------------------------------------------- */

static int64_t pool_stride(const Node *node)
{
    Window w;
    return window_of(node, &w) ? w.stride->at[1] : 1;
}

/* Input pixels from one pixel of the job's result to the next. */
static int64_t pixel_stride(const Job *job)
{
    int64_t stride = node_attrs(job->heavy, ConvAttrs)->stride.at[1];
    for (const Node *n = job->heavy; n != job->root; n = n->fused_into) {
        if (!size_mul(stride, pool_stride(n->fused_into), &stride))
            return INT64_MAX;
    }
    return stride;
}

static double pixel_cost(const Layouter *l, const Job *job)
{
    double macs = (double)op_info[OP_CONV].macs(job->heavy);
    double use = filled(job->wrote->shape.dim[1], l->lanes);
    double cost = macs / (2 * l->lanes * use) * PIXEL_MARGIN;
    if (!is_planar(l, job->wrote))
        cost += elements(job->wrote) * WEAVE_CYCLES;
    return cost;
}

/* Into planes no vector of filters can be stored: one by one, or where they are
 * the caller's by way of a copy. */
static double filter_cost(const Layouter *l, const Job *job)
{
    const Node *node = job->heavy;
    const Shape *out = &node->output[0]->shape;
    const int64_t filters = out->dim[shape_height(out) + 2];
    const int64_t groups =
        node->op == OP_CONV ? node_attrs(node, ConvAttrs)->groups : 1;
    double macs = (double)op_info[node->op].macs(node);
    double cost = macs / (2 * l->lanes * filled(filters / groups, l->lanes));
    if (job->wrote == NULL || !is_planar(l, job->wrote) || filters == 1)
        return cost;
    return place_is_view(&job->wrote->place)
               ? cost + elements(job->wrote) * MOVE_CYCLES
               : macs * SCALAR_CYCLES;
}

/* Row-major in any case, and nothing else is read that would lie so, too. */
static bool is_woven(const Layouter *l, const Job *job)
{
    return l->image[job->wrote->id].fixed && job->wrote->place.pixel == 0 &&
           job->reads.count == 1 && job->wrote->type == DT_F32 &&
           target_weaves(job->wrote->shape.dim[2]);
}

static bool pixels_are_possible(const Layouter *l, const Job *job)
{
    return job->work == WORK_CONV && job->heavy->op == OP_CONV &&
           job->wrote != NULL &&
           node_attrs(job->heavy, ConvAttrs)->groups == 1 &&
           (is_planar(l, job->wrote) || is_woven(l, job)) &&
           pixel_stride(job) <= MOST_STRIDE;
}

/* The input is planar, and has or can have the zeros around it. */
static bool input_is_ready(const Layouter *l, const Job *job)
{
    const Tensor *x = job->heavy->input[0];
    return is_planar(l, x) &&
           (!needs_halo(job->heavy) || !l->image[x->id].fixed);
}

bool job_runs_over_pixels(const Layouter *l, const Job *job, bool copied)
{
    return pixels_are_possible(l, job) && (copied || input_is_ready(l, job)) &&
           pixel_cost(l, job) < filter_cost(l, job);
}

static double conv_cost(const Layouter *l, Job *job)
{
    const Tensor *x = job->heavy->input[0];
    double cost = filter_cost(l, job), other;
    job->wants_copy = false;
    if (!pixels_are_possible(l, job))
        return cost;
    other = pixel_cost(l, job);
    if (input_is_ready(l, job))
        return other < cost ? other : cost;
    other += elements(x) * (is_planar(l, x) ? 2.0 / l->lanes : MOVE_CYCLES);
    job->wants_copy = l->image[x->id].fixed && other < cost;
    return job->wants_copy ? other : cost;
}

/* ---- the others ---------------------------------------------------------------------- */

/* Elements that the kernel looks at. */
static double looks(const Job *job)
{
    const Node *node = job->heavy;
    double count = elements(node->output[0]);
    Window w;
    if (node->op == OP_CONV)
        return (double)op_info[OP_CONV].macs(node);
    if (window_of(node, &w))
        count *= (double)w.kernel->at[0] * (double)w.kernel->at[1];
    return count;
}

/* Only sums of products may read zeros instead of leaving out taps; and points
 * of tiles do not lie as their pixels do. */
static bool runs_over_rows(const Node *node)
{
    return node->op == OP_CONV ||
           (!needs_halo(node) && node->op != OP_WINOGRAD_INPUT);
}

static double channel_cost(const Layouter *l, const Job *job)
{
    const Tensor *out = job->heavy->output[0];
    bool planar = false, differ = false;
    int64_t extent;
    if (job->wrote == NULL || job->reads.count == 0)
        return 0;
    planar = is_planar(l, job->wrote);
    for (int i = 0; i < job->reads.count; i++)
        differ |= is_planar(l, job->reads.at[i]) != planar;
    if (differ && out->shape.dim[2] > 1)
        return looks(job) *
               (!planar && is_woven(l, job) ? WEAVE_CYCLES : MOVE_CYCLES);
    if (planar && !runs_over_rows(job->heavy))
        return looks(job) * SCALAR_CYCLES;
    extent = planar ? out->shape.dim[1] : out->shape.dim[2];
    return looks(job) / (l->lanes * filled(extent, l->lanes));
}

static double reduction_cost(const Layouter *l, const Job *job)
{
    const Tensor *x = job->heavy->input[0];
    if (is_planar(l, x))
        return elements(x) * SCALAR_CYCLES;
    return elements(x) / (l->lanes * filled(x->shape.dim[2], l->lanes));
}

double job_cost(const Layouter *l, Job *job)
{
    switch (job->work) {
    case WORK_NONE: return 0;
    case WORK_CONV: return conv_cost(l, job);
    case WORK_CHANNELS: return channel_cost(l, job);
    case WORK_REDUCTION: return reduction_cost(l, job);
    }
    BUG("no work %d", (int)job->work);
}

/* ---- planes of the caller ---------------------------------------------------------------- */

/* What only moves elements may as well move them to where they belong. */
static bool only_moves(const Node *node)
{
    switch ((int)node->op) {
    case OP_CONCAT:
    case OP_SLICE:
    case OP_TRANSPOSE:
    case OP_RESHAPE:
    case OP_FLATTEN: return true;
    }
    return false;
}

bool job_writes_across(const Layouter *l, const Job *job)
{
    const Tensor *y = job->wrote;
    bool across = false;
    if (y == NULL || !place_is_view(&y->place) || y->place.block != 1)
        return false;
    switch (job->work) {
    case WORK_NONE: return !only_moves(job->heavy);
    case WORK_CONV: return !job_runs_over_pixels(l, job, job->wants_copy);
    case WORK_REDUCTION: return false;
    case WORK_CHANNELS:
        for (int i = 0; i < job->reads.count; i++)
            across |= !is_planar(l, job->reads.at[i]);
        return across && looks(job) > 2 * elements(y);
    }
    BUG("no work %d", (int)job->work);
}
