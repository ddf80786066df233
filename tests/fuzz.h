/*
 * fuzz.h - what a fuzzer does with the graph that it got: all that follows,
 * where that takes no time.
 *
 *     if (graph && fuzz_is_small(graph))
 *         fuzz_compile(arena, graph, "fuzz.onnx");
 */
#ifndef CNNC_TESTS_FUZZ_H
#define CNNC_TESTS_FUZZ_H

#include "emit/emit.h"
#include "pipeline.h"

/* Bytes of any kind make large tensors more often than interesting ones. */
static inline bool fuzz_is_small(const Graph *graph)
{
    int64_t count = 0;
    for (int i = 0; i < graph->tensors.count; i++)
        count += shape_count(&graph->tensors.at[i]->shape);
    return graph->nodes.count <= 30 && count <= 20000;
}

/* Every parameter has data. It becomes C, or errors say why not. */
static inline void fuzz_compile(Arena *arena, Graph *graph, const char *origin)
{
    const EmitOptions emit = { .source_name = "fuzz.c" };
    Options how = { .target = target_find("x86-64-v3") };
    PassContext context = { 0 };
    Text text = { 0 };
    pipeline_optimise(graph, &how, &context);
    Program *program = pipeline_program(arena, graph, &how, &context);
    if (program) {
        program->origin = origin;
        program->target_note = "of the fuzzer";
        emit_c(&text, program, &emit);
        program_free(program);
    }
    REQUIRE((program != NULL) == (diag_error_count() == 0));
    pass_context_free(&context);
    text_free(&text);
}

#endif
