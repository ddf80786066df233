/*
 * check.c - `cnnc check`: every mistake, and nothing written.
 */
#include "command/local.h"

bool command_check(const CommandOptions *options)
{
    Arena *arena = arena_new();
    Graph *graph = load_network(arena, options);
    bool done = graph && load_weights(graph, options, false);

    if (done && options->verbose)
        fprintf(stderr, "%s: %s parameters, %s multiply-adds\n", graph->name,
                show_count(arena, graph_parameters(graph)),
                show_count(arena, graph_macs(graph)));
    if (graph)
        graph_free(graph);
    diag_flush();
    arena_free(arena);
    return done;
}
