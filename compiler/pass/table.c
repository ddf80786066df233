/*
 * table.c - the passes in order, and the driver that holds them to their
 * contracts.
 */
#include "pass/local.h"

#include <string.h>
#include <time.h>

/* ---- the tables ----------------------------------------------------------------- */

/* FACT_SHAPES | PORTS: the table writes FACT_ once. */
enum {
#define FACT(id, what) id = FACT_##id,
    FACTS(FACT)
#undef FACT
        NONE = FACT_NONE,
    ALL = FACT_ALL & ~FACT_PLAN
};

const Pass passes[] = {
#define PASS(name, needs, keeps, gives, optional, help)                        \
    { #name, pass_##name, needs, keeps, gives, optional, help },
#include "pass/passes.def"
};

const int pass_count = (int)COUNT_OF(passes);

typedef struct FactInfo {
    const char *what;
    void (*check)(const Graph *graph, const char *after);
} FactInfo;

static const FactInfo fact_info[FACT_COUNT] = {
    [FACT_NUMBER_SHAPES] = { "shapes", graph_verify },
    [FACT_NUMBER_PORTS] = { "ports", ports_check },
    [FACT_NUMBER_CLUSTERS] = { "clusters", clusters_check },
    [FACT_NUMBER_PLACES] = { "places", places_check },
    [FACT_NUMBER_SHARED] = { "shared", shared_check },
    [FACT_NUMBER_PLAN] = { "plan", plan_check },
};

static const char *const rule_names[RULE_COUNT] = {
#define RULE(name, ...) #name,
#include "pass/rules.def"
};

const Pass *pass_find(const char *name)
{
    for (int i = 0; i < pass_count; i++) {
        if (strcmp(passes[i].name, name) == 0)
            return &passes[i];
    }
    return NULL;
}

bool pass_may_skip(const char *name)
{
    const Pass *pass = pass_find(name);
    for (int i = 0; i < RULE_COUNT; i++) {
        if (strcmp(rule_names[i], name) == 0)
            return true;
    }
    return pass != NULL && pass->optional;
}

/* ---- the context -------------------------------------------------------------------- */

bool context_skips(const PassContext *context, const char *name)
{
    for (int i = 0; i < context->skip_count; i++) {
        if (strcmp(context->skip[i], name) == 0)
            return true;
    }
    return false;
}

void remark(PassContext *context, Graph *graph, const Node *node,
            const char *format, ...)
{
    Range range = node->origin ? node->origin->range : NO_RANGE;
    Text text = { 0 };
    va_list list;
    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    vec_push(&context->remarks,
             (Remark){ range, text_take(&text, graph->arena) });
}

void pass_context_free(PassContext *context)
{
    vec_free(&context->remarks);
}

/* ---- the driver ----------------------------------------------------------------------- */

static void check_facts(const Graph *graph, const char *after, int facts)
{
    graph_verify(graph, after);
    for (int i = 0; i < FACT_COUNT; i++) {
        if (facts & (1 << i))
            fact_info[i].check(graph, after);
    }
}

static void check_needs(const Pass *pass, int facts)
{
    for (int i = 0; i < FACT_COUNT; i++) {
        if ((pass->needs & (1 << i)) && !(facts & (1 << i)))
            BUG("the pass '%s' needs '%s', which does not hold", pass->name,
                fact_info[i].what);
    }
}

bool pass_run(const Pass *pass, Graph *graph, PassContext *context, int *facts)
{
    bool changed;
    check_needs(pass, *facts);
    changed = pass->run(graph, context);
    *facts = (*facts & pass->keeps) | pass->gives;
    check_facts(graph, pass->name, *facts);
    return changed;
}

static bool is_dumped(const PassOptions *options, const char *name)
{
    for (int i = 0; i < options->dump_count; i++) {
        if (strcmp(options->dump_after[i], name) == 0 ||
            strcmp(options->dump_after[i], "all") == 0)
            return true;
    }
    return false;
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

void pass_run_all(Graph *graph, PassContext *context,
                  const PassOptions *options)
{
    int facts = FACT_NONE;
    for (int i = 0; i < pass_count; i++) {
        const Pass *pass = &passes[i];
        bool changed;
        if (pass->optional && context_skips(context, pass->name))
            continue;
        double start = milliseconds();
        changed = pass_run(pass, graph, context, &facts);
        if (options->time != NULL)
            text_printf(options->time, "%9.3f ms  %s\n", milliseconds() - start,
                        pass->name);
        if (!is_dumped(options, pass->name))
            continue;
        text_printf(options->dump, "# after %s%s\n", pass->name,
                    changed ? "" : " (nothing changed)");
        graph_print(options->dump, graph);
    }
}
