/*
 * local.h - what the files of emit/ share and nobody else needs.
 */
#ifndef CNNC_EMIT_LOCAL_H
#define CNNC_EMIT_LOCAL_H

#include "emit/emit.h"

/* ---- lines of C (c_write.c) ------------------------------------------------- */

/* Owns the indentation; every line it prints is at most 80 columns wide, where
 * there is a place to break it. */
typedef struct Writer {
    Text *out;
    int indent; /* levels */
    Text line;  /* scratch of write_line */
} Writer;

void write_line(Writer *w, const char *format, ...) PRINTF_LIKE(2, 3);
void write_open(Writer *w, const char *format, ...) PRINTF_LIKE(2, 3);
void write_close(Writer *w); /* "}" */
void write_raw(Writer *w, const char *format, ...) PRINTF_LIKE(2, 3);
/* A comment of one or several lines; nothing in it can end it. */
void write_comment(Writer *w, const char *text);
/* The text with nothing in it that a comment must not hold; one line. */
void text_comment(Text *text, const char *words);
/* The inside of a string literal. */
void text_literal(Text *text, const void *bytes, size_t length);
/* The same for many bytes, by a table of every byte's characters: [1] is for
 * bytes in front of a digit. */
typedef struct Literal {
    char text[2][256][4];
    unsigned char length[2][256];
} Literal;
void literal_begin(Literal *literal);
void literal_add(const Literal *literal, Text *text, const void *data,
                 size_t length);
/* Literals above this many bytes are warned of by -Wpedantic. */
#define LITERAL_LONGEST 4095
void write_long_literals_begin(Writer *w);
void write_long_literals_end(Writer *w);

/* ---- identifiers (names.c) -------------------------------------------------- */

/* The names in scope, innermost last. */
typedef struct Names {
    VEC(const char *) name;
} Names;

/* `wanted`, or `wanted`2, 3, ... where that is taken; now taken itself. */
const char *names_add(Names *names, const char *wanted);
bool names_have(const Names *names, const char *name);
/* Forget the names added since there were `count`. */
void names_leave(Names *names, int count);
/* `text` in capitals, for macros. */
char *name_upper(Arena *arena, const char *text);

/* ---- a whole network (net.c) -------------------------------------------------- */

typedef struct Constant {
    const Buffer *buffer;
    const char *name; /* of the array at file level */
    int64_t count;    /* elements */
    int64_t bytes;
    int64_t offset; /* in the sidecar */
    bool literal;   /* a union over a string literal: NAME.value */
    size_t at;      /* of the literal: where its lines belong in the code */
} Constant;

typedef struct Port {
    const ProgramPort *port;
    const char *name;  /* of the parameter */
    const char *shape; /* in main() */
    const char *macro; /* LENET5_IMAGE_SIZE */
    const char *classes;
    int64_t count; /* elements of one sample */
} Port;

/* A kernel's function, and the buffers whose pointers it is given; those that
 * it does not touch are left out. */
typedef struct Call {
    const char *function;
    int count;
    Buffer **buffer;
} Call;

typedef struct Net {
    Arena *arena;
    const Program *program;
    const EmitOptions *options;
    const char *name, *upper;    /* lenet5, LENET5 */
    const char *run, *supported; /* lenet5_run, lenet5_supported */
    const char *guard, *workspace_size, *alignment; /* macros of the header */
    /* With a sidecar: functions, its bytes in the object, macros. */
    const char *run_with, *weights_check, *weights_data;
    const char *no_incbin, *incbin, *weights_size;
    const char *workspace, *weights; /* parameters */
    Names globals;
    int file_names; /* how many of them are not parameters */
    int input_count, output_count, constant_count;
    Port *inputs, *outputs;
    Constant *constants;
    Call *calls; /* of the kernels; the buffers once they are printed */
    int64_t weights_bytes, sidecar_bytes;
    bool sidecar;
} Net;

void net_begin(Net *net, Arena *arena, const Program *program,
               const EmitOptions *options);
void net_end(Net *net);
void net_leave_parameters(Net *net);
void net_name_parameters(Net *net);
const Constant *net_constant(const Net *net, const Buffer *buffer);
typedef enum NetCall { NET_RUN, NET_RUN_WITH, NET_STATIC } NetCall;
/* "void lenet5_run(const uint8_t *image, float *digit, void *workspace)" */
void net_prototype(const Net *net, Text *out, NetCall call);
/* "[28][28][1]" */
void text_shape(Text *out, const ProgramPort *port);
int64_t buffer_bytes(const Buffer *buffer);
/* The facts in one line: parameters and multiply-adds. */
void net_facts(const Net *net, Text *out);

/* ---- parts of net.c --------------------------------------------------------------- */

#define SIDECAR_HEAD  64
#define SIDECAR_ALIGN 64

/* c_weights.c: the constants as arrays; marks those in string literals, whose
 * lines are left out: they are most of a file, and tell nothing of the code. */
void weights_print(Net *net, Writer *w);
/* The code with these lines. */
void weights_splice(const Net *net, Text *out, const Text *code);
/* #error where bytes are in another order than the weights'. */
void weights_order_print(Writer *w);
/* c_sidecar.c: what net.c needs for it. */
void sidecar_print(Net *net, Writer *w);
/* The checksum that the file must have. */
uint32_t sidecar_checksum(const Net *net);
/* c_run.c: NET_run, NET_run_with and NET. */
void run_print(Net *net, Writer *w);
/* c_main.c: main(). */
void program_main_print(Net *net, Writer *w);
/* c_bundle.c: the runtime header's text, the parts that `code` uses. */
void bundle_print(Text *out, const Target *target, const char *code);

/* ---- one kernel ------------------------------------------------------------ */

/* A parameter of the function. */
typedef struct Param {
    Buffer *buffer;
    bool written, restricted;
    const char *name;
} Param;

/* A braced list of statements: the function's, a loop's, a block's. */
typedef struct Scope {
    const Stmt *owner; /* NULL: the function */
    int parent, level;
    int order; /* of the owner, among all statements */
} Scope;

/* x_row = x + 512 * (oh + kh - 1), declared where the last of its variables
 * is known. */
typedef struct Row {
    Buffer *buffer;
    int scope;
    const Affine *sum; /* base 0 */
    const Affine *ring;
    int64_t modulus, stride;
    int64_t base; /* added to the sum */
    int uses;
    bool leaf;  /* used in a loop without loops */
    bool named; /* else written out where it is used */
    const char *name;
    int loop_count; /* around the declaration */
    const Stmt *const *loops;
} Row;

/* kh_lo = oh < 1 ? 1 - oh : 0 */
typedef struct Bound {
    int scope;
    const Var *var;
    bool upper;
    const Limit *limit;
    const char *name;
} Bound;

/* An element of a REG buffer: a variable, declared before (or by) the
 * statement `first` of the smallest scope around all its uses. */
typedef struct Element {
    const Buffer *buffer;
    int64_t address;
    int lanes;
    bool live; /* something reads it */
    bool seen;
    int scope, order;
    const Stmt *first;
    int writes;
    bool starts; /* `first` sets it without reading it */
    const char *name;
} Element;

/* Iterations of a loop that leaves out zeros: as an array of C, `name`, of
 * which the first `end` are used. */
typedef struct List {
    const Buffer *buffer;
    const Affine *first; /* the element that iteration 0 multiplies by */
    int64_t count;
    const char *name, *end;
} List;

#define NEST_DEEPEST 64

/* What is known of one kernel: filled by c_plan.c, then printed by c_function.c. */
typedef struct Function {
    Arena *arena;
    Kernel *kernel;
    Writer *w;
    Names *names;
    VEC(Param) params;
    VEC(Scope) scopes;
    VEC(Row) rows;
    VEC(Bound) bounds;
    VEC(Element) elements;
    VEC(List) lists;  /* those that stand before all loops */
    int **element_at; /* [local][address]: index into elements */
    bool *temp_live;
    const char **temp_name, **var_name; /* by id */
    const char **local_name;            /* as in kernel->locals */
    bool *local_used;                   /* arrays that a live statement uses */
    int *var_scope;                     /* of the loop that binds it now */
    int64_t *reach;                     /* largest absolute value, by id */
    bool wide; /* an index may need more than 31 bits */
    /* Where the walk is. */
    const Stmt *loops[NEST_DEEPEST];
    bool leaf[NEST_DEEPEST]; /* the loop has no loop inside */
    int loop_count, scope, order;
    int next_scope; /* the printer's */
} Function;

/* Its parameters become those of the call. */
void kernel_function(Net *net, Writer *w, Kernel *kernel, Call *call);
/* Tables for the kernel; nothing is found out yet. */
void function_begin(Function *f, Arena *arena, Kernel *kernel);
void function_end(Function *f);

/* c_live.c: what has an effect; the rest is not printed. */
void live_find(Function *f);
bool live_stmt(const Function *f, const Stmt *stmt);
bool live_list(const Function *f, const Stmt *list);
bool live_has_loop(const Function *f, const Stmt *list);

/* c_plan.c */
void plan_function(Function *f);
/* The row that the access, at this place of the walk, belongs to; NULL: its
 * address has no variable but the innermost loop's. */
Row *plan_row(Function *f, const Access *access);
Element *plan_element(const Function *f, const Access *access);
Bound *plan_bound(Function *f, const Stmt *loop, bool upper);
/* Its number among the kernel's locals. */
int plan_local(const Function *f, const Buffer *buffer);
/* The name without the number that made it unique in its kernel: two loops
 * side by side may both be "kh". */
const char *plan_var_name(const Function *f, const Var *var);
const char *plan_temp_name(const Function *f, const Temp *temp);
const char *plan_local_name(const Function *f, const Buffer *buffer);
Param *plan_param(const Function *f, const Buffer *buffer);
void plan_enter(Function *f, const Stmt *loop, int scope);
void plan_leave(Function *f);

/* c_index.c: sums of loop variables as C. */
typedef enum Precedence {
    PREC_CONDITION, /* a ? b : c */
    PREC_SUM,
    PREC_PRODUCT,
    PREC_UNARY,
    PREC_PRIMARY
} Precedence;
Precedence index_sum(const Function *f, Text *out, const Affine *sum);
/* Adds " + 512 * oh - 3" to a pointer. */
void index_offset(const Function *f, Text *out, const Affine *sum);
/* A place as a pointer, or subscripted as an element. */
void index_pointer(Function *f, Text *out, const Access *access);
void index_element(Function *f, Text *out, const Access *access);
/* What a row's pointer is set to. */
void index_row(Function *f, Text *out, const Row *row);
/* A term of a limit, rounded up; positive: where it is used it is > 0. */
Precedence index_term(Function *f, Text *out, const LimitTerm *term,
                      bool positive);
/* Puts parentheses around what was printed from `start`, where needed. */
void text_enclose(Text *text, size_t start, Precedence have, Precedence want);

/* c_store.c: registers, and what is stored. */
/* The variable of a register's element, and its type. */
const char *element_name(Function *f, const Element *element);
const char *element_type(Function *f, const Element *element);
const char *value_string(Function *f, const Expr *expr, Precedence want);
/* A STORE or ACCUM, and those that are printed with it: the last of them. */
const Stmt *store_statement(Function *f, const Stmt *stmt);

/* c_value.c: expressions as C. */
Precedence value_text(Function *f, Text *out, const Expr *expr);
/* The type's name: "float", "f32x16". */
const char *value_type(Function *f, Type type);
/* A call's head: "f32x16_" or "f32_", then the name and "(". */
void value_call(Text *out, Type type, const char *name);

#endif
