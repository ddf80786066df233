/*
 * network.c - from a planned graph to a final program.
 *
 *     conv1 (fused into pool1)         nest of pool1
 *     relu1 (fused into pool1)    ->   with relu1's and conv1's      ->  C
 *     pool1                            inlined, then scheduled
 *
 * What is free (a reshape within the memory of its input) has no kernel.
 */
#include "op/lower_local.h"

#include "graph/place.h"

#include <string.h>

/* ---- which nodes need a kernel ---------------------------------------------------- */

static bool lies_within(const Tensor *tensor, const Tensor *outer)
{
    for (; tensor != NULL; tensor = tensor->place.within) {
        if (tensor == outer)
            return true;
    }
    return false;
}

/* The output is the input's memory, or every input is a slice of the
 * output's. */
static bool is_free(const Node *node)
{
    const Tensor *out = node->output[0];
    if (node->op == OP_FLATTEN || node->op == OP_RESHAPE ||
        node->op == OP_DROPOUT || node->op == OP_TRANSPOSE)
        return lies_within(out, node->input[0]) ||
               lies_within(node->input[0], out);
    if (node->op == OP_SLICE)
        return lies_within(out, node->input[0]);
    if (node->op != OP_CONCAT)
        return false;
    for (int i = 0; i < node->input_count; i++) {
        if (!lies_within(node->input[i], out))
            return false;
    }
    return true;
}

/* ---- comments ------------------------------------------------------------------------ */

/* The layer as the user wrote it, on one line. */
static void source_text(Text *text, const Node *node)
{
    const Origin *origin = node->origin;
    if (origin == NULL || origin->range.source == NULL ||
        node->op == OP_WINOGRAD_INPUT) { /* nobody wrote it */
        text_add(text, op_info[node->op].name);
        return;
    }
    Range r = origin->range;
    bool space = false;
    for (size_t i = r.start; i < r.end && i < r.start + 120; i++) {
        char c = r.source->text[i];
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            space = true;
            continue;
        }
        if (space)
            text_char(text, ' ');
        space = false;
        text_char(text, c);
    }
}

static void place_text(Text *text, const Node *node)
{
    const Origin *origin = node->origin;
    if (origin == NULL || origin->range.source == NULL)
        return;
    int line, column;
    source_position(origin->range.source, origin->range.start, &line, &column);
    /* Without the folder: the C is the same wherever its network lies. */
    const char *name = origin->range.source->name, *slash = strrchr(name, '/');
    text_printf(text, "   %s:%d", slash ? slash + 1 : name, line);
}

/* Why there are tiles in the loops. */
static void tiles_text(Text *text, const VecNodes *cluster)
{
    for (int i = 0; i < cluster->count; i++) {
        const Node *node = cluster->at[i];
        int64_t tile;
        if (node->op == OP_WINOGRAD_INPUT) {
            tile = node_attrs(node, WinogradInputAttrs)->tile;
            text_printf(text,
                        "\n%lld sums of the %lld pixels under %lld windows of "
                        "three (Winograd)",
                        (long long)tile + 2, (long long)tile + 2,
                        (long long)tile);
        } else if (node->op == OP_WINOGRAD) {
            tile = node_attrs(node, WinogradAttrs)->tile;
            text_printf(text,
                        "\n%lld pixels of a row at a time, from %lld sums of "
                        "products instead of %lld (Winograd)",
                        (long long)tile, (long long)tile + 2,
                        (long long)(3 * tile));
        }
    }
}

/* conv1 = conv(6, 5x5, pad=same) -> relu -> maxpool(2x2)   lenet5.cnn:8 */
static char *cluster_comment(Arena *arena, const VecNodes *cluster)
{
    Text text = { 0 };
    const Node *first = cluster->at[cluster->count - 1];
    const Node *root = cluster->at[0];
    text_printf(&text, "%s = ", first->path);
    for (int i = cluster->count - 1; i >= 0; i--) {
        source_text(&text, cluster->at[i]);
        if (i > 0)
            text_add(&text, " -> ");
    }
    place_text(&text, first);
    text_printf(&text, "\n%s %s -> %s %s", tensor_show(first->input[0]),
                shape_show(&first->input[0]->shape),
                tensor_show(root->output[0]),
                shape_show(&root->output[0]->shape));
    int64_t macs = 0;
    for (int i = 0; i < cluster->count; i++)
        macs += op_info[cluster->at[i]->op].macs(cluster->at[i]);
    if (macs > 0) {
        text_add(&text, ";  ");
        text_thousands(&text, macs);
        text_add(&text, " multiply-adds");
    }
    tiles_text(&text, cluster);
    return text_take(&text, arena);
}

/* ---- clusters ---------------------------------------------------------------------------- */

/* A node whose rows its reader uses up as they come: a nest of its own in the
 * reader's kernel. */
static bool is_by_rows(const Node *node)
{
    return node->fused_into != NULL && node->output[0]->place.ring > 0;
}

static const Node *root_of(const Node *node)
{
    while (node->fused_into != NULL && !is_by_rows(node))
        node = node->fused_into;
    return node;
}

/* The root, then what is fused into it, readers before producers. */
static VecNodes cluster_of(const Graph *graph, const Node *root)
{
    VecNodes cluster = { 0 };
    for (int i = graph->nodes.count - 1; i >= 0; i--) {
        if (root_of(graph->nodes.at[i]) == root)
            vec_push(&cluster, graph->nodes.at[i]);
    }
    return cluster;
}

static Kernel *lower_node(Lower *l, const Node *node)
{
    op_info[node->op].lower(l, node);
    Kernel *kernel = l->kernel;
    kernel_simplify(kernel);
    return kernel;
}

static Kernel *lower_cluster(Lower *l, const VecNodes *cluster)
{
    Text why = { 0 };
    Kernel *kernel = lower_node(l, cluster->at[0]);
    for (int i = 1; i < cluster->count; i++) {
        const Node *node = cluster->at[i];
        Kernel *producer = lower_node(l, node);
        Buffer *buffer = lower_buffer(l, node->output[0]);
        if (!rewrite_inline(kernel, producer, buffer, &why)) {
            if (!rewrite_append(producer, kernel, buffer, &why))
                BUG("'%s' cannot be fused: %s", node->path, text_get(&why));
            Kernel *reader = kernel;
            kernel = producer;
            producer = reader;
        }
        kernel_free(producer);
    }
    const Node *first = cluster->at[cluster->count - 1];
    kernel->name = name_to_c(l->program->arena, first->path);
    kernel->comment = cluster_comment(l->program->arena, cluster);
    text_free(&why);
    return kernel;
}

/* ---- halos --------------------------------------------------------------------------------- */

static void zero_box(Kernel *k, Buffer *b, const int64_t lo[2],
                     const int64_t hi[2])
{
    static const char *const names[] = { "h", "w", "c" };
    const Affine *index[4] = { NULL };
    if (lo[0] >= hi[0] || lo[1] >= hi[1])
        return;
    for (int d = 0; d < 3; d++)
        index[d] = affine_var(k, kernel_for(k, names[d], d < 2 ? lo[d] : 0,
                                            d < 2 ? hi[d] : b->dim[2].extent));
    kernel_store(k, access_at(b, index),
                 expr_const(k, (Type){ b->type, 1 }, 0));
    for (int d = 0; d < 3; d++)
        kernel_end(k);
}

/* `count` zeros that lie in a row from the address on. */
static void zero_run(Kernel *k, Buffer *b, const Affine *from, int64_t count)
{
    if (count <= 0)
        return;
    const Affine *i = affine_var(k, kernel_for(k, "i", 0, count));
    kernel_store(k, access_flat(b, affine_add(k, from, i)),
                 expr_const(k, (Type){ b->type, 1 }, 0));
    kernel_end(k);
}

/* Planes, of channels or of blocks of them: what is right of one row and left
 * of the next lies in a row. */
static void zero_planes(Kernel *k, Buffer *b, const Tensor *tensor)
{
    const int64_t *halo = tensor->place.halo;
    const Steps s = place_steps(&tensor->shape, &tensor->place);
    int64_t rows = tensor->shape.dim[0], columns = tensor->shape.dim[1];
    int64_t planes =
        place_channels(&tensor->shape, &tensor->place) / tensor->place.block;
    const Affine *plane =
        affine_scale(k, affine_var(k, kernel_for(k, "p", 0, planes)), s.c);
    zero_run(k, b, plane, s.offset);
    if (rows > 1) {
        const Affine *h = affine_var(k, kernel_for(k, "h", 0, rows - 1));
        const Affine *row = affine_add(k, plane, affine_scale(k, h, s.h));
        zero_run(k, b, affine_shift(k, row, s.offset + columns * s.w),
                 (halo[3] + halo[1]) * s.w);
        kernel_end(k);
    }
    zero_run(
        k, b,
        affine_shift(k, plane, s.offset + (rows - 1) * s.h + columns * s.w),
        halo[3] * s.w + halo[2] * s.h);
    kernel_end(k);
}

static void zero_boxes(Kernel *k, Buffer *b, const Tensor *tensor)
{
    const int64_t *halo = tensor->place.halo;
    int64_t rows = tensor->shape.dim[0], columns = tensor->shape.dim[1];
    int64_t left = -halo[1], right = columns + halo[3];
    zero_box(k, b, (int64_t[]){ -halo[0], left }, (int64_t[]){ 0, right });
    zero_box(k, b, (int64_t[]){ 0, left }, (int64_t[]){ rows, 0 });
    zero_box(k, b, (int64_t[]){ 0, columns }, (int64_t[]){ rows, right });
    zero_box(k, b, (int64_t[]){ rows, left },
             (int64_t[]){ rows + halo[2], right });
}

/* The zeros around an image, before its producer runs. */
static Kernel *lower_halo(Lower *l, const Tensor *tensor)
{
    const Place *p = &tensor->place;
    Arena *arena = l->program->arena;
    Kernel *k = kernel_new(
        arena,
        name_to_c(arena, arena_printf(arena, "%s_border", tensor->name)));
    Buffer *b = kernel_param(k, lower_buffer(l, tensor));
    if (p->block > 0 && p->pitch == 0 && p->ring == 0)
        zero_planes(k, b, tensor);
    else
        zero_boxes(k, b, tensor);
    k->comment = arena_printf(arena, "zeros around %s %s", tensor->name,
                              shape_show(&tensor->shape));
    return k;
}

static bool has_halo(const Tensor *tensor)
{
    const int64_t *halo = tensor->place.halo;
    return tensor->place.kind == PLACE_ARENA && tensor->shape.rank == 3 &&
           (halo[0] > 0 || halo[1] > 0 || halo[2] > 0 || halo[3] > 0);
}

/* ---- scheduling ------------------------------------------------------------------------------ */

static const Schedule *override_of(const LowerOptions *options,
                                   const char *name)
{
    for (int i = 0; options->overrides && i < options->overrides->count; i++) {
        if (strcmp(options->overrides->at[i].kernel, name) == 0)
            return &options->overrides->at[i];
    }
    return NULL;
}

static bool schedule_kernel(Kernel **kernel, bool rows,
                            const LowerOptions *options)
{
    Schedule chosen = { .kernel = (*kernel)->name };
    Text why = { 0 };
    const Schedule *schedule = override_of(options, (*kernel)->name);
    if (options->nests != NULL)
        kernel_print(options->nests, *kernel);
    if (schedule == NULL) {
        if (options->no_schedule)
            schedule_plain(*kernel, &chosen);
        else
            schedule_choose(*kernel, options->target, rows, &chosen);
        schedule = &chosen;
    }
    if (options->schedules != NULL)
        schedule_print(options->schedules, schedule);
    bool ok = schedule_apply(*kernel, schedule, options->target, &why);
    if (!ok && schedule == &chosen)
        BUG("the schedule chosen for '%s' fails: %s", (*kernel)->name,
            text_get(&why));
    if (!ok)
        diag_error_file(NULL, "the schedule of '%s' does not fit: %s",
                        (*kernel)->name, text_get(&why));
    schedule_free(&chosen);
    text_free(&why);
    return ok;
}

static void finish_kernel(Kernel *kernel, const Target *target)
{
    kernel_simplify(kernel);
    kernel_verify(kernel, target, true);
    kernel_prove(kernel);
}

/* Another final kernel's buffer of the same weights in the same order. */
static Buffer *twin_of(const Lower *l, const Buffer *b)
{
    for (int i = 0; i < l->program->buffers.count; i++) {
        Buffer *twin = l->program->buffers.at[i];
        if (twin != b && twin->settled && twin->what == b->what &&
            twin->place == BUFFER_CONST && twin->data == b->data &&
            layout_equal(&twin->layout, &b->layout))
            return twin;
    }
    return NULL;
}

/* From here on the kernel's weights keep their layout: a kernel to come gets a
 * buffer of its own for them, until it turns out to read them alike. */
static void settle_constants(Lower *l, Kernel *kernel)
{
    for (int i = 0; i < kernel->params.count; i++) {
        Buffer *b = kernel->params.at[i], *twin;
        if (b->place != BUFFER_CONST)
            continue;
        for (int t = 0; t < l->graph->tensors.count; t++) {
            if (l->buffer[t] == b)
                l->buffer[t] = NULL;
        }
        if ((twin = twin_of(l, b)) != NULL)
            kernel_replace_buffer(kernel, b, twin);
        else
            b->settled = true;
    }
}

static bool has_param(Kernel *const *part, int count, const Buffer *buffer)
{
    for (int i = 0; i < count; i++) {
        for (int p = 0; p < part[i]->params.count; p++) {
            if (part[i]->params.at[p] == buffer)
                return true;
        }
    }
    return false;
}

/* Part i of a kernel has buffers of its own for what the parts before it may
 * lay out as they like. */
static void own_constants(Lower *l, Kernel *const *parts, int i)
{
    Kernel *part = parts[i];
    part->name =
        arena_printf(l->program->arena, "%s_part%d", part->name, i + 1);
    for (int p = 0; p < part->params.count; p++) {
        Buffer *b = part->params.at[p], *own;
        int64_t extent[KERNEL_RANK];
        if (b->place != BUFFER_CONST || !has_param(parts, i, b))
            continue;
        for (int d = 0; d < b->rank; d++)
            extent[d] = b->dim[d].extent;
        own = program_buffer(l->program, b->name, b->type, b->place, b->rank,
                             extent);
        own->data = b->data;
        own->what = b->what;
        kernel_replace_buffer(part, b, own);
    }
}

/* Each nest of a kernel of several by itself: what they read lies as each of
 * them likes it. */
static bool schedule_parts(Lower *l, Kernel **kernel,
                           const LowerOptions *options)
{
    enum { MOST = 64 };
    Kernel *part[MOST];
    const int count = kernel_parts(*kernel, part, MOST);
    bool ok = true;
    if (count == 0)
        return schedule_kernel(kernel, false, options);
    for (int i = 1; i < count; i++)
        own_constants(l, part, i);
    for (int i = 0; i < count && ok; i++) {
        ok = schedule_kernel(&part[i], false, options);
        if (ok)
            settle_constants(l, part[i]);
        if (ok && i > 0)
            kernel_join(part[0], part[i]);
    }
    part[0]->macs = (*kernel)->macs;
    kernel_free(*kernel);
    *kernel = part[0];
    for (int i = 1; i < count; i++)
        kernel_free(part[i]);
    return ok;
}

static void add_kernel(Lower *l, Kernel *kernel, const LowerOptions *options)
{
    finish_kernel(kernel, options->target);
    settle_constants(l, kernel);
    vec_push(&l->program->kernels, kernel);
}

static bool add_halo(Lower *l, const Tensor *tensor,
                     const LowerOptions *options)
{
    Kernel *kernel = lower_halo(l, tensor);
    if (!schedule_kernel(&kernel, false, options)) {
        kernel_free(kernel);
        return false;
    }
    add_kernel(l, kernel, options);
    return true;
}

/* The node whose rows the root's kernel computes as it goes; or NULL. */
static const Node *rows_producer(const Graph *graph, const Node *root)
{
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (is_by_rows(node) && root_of(node->fused_into) == root)
            return node;
    }
    return NULL;
}

/* The producer's kernel and the reader's, scheduled by rows, become one. */
static bool join_rows(Lower *l, Kernel **reader, const Node *node,
                      const LowerOptions *options)
{
    Buffer *ring = lower_buffer(l, node->output[0]);
    VecNodes cluster = cluster_of(l->graph, node);
    Kernel *producer = lower_cluster(l, &cluster);
    int64_t step, low, high;
    Text why = { 0 };
    vec_free(&cluster);
    if (!kernel_rows_read(*reader, ring, &step, &low, &high))
        BUG("'%s' does not read '%s' by rows", (*reader)->name, ring->name);
    bool ok = schedule_kernel(&producer, true, options);
    for (int i = 0; ok && i < producer->params.count; i++)
        producer->params.at[i]->settled = true;
    if (!ok || !schedule_kernel(reader, true, options)) {
        kernel_free(producer);
        return false;
    }
    if (!rewrite_rows(*reader, producer, step, low, high, &why))
        BUG("'%s' cannot be computed by rows: %s", producer->name,
            text_get(&why));
    (*reader)->comment = arena_printf(l->program->arena, "%s\n%s",
                                      producer->comment, (*reader)->comment);
    kernel_free(producer);
    return true;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static void add_ports(Lower *l)
{
    const Graph *graph = l->graph;
    for (int i = 0; i < graph->inputs.count; i++) {
        const Tensor *t = graph->inputs.at[i];
        ProgramPort port = { .buffer = lower_buffer(l, t),
                             .name = t->name,
                             .title = t->title };
        port.rank = t->shape.rank;
        memcpy(port.dim, t->shape.dim, sizeof port.dim);
        vec_push(&l->program->inputs, port);
    }
    for (int i = 0; i < graph->outputs.count; i++) {
        const Output *o = &graph->outputs.at[i];
        ProgramPort port = { .buffer = lower_buffer(l, o->tensor),
                             .name = o->name,
                             .title = o->title,
                             .classes = o->classes,
                             .class_count = o->class_count };
        port.rank = o->tensor->shape.rank;
        memcpy(port.dim, o->tensor->shape.dim, sizeof port.dim);
        vec_push(&l->program->outputs, port);
    }
}

/* Only what some kernel or port still knows stays in the program. */
static void drop_unused_buffers(Program *program)
{
    int kept = 0;
    for (int i = 0; i < program->buffers.count; i++) {
        Buffer *b = program->buffers.at[i];
        bool used = b->place == BUFFER_INPUT || b->place == BUFFER_OUTPUT;
        for (int j = 0; !used && j < program->kernels.count; j++) {
            const Kernel *k = program->kernels.at[j];
            for (int p = 0; !used && p < k->params.count; p++)
                used = k->params.at[p] == b;
        }
        if (used)
            program->buffers.at[kept++] = b;
    }
    program->buffers.count = kept;
}

static bool lower_root(Lower *l, const Node *node, const LowerOptions *options)
{
    for (int i = 0; i < node->output_count; i++) {
        if (has_halo(node->output[i]) && !add_halo(l, node->output[i], options))
            return false;
    }
    VecNodes cluster = cluster_of(l->graph, node);
    Kernel *kernel = lower_cluster(l, &cluster);
    const Node *rows = rows_producer(l->graph, node);
    vec_free(&cluster);
    if (rows != NULL ? !join_rows(l, &kernel, rows, options)
                     : !schedule_parts(l, &kernel, options)) {
        kernel_free(kernel);
        return false;
    }
    add_kernel(l, kernel, options);
    return true;
}

Program *lower_network(Arena *arena, const Graph *graph,
                       const LowerOptions *options)
{
    Program *program = program_new(arena, graph->name, options->target);
    Lower l = { .program = program, .graph = graph };
    l.buffer = NEW_N(arena, Buffer *, graph->tensors.count);
    program->origin = graph->source ? graph->source->name : graph->name;
    program->workspace = graph->arena_bytes;
    program->alignment = options->target->align;
    program->parameters = graph_parameters(graph);
    program->macs = graph_macs(graph);
    program->batch = 1;
    add_ports(&l);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (node->fused_into == NULL && !is_free(node) &&
            !lower_root(&l, node, options)) {
            for (int k = 0; k < program->kernels.count; k++)
                kernel_free(program->kernels.at[k]);
            program_free(program);
            return NULL;
        }
    }
    drop_unused_buffers(program);
    return program;
}
