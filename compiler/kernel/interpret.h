/*
 * interpret.h - what the parts of the interpreter share.
 *
 * A kernel is compiled to a list of instructions, each a function and its
 * operands; values live in slots of up to 16 lanes.
 *
 *     acc fma= x[i], w[i]         slot 3 := load x[i]
 *                                 slot 4 := load w[i]
 *                                 slot 5 := load acc, address kept
 *                                 slot 5 := fma(slot 3, slot 4, slot 5)
 *                                 store slot 5 at the address kept
 *
 * Every byte of memory has a shadow: whether it was written. A scalar read of
 * what was not is a fault at once. A vector may read it, as it does where lanes
 * lie in slack: such lanes are poisoned, so is all that is computed from them,
 * and what they are stored to counts as not written.
 */
#ifndef CNNC_KERNEL_INTERPRET_H
#define CNNC_KERNEL_INTERPRET_H

#include "kernel/local.h"

#define LANES_MAX 16

typedef struct Slot {
    union { /* by the class of the element type */
        float f[LANES_MAX];
        double d[LANES_MAX];
        int64_t i[LANES_MAX];
    };
    uint32_t poison; /* a bit a lane */
} Slot;

typedef enum Class { CLASS_F32, CLASS_F64, CLASS_INT } Class;

Class class_of(DType type);

/* The memory of a buffer. */
typedef struct Memory {
    const Buffer *buffer;
    char *data;
    uint8_t *written; /* a byte each byte: 1 or 0 */
} Memory;

typedef struct Machine Machine;
typedef struct Code Code;
typedef void Run(Machine *m, const Code *c);

struct Code {
    Run *run;
    ExprKind kind; /* of SELECT */
    int lanes, active, apart;
    DType elem, from; /* of the result; of the operand */
    int out, arg[4];  /* slots */
    Access access;    /* loads and stores */
    const Memory *memory;
    const Stmt *loop;
    int jump; /* index of an instruction */
};

struct Machine {
    const Kernel *kernel;
    const Memory *memory; /* of its params and locals */
    int memory_count;
    VEC(Code) code;
    VEC(Slot) slots;
    int64_t *var, *end; /* by id of variable: its value, its loop's limit */
    int64_t at;         /* address of the last access, in elements */
    int pc;
};

/* interpret_ops.c */
Run *run_of(ExprKind kind, Type type);
Run run_load, run_even, run_third, run_fourth, run_store, run_store_apart,
    run_store_again, run_loop, run_next, run_index, run_stop, run_copy;

/* interpret_place.c: the address of an access of `span` elements, checked. */
int64_t place_address(Machine *m, const Code *c, int span);
NORETURN void machine_fault(Machine *m, const Code *c, const char *format, ...)
    PRINTF_LIKE(3, 4);
int64_t sum_value(const Machine *m, const Affine *sum);

/* interpret_code.c */
void machine_compile(Machine *m, const Kernel *kernel, const Memory *memory,
                     int memory_count);
void machine_run(Machine *m);
void machine_free(Machine *m);

/* interpret_maths.c: NULL where the kind is none of these. */
float (*maths_f32(ExprKind kind))(float);
double (*maths_f64(ExprKind kind))(double);
float (*maths2_f32(ExprKind kind))(float, float);
double (*maths2_f64(ExprKind kind))(double, double);

#endif
