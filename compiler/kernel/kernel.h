/*
 * kernel.h - the loop IR: how a network is computed.
 *
 *     kernel conv1(x: f32[28][28][1], w: const f32[5][5][1][6], ...)
 *     for oh in 0..28
 *         for ow in 0..28
 *             for oc in 0..6
 *                 acc = b[oc]
 *                 for kh in max(0, 2 - oh)..min(5, 30 - oh)
 *                     ...
 *                         acc += x[oh + kh - 2][ow + kw - 2][c] * w[kh][kw][c][oc]
 *                 y[oh][ow][oc] = max(0, acc)
 *
 * An operator says what it computes as such a nest, on logical indices; a
 * schedule, a list of rewrites, makes it fast without changing its result; C
 * is one printer of it. There is no `if`: what a boundary needs is in the
 * limits of the loops.
 *
 * Expressions, affine sums and accesses are immutable values in the kernel's
 * arena and may be shared; statements are changed in place by rewrites.
 */
#ifndef CNNC_KERNEL_H
#define CNNC_KERNEL_H

#include "base/base.h"
#include "base/dtype.h"
#include "target/target.h"

#define KERNEL_RANK 8 /* dimensions of a buffer */

typedef struct Kernel Kernel;
typedef struct Program Program;
typedef struct Buffer Buffer;
typedef struct Stmt Stmt;
typedef struct Expr Expr;

/* ---- loop variables and affine sums (affine.c) ----------------------------- */

/* A loop variable. Sibling loops may share one (a rewrite copied the loop);
 * nested loops never do. */
typedef struct Var {
    const char *name; /* "ow", and after a split "ow.o", "ow.i" */
    int id;           /* dense in its kernel */
} Var;

typedef struct AffineTerm {
    const Var *var;
    int64_t coef; /* never 0 */
} AffineTerm;

/* base + sum of coef * var; terms ascend by var->id. */
typedef struct Affine {
    int64_t base;
    int count;
    AffineTerm term[];
} Affine;

const Affine *affine_const(Kernel *kernel, int64_t value);
const Affine *affine_var(Kernel *kernel, const Var *var);
const Affine *affine_add(Kernel *kernel, const Affine *a, const Affine *b);
const Affine *affine_sub(Kernel *kernel, const Affine *a, const Affine *b);
const Affine *affine_scale(Kernel *kernel, const Affine *a, int64_t factor);
/* a + offset */
const Affine *affine_shift(Kernel *kernel, const Affine *a, int64_t offset);
const Affine *affine_substitute(Kernel *kernel, const Affine *a, const Var *var,
                                const Affine *by);
int64_t affine_coef(const Affine *a, const Var *var);  /* 0: not there */
bool affine_is_const(const Affine *a, int64_t *value); /* value may be NULL */
bool affine_equal(const Affine *a, const Affine *b);
/* Whether a and b differ by a constant alone: *offset = a - b. */
bool affine_apart(const Affine *a, const Affine *b, int64_t *offset);
void affine_print(Text *text, const Affine *a); /* "16*ow.o + ow.i - 1" */

/* ---- buffers ------------------------------------------------------------------ */

typedef enum BufferPlace {
    BUFFER_INPUT,  /* the caller's, read only */
    BUFFER_OUTPUT, /* the caller's, written */
    BUFFER_CONST,  /* weights: read only, part of the program */
    BUFFER_ARENA,  /* in the workspace, at offset bytes */
    BUFFER_LOCAL,  /* on the kernel's stack, bounded */
    BUFFER_REG     /* becomes named variables: addresses constant in the end */
} BufferPlace;

/* A logical dimension: indices 0..extent-1, and `before` and `after` more on
 * each side that may be touched (zeros of a halo, slack). */
typedef struct Dim {
    int64_t extent, before, after;
} Dim;

/* One summand of an address: (index[dim] / div % mod) * stride; mod 0: no
 * modulus. [c/16][h][w][16] has four: (c, 16, 0), (h), (w), (c, 1, 16). A ring
 * of 4 rows has (h, 1, 4). Halos make indices negative, so pieces with a div
 * or mod other than 1 and 0 need an index that is never negative. */
typedef struct Piece {
    int dim;
    int64_t div, mod, stride;
} Piece;

/* Elements. address(index) = offset + sum of pieces, within 0..size-1. */
typedef struct Layout {
    int count;
    Piece piece[KERNEL_RANK * 2];
    int64_t offset, size;
} Layout;

struct Buffer {
    const char *name; /* an identifier, unique in program and kernel */
    DType type;
    BufferPlace place;
    int rank;
    Dim dim[KERNEL_RANK];
    Layout layout;
    int64_t offset;   /* bytes into the workspace, or into `array` */
    Buffer *array;    /* of the caller: this buffer is that one's array, or a
                         part of it, in another shape and layout; NULL: one of
                         its own */
    const void *data; /* BUFFER_CONST: logical, row-major, of `type` */
    bool zeros;       /* many elements are 0: a relu made them (for the cost
                         model alone) */
    bool settled;     /* a final kernel reads it: its layout stays */
    const char *what; /* for a comment: "conv1.weight", or NULL */
};

/* Row-major over the dims (before/after included). */
Layout layout_plain(int rank, const Dim *dim);
/* The address of a logical position; REQUIREs it to be inside. */
int64_t layout_address(const Buffer *buffer, const int64_t *index);
/* Every position of the box maps into 0..size-1, and (for logical positions)
 * no two to the same address unless a piece has a ring's modulus. */
void layout_verify(const Buffer *buffer);
const char *layout_fault(const Buffer *buffer); /* what is wrong, or NULL */
/* Logical ones: the extents multiplied. */
int64_t buffer_elements(const Buffer *buffer);
/* Whether what is part of a caller's array lies inside of that. */
bool buffer_fits_array(const Buffer *buffer);
/* The physical array of a constant: layout.size elements, gaps zero. */
void *buffer_pack(Arena *arena, const Buffer *buffer);
bool layout_equal(const Layout *a, const Layout *b);
/* The address of each logical position is its number, row-major: no halo. */
bool layout_in_order(const Buffer *buffer);
bool piece_is_linear(const Piece *piece); /* div 1, no mod */
/* The next logical position, the last dimension fastest; false after the last,
 * with index all 0 again. */
bool position_next(const Buffer *buffer, int64_t *index);

/* ---- accesses ------------------------------------------------------------------- */

/*
 * A place in a buffer: logical indices, or (flat) one address in elements,
 * `address + (ring % modulus) * stride` with modulus 0 where there is no ring.
 * With lanes > 1 the access covers that many consecutive addresses.
 */
typedef struct Access {
    Buffer *buffer;
    bool flat;
    const Affine *index[KERNEL_RANK]; /* not flat */
    const Affine *address;            /* flat */
    const Affine *ring;
    int64_t modulus, stride;
} Access;

Access access_flat(Buffer *buffer, const Affine *address);
/* The flat form; false where a piece cannot be resolved yet (a blocked channel
 * index whose loop is not split). loops: those around, for the intervals. */
bool access_flatten(Kernel *kernel, const Access *access,
                    const Stmt *const *loops, int loop_count, Access *flat);

/* ---- values ------------------------------------------------------------------------ */

/* lanes 1 is a scalar; else 4, 8 or 16 as the target has them. */
typedef struct Type {
    DType elem;
    int lanes;
} Type;

/*
 * EXPR(constant, operands, text). Types are exact: operands of arithmetic have
 * one and the same type; conversions and splats are explicit.
 *   MIN, MAX   a < b ? a : b, and a > b ? a : b (so a NaN in b is passed on)
 *   FMA        a * b + c with one rounding where the target has it
 *   SELECT_LT  a < b ? c : d
 *   EVEN, THIRD, FOURTH   LOAD of every 2nd, 3rd, 4th element
 */
#define EXPRS(EXPR)                                                            \
    EXPR(CONST, 0, "const")                                                    \
    EXPR(LOAD, 0, "load")                                                      \
    EXPR(EVEN, 0, "even")                                                      \
    EXPR(THIRD, 0, "third")                                                    \
    EXPR(FOURTH, 0, "fourth")                                                  \
    EXPR(TEMP, 0, "temp")                                                      \
    EXPR(VAR, 0, "var")                                                        \
    EXPR(ADD, 2, "+")                                                          \
    EXPR(SUB, 2, "-")                                                          \
    EXPR(MUL, 2, "*")                                                          \
    EXPR(DIV, 2, "/")                                                          \
    EXPR(MIN, 2, "min")                                                        \
    EXPR(MAX, 2, "max")                                                        \
    EXPR(FMA, 3, "fma")                                                        \
    EXPR(NEG, 1, "neg")                                                        \
    EXPR(ABS, 1, "abs")                                                        \
    EXPR(SQRT, 1, "sqrt")                                                      \
    EXPR(FLOOR, 1, "floor")                                                    \
    EXPR(CEIL, 1, "ceil")                                                      \
    EXPR(ROUND, 1, "round_even")                                               \
    EXPR(EXP, 1, "exp")                                                        \
    EXPR(LOG, 1, "log")                                                        \
    EXPR(EXPM1, 1, "expm1")                                                    \
    EXPR(LOG1P, 1, "log1p")                                                    \
    EXPR(TANH, 1, "tanh")                                                      \
    EXPR(SIGMOID, 1, "sigmoid")                                                \
    EXPR(ERF, 1, "erf")                                                        \
    EXPR(SOFTPLUS, 1, "softplus")                                              \
    EXPR(SIN, 1, "sin")                                                        \
    EXPR(COS, 1, "cos")                                                        \
    EXPR(TAN, 1, "tan")                                                        \
    EXPR(ASIN, 1, "asin")                                                      \
    EXPR(ACOS, 1, "acos")                                                      \
    EXPR(ATAN, 1, "atan")                                                      \
    EXPR(SINH, 1, "sinh")                                                      \
    EXPR(COSH, 1, "cosh")                                                      \
    EXPR(ASINH, 1, "asinh")                                                    \
    EXPR(ACOSH, 1, "acosh")                                                    \
    EXPR(ATANH, 1, "atanh")                                                    \
    EXPR(POW, 2, "pow")                                                        \
    EXPR(FMOD, 2, "fmod")                                                      \
    EXPR(SELECT_LT, 4, "select_lt")                                            \
    EXPR(SELECT_LE, 4, "select_le")                                            \
    EXPR(SELECT_EQ, 4, "select_eq")                                            \
    EXPR(CONVERT, 1, "convert")                                                \
    EXPR(SPLAT, 1, "splat")                                                    \
    EXPR(SUM, 1, "sum")                                                        \
    EXPR(MAX_ACROSS, 1, "max_across")                                          \
    EXPR(MIN_ACROSS, 1, "min_across")

typedef enum ExprKind {
#define EXPR(id, operands, text) EXPR_##id,
    EXPRS(EXPR)
#undef EXPR
        EXPR_COUNT
} ExprKind;

int expr_operands(ExprKind kind);
const char *expr_name(ExprKind kind);

/* A value computed once and named: `let t = ...`, scoped by its block. */
typedef struct Temp {
    const char *name;
    int id;
    Type type;
} Temp;

struct Expr {
    ExprKind kind;
    Type type;
    union {
        double constant;     /* CONST: exact for every type we compute in; for a
                             vector type all lanes */
        Access access;       /* LOAD ... FOURTH */
        const Temp *temp;    /* TEMP */
        const Affine *index; /* VAR: an affine sum as an i32 scalar */
        const Expr *arg[4];
    };
    int active; /* LOAD of a vector: lanes read, the others are 0 */
};

const Expr *expr_const(Kernel *kernel, Type type, double value);
const Expr *expr_load(Kernel *kernel, Access access); /* scalar */
const Expr *expr_load_vector(Kernel *kernel, Access access, int lanes,
                             int active);
/* Every step-th element, 2..4. */
const Expr *expr_load_every(Kernel *kernel, Access access, int step, int lanes,
                            int active);
bool expr_is_load(const Expr *expr);
/* From one lane of a load to the next: 1..4. */
int expr_step(const Expr *load);
const Expr *expr_temp(Kernel *kernel, const Temp *temp);
const Expr *expr_index(Kernel *kernel, const Affine *index);
/* Arithmetic; types follow from the operands and are checked (BUG). */
const Expr *expr_1(Kernel *kernel, ExprKind kind, const Expr *a);
const Expr *expr_2(Kernel *kernel, ExprKind kind, const Expr *a, const Expr *b);
const Expr *expr_3(Kernel *kernel, ExprKind kind, const Expr *a, const Expr *b,
                   const Expr *c);
const Expr *expr_4(Kernel *kernel, ExprKind kind, const Expr *a, const Expr *b,
                   const Expr *c, const Expr *d);
const Expr *expr_convert(Kernel *kernel, DType to, const Expr *a);
const Expr *expr_splat(Kernel *kernel, int lanes, const Expr *a);
bool expr_equal(const Expr *a, const Expr *b); /* the same tree */
bool access_equal(const Access *a, const Access *b);
bool type_equal(Type a, Type b);
/*
 * Stores of N vectors whose lanes lie N elements apart, at N addresses in a row:
 * together they fill memory without gaps, as the planes of an image of N
 * channels do. How many statements there are from `first` on: N, or 0 where
 * they are not complete.
 */
int store_woven(const Stmt *first);
/* The same expression over other operands, or at another place. */
const Expr *expr_with(Kernel *kernel, const Expr *expr, const Expr *const *arg);
const Expr *expr_with_access(Kernel *kernel, const Expr *expr, Access access);

/* ---- statements ------------------------------------------------------------------------ */

typedef enum LoopMark {
    LOOP_SERIAL,
    LOOP_UNROLL,  /* written out by kernel_expand */
    LOOP_VECTOR,  /* becomes lanes by kernel_expand */
    LOOP_NONZERO, /* iterations whose loop_factor is 0 may be left out */
    LOOP_PARALLEL /* room for threads */
} LoopMark;

/* ceil(sum / div); div >= 1. */
typedef struct LimitTerm {
    const Affine *sum;
    int64_t div;
} LimitTerm;

#define LIMIT_TERMS 6

/* As a lower limit the maximum, as an upper (exclusive) limit the minimum. */
typedef struct Limit {
    int count;
    LimitTerm term[LIMIT_TERMS];
} Limit;

typedef enum AccumOp {
    ACCUM_ADD, /* place += value */
    ACCUM_MUL, /* place *= value */
    ACCUM_MIN, /* place = min(place, value) */
    ACCUM_MAX, /* place = max(place, value) */
    ACCUM_FMA  /* place = fma(value, by, place) */
} AccumOp;

typedef enum StmtKind {
    STMT_LOOP,
    STMT_STORE,
    STMT_ACCUM,
    STMT_LET,
    STMT_PREFETCH,
    STMT_BLOCK
} StmtKind;

/* A statement list is linked by next; NULL is the empty one. */
struct Stmt {
    StmtKind kind;
    Stmt *next;
    const char *comment; /* printed before it, or NULL */
    union {
        struct { /* STMT_LOOP: for var in lo..hi */
            const Var *var;
            Limit lo, hi;
            LoopMark mark;
            Stmt *body;
        } loop;
        struct { /* STMT_STORE: place = value; STMT_ACCUM: place op value */
            Access place;
            AccumOp op;
            const Expr *value, *by; /* by: ACCUM_FMA only */
            int lanes;              /* of the value's type */
            int active;             /* lanes that are written */
            int apart; /* STMT_STORE: lanes lie so many elements apart, as
                          pixels of that many channels do; 0: side by side */
        } store;
        struct { /* STMT_LET */
            const Temp *temp;
            const Expr *value;
        } let;
        Access prefetch; /* the line at this place, wherever in the buffer or
                            up to a few KB behind it; never faults */
        Stmt *block;     /* STMT_BLOCK: a scope of its own */
    };
};

/* ---- kernels and programs --------------------------------------------------------------- */

struct Kernel {
    Arena *arena;
    const char *name;     /* "conv1": becomes the function NET_conv1 */
    const char *comment;  /* lines for the head of the function */
    VEC(Buffer *) params; /* buffers of the program that it touches */
    VEC(Buffer *) locals; /* BUFFER_LOCAL and BUFFER_REG */
    VEC(Var *) vars;
    VEC(Temp *) temps;
    Stmt *body;
    int64_t macs;
    Stmt **cursor[64]; /* the builder: where the next statement goes */
    int depth;
};

typedef struct ProgramPort {
    Buffer *buffer;
    const char *name;  /* as the user gave it, any text */
    const char *title; /* what the manifest calls it; NULL: as name */
    int rank;
    int64_t dim[KERNEL_RANK];
    const char *const *classes; /* outputs; NULL: none */
    int class_count;
} ProgramPort;

/* A whole network: what emit/ prints. */
struct Program {
    Arena *arena;
    const char *name;   /* "lenet5" */
    const char *origin; /* "lenet5.cnn" */
    const Target *target;
    const char *target_note; /* for the head: how the target was chosen */
    VEC(ProgramPort) inputs;
    VEC(ProgramPort) outputs;
    VEC(Buffer *) buffers;        /* inputs, outputs, constants, arena */
    VEC(Kernel *) kernels;        /* in the order of execution */
    int64_t workspace, alignment; /* bytes */
    int64_t parameters, macs;
    int64_t batch; /* samples a call; arrays are that many times as long */
};

Program *program_new(Arena *arena, const char *name, const Target *target);
void program_free(Program *program); /* vectors only */
Buffer *program_buffer(Program *program, const char *name, DType type,
                       BufferPlace place, int rank, const int64_t *extent);

/*
 * Building: a cursor stands at the end of the innermost open loop.
 *
 *     const Var *i = kernel_for(k, "i", 0, 10);
 *         kernel_store(k, y, AT(k, i), value);
 *     kernel_end(k);
 */
Kernel *kernel_new(Arena *arena, const char *name);
void kernel_free(Kernel *kernel);                     /* vectors only */
Buffer *kernel_param(Kernel *kernel, Buffer *buffer); /* adds it once */
/* A local of the kernel; extents all 0-rank for a scalar. Its name is made
 * unique. */
Buffer *kernel_local(Kernel *kernel, const char *name, DType type,
                     BufferPlace place, int rank, const int64_t *extent);
/* Names of variables are unique in the kernel ("kh", "kh2"), whatever buffers
 * are called; locals and temporaries share one namespace with the params. */
const Var *kernel_var(Kernel *kernel, const char *name);
Temp *kernel_temp(Kernel *kernel, const char *name, Type type);
const Var *kernel_for(Kernel *kernel, const char *name, int64_t lo, int64_t hi);
/* Limits of several terms; NULL-terminated lists of affine sums. */
const Var *kernel_for_limits(Kernel *kernel, const char *name,
                             const Affine *const *lo, const Affine *const *hi);
/* Limits of any kind. */
const Var *kernel_for_within(Kernel *kernel, const char *name, Limit lo,
                             Limit hi);
Limit limit_of(const Affine *sum);
void limit_add(Limit *limit, const Affine *sum, int64_t div);
void kernel_end(Kernel *kernel);
Access access_at(Buffer *buffer, const Affine *const *index);
void kernel_store(Kernel *kernel, Access place, const Expr *value);
void kernel_accum(Kernel *kernel, AccumOp op, Access place, const Expr *value);
/* place += a * b with one rounding */
void kernel_fma(Kernel *kernel, Access place, const Expr *a, const Expr *b);
/* let name = value; gives the expression that reads it. */
const Expr *kernel_let(Kernel *kernel, const char *name, const Expr *value);
Stmt *stmt_new(Kernel *kernel, StmtKind kind);
Stmt **stmt_body(Stmt *stmt); /* of a loop or block; else NULL */
#define NONZERO_MOST 2048     /* iterations of a loop with that mark */
#define NONZERO_ROOM 16       /* more of its list that may be written */
/* Where all that a final loop from 0 to *count does is to add products to
 * registers: the element that is a factor of each, another one in each
 * iteration; NULL for any other loop. */
const Access *loop_factor(const Stmt *loop, int64_t *count);
Stmt *stmt_copy(Kernel *kernel, const Stmt *list); /* deep; vars shared */
/* In the whole list, var becomes the sum everywhere. */
void stmt_substitute(Kernel *kernel, Stmt *list, const Var *var,
                     const Affine *by);
const Expr *expr_substitute(Kernel *kernel, const Expr *expr, const Var *var,
                            const Affine *by);
Access access_substitute(Kernel *kernel, Access access, const Var *var,
                         const Affine *by);
Limit limit_substitute(Kernel *kernel, Limit limit, const Var *var,
                       const Affine *by);

/* ---- what can be done with a kernel ---------------------------------------------------------- */

/* BUG, with the kernel's text, where types, scopes or places are wrong.
 * `final`: also that only serial loops are left, every access is flat and
 * every REG access has a constant address and one width. */
void kernel_verify(const Kernel *kernel, const Target *target, bool final);
void kernel_print(Text *text, const Kernel *kernel);
void program_print(Text *text, const Program *program);
void stmts_print(Text *text, const Stmt *list, int level);
void expr_print(Text *text, const Expr *expr);
void access_print(Text *text, const Access *access);
void type_print(Text *text, Type type); /* "f32x16" */
/* Reads back what program_print wrote (constants' data excepted: their CRC is
 * kept as a comment; data is NULL); NULL after diagnostics. */
Program *program_read(Arena *arena, const Source *source);

/*
 * Runs every kernel in the element types, each access checked, uninitialised
 * reads found (BUG with the kernel's text and the place). inputs[i] and
 * outputs[i] are row-major arrays of the ports' types. True: as documented;
 * false never returns.
 */
void program_interpret(const Program *program, const void *const *inputs,
                       void *const *outputs);

/*
 * Intervals. loops are the ones around, outermost first. A bound is found by
 * replacing the innermost variable by each of its limits in turn and going on
 * outward; it is the best that some choice proves. False: no constant bound.
 */
bool affine_lower_bound(Kernel *kernel, const Affine *sum,
                        const Stmt *const *loops, int count, int64_t *bound);
bool affine_upper_bound(Kernel *kernel, const Affine *sum,
                        const Stmt *const *loops, int count, int64_t *bound);
/* Every access of every statement inside its buffer; BUG where not proved. */
void kernel_prove(Kernel *kernel);
/* Bytes of stack that the locals take (REG not counted). */
int64_t kernel_stack_bytes(const Kernel *kernel);

/* Rules, a line each, until nothing changes: constants folded, x * 1, max of
 * equal terms, redundant limit terms (by intervals), loops of one iteration
 * substituted, empty loops dropped, splat of a constant. */
bool kernel_simplify(Kernel *kernel);
const Expr *expr_simplify(Kernel *kernel, const Expr *expr);

/* ---- rewrites and schedules: see kernel/schedule.h ------------------------------------------ */

#endif
