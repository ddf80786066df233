/*
 * layout_copy.c - images that are laid out twice.
 *
 *     conv1 over pixels, of the caller's [h][w][c]:    a copy in planes, with
 *                                                      zeros around it
 *     the caller's [c][h][w], of conv2 over filters:   a copy of its pixels
 *
 * The caller's arrays are as they are; a kernel that would go through them
 * crosswise reads or writes a copy, and a small kernel does the turning.
 */
#include "pass/layout.h"

#include <string.h>

void layout_widen(int64_t to[4], const int64_t by[4])
{
    for (int i = 0; i < 4; i++) {
        if (to[i] < by[i])
            to[i] = by[i];
    }
}

/* Every other element of the last pixels is taken from whole vectors. */
int64_t layout_slack(const Layouter *l)
{
    return 2 * l->lanes;
}

/* ---- of what is read ------------------------------------------------------------- */

/* A copy in planes, with zeros around it, of an image that others lay out. */
static Tensor *planar_copy(const Layouter *l, const Node *conv,
                           const int64_t *halo)
{
    Graph *graph = l->graph;
    const char *path = arena_printf(graph->arena, "%s.planes", conv->path);
    Tensor *copy = build_copy(graph, path, conv->input[0], conv)->output[0];
    copy->place.kind = PLACE_ARENA;
    copy->place.block = 1;
    copy->place.slack = layout_slack(l);
    memcpy(copy->place.halo, halo, sizeof copy->place.halo);
    return copy;
}

static bool copy_what_is_read(Layouter *l, const Job *job, Tensor **copies)
{
    Node *conv = l->graph->nodes.at[job->heavy->id];
    int64_t halo[4];
    int id;
    if (job->work != WORK_CONV || !job->wants_copy)
        return false;
    id = conv->input[0]->id;
    window_halo(conv, halo);
    if (copies[id] == NULL)
        copies[id] = planar_copy(l, conv, halo);
    layout_widen(copies[id]->place.halo, halo);
    conv->input[0] = copies[id];
    return true;
}

/* ---- of what is written ------------------------------------------------------------ */

static void read_instead(Node *node, const Tensor *old, Tensor *instead)
{
    for (int i = 0; i < node->input_count; i++) {
        if (node->input[i] == old)
            node->input[i] = instead;
    }
}

/* The node behind `made` that turns it into planes, or joins it to others,
 * reads a copy; made itself is an image of the workspace, its channels in
 * blocks where they may be. */
static bool copy_what_is_written(Layouter *l, const Job *job, Node *const *only)
{
    Graph *graph = l->graph;
    Tensor *made = job->wrote, *copy;
    if (!job_writes_across(l, job))
        return false;
    copy =
        build_copy(graph, arena_printf(graph->arena, "%s.planes", made->name),
                   made, job->root)
            ->output[0];
    copy->place = made->place;
    read_instead(only[made->id], made, copy);
    made->place = (Place){ .kind = PLACE_ARENA,
                           .block = l->image[made->id].blocks ? l->lanes : 0 };
    return true;
}

bool layout_insert_copies(Layouter *l)
{
    Graph *graph = l->graph;
    Tensor **copies = arena_array(
        graph->arena, (size_t)graph->tensors.count + 1, sizeof *copies);
    Node **only = find_only_readers(graph);
    bool inserted = false;
    for (int j = l->jobs.count - 1; j >= 0; j--) {
        inserted |= copy_what_is_read(l, &l->jobs.at[j], copies);
        inserted |= copy_what_is_written(l, &l->jobs.at[j], only);
    }
    mem_free(only);
    if (inserted)
        graph_sort(graph);
    return inserted;
}
