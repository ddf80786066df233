/*
 * pass.h - from a graph to a better graph, and to a plan of its memory.
 *
 *     conv -> batchnorm -> relu -> maxpool      one kernel, rooted at maxpool;
 *     (16 channels, AVX-512)                    [c/16][h][w][16] at byte 3136
 *
 * passes.def lists the passes in order, with what each needs and keeps. After
 * each the graph is verified, and so is every fact that holds by then.
 */
#ifndef CNNC_PASS_H
#define CNNC_PASS_H

#include "graph/graph.h"
#include "target/target.h"

/* What later passes and the lowering may count on. FACT(constant, what) */
#define FACTS(FACT)                                                            \
    FACT(SHAPES, "every shape is known")                                       \
    FACT(PORTS, "an output is made by a node, and nothing else reads it")      \
    FACT(CLUSTERS, "fused nodes have one reader, the one they are fused into") \
    FACT(PLACES, "what is in memory has a kind of place and a layout")         \
    FACT(SHARED, "tensors within others are their bytes or a part of them")    \
    FACT(PLAN, "no live tensor is overwritten")

typedef enum FactNumber {
#define FACT(id, what) FACT_NUMBER_##id,
    FACTS(FACT)
#undef FACT
        FACT_COUNT
} FactNumber;

/* Sets of facts. */
enum {
    FACT_NONE = 0,
#define FACT(id, what) FACT_##id = 1 << FACT_NUMBER_##id,
    FACTS(FACT)
#undef FACT
        FACT_ALL = (1 << FACT_COUNT) - 1
};

/* Something worth knowing that is no mistake: `summary` shows it. */
typedef struct Remark {
    Range range;
    const char *text;
} Remark;

/* The rules of rules.def, by name. */
typedef enum RuleNumber {
#define RULE(name, ...) RULE_##name,
#include "pass/rules.def"
    RULE_COUNT
} RuleNumber;

typedef struct PassContext {
    const Target *target;
    const char *const *skip; /* names of optional passes and of rules */
    int skip_count;
    VEC(Remark) remarks; /* filled in; the texts are the graph's arena's */
    int rule_uses[RULE_COUNT];
    int64_t parameters, macs; /* of the network as it was written */
} PassContext;

typedef struct Pass {
    const char *name;
    bool (*run)(Graph *graph, PassContext *context); /* true: it changed */
    int needs, keeps, gives;                         /* sets of facts */
    bool optional;
    const char *help; /* one line */
} Pass;

extern const Pass passes[];
extern const int pass_count;
/* NULL where there is none of that name. */
const Pass *pass_find(const char *name);
/* Whether --skip may name it: an optional pass or a rule. */
bool pass_may_skip(const char *name);

typedef struct PassOptions {
    const char *const *dump_after; /* names of passes, or "all" */
    int dump_count;
    Text *dump; /* receives the graphs */
    Text *time; /* receives the milliseconds of each pass; or NULL */
} PassOptions;

/* All passes in order. BUG where a contract or a fact does not hold. */
void pass_run_all(Graph *graph, PassContext *context,
                  const PassOptions *options);
/* One pass, verified; the facts that hold before and after it. */
bool pass_run(const Pass *pass, Graph *graph, PassContext *context, int *facts);
void pass_context_free(PassContext *context);

/* BUG where a live tensor is overwritten or a kernel reads what was not
 * written: runs the plan element by element. */
void plan_check(const Graph *graph, const char *after);
/* Bytes of the arena that are live while a node's kernel runs; for reports. */
int64_t plan_live_bytes(const Graph *graph, const Node *node);

/* ---- clusters: what one kernel computes ----------------------------------- */

/* The node whose kernel computes this one. */
const Node *cluster_root(const Node *node);
/* The node's rows are computed as its reader uses them up: a nest of its own
 * in that kernel, and a ring of rows between the two. */
bool node_is_by_rows(const Node *node);
/* Whether the node needs no kernel: its output is its input's memory, or its
 * inputs are parts of its output's. */
bool node_is_free(const Node *node);

#endif
