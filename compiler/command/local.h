/*
 * local.h - the steps that commands share.
 *
 *     net.cnn --load--> graph --build--> graph with a plan, program
 */
#ifndef CNNC_COMMAND_LOCAL_H
#define CNNC_COMMAND_LOCAL_H

#include "command/command.h"
#include "graph/graph.h"
#include "kernel/schedule.h"
#include "pass/pass.h"

#include <cnnc/io.h>

/* ---- reading and writing (load.c) ---------------------------------------------- */

/* The network of options->files.at[0]; NULL after diagnostics. */
Graph *load_network(Arena *arena, const CommandOptions *options);
/* The same as layers that people know: what was read of a model of ONNX is
 * cleaned of the scaffolding between the two orders of images. */
Graph *load_layers(Arena *arena, const CommandOptions *options);
/* Gives it the weights that the options or the file name. Where there are none:
 * an error if they are needed, else seeded ones. */
bool load_weights(Graph *graph, const CommandOptions *options, bool needed);
/* The file of weights that load_weights reads, or NULL. */
const char *load_weights_path(Arena *arena, const Graph *graph,
                              const CommandOptions *options);
/* Whether both are names of one file. */
bool path_same_file(const char *a, const char *b);
/* Through file_write; the text is freed. */
bool output_text(const char *path, Text *text);

/* ---- from a network to a program (build.c) --------------------------------------- */

typedef struct Build {
    Arena *arena;
    Graph *graph; /* its own copy, after all passes */
    Program *program;
    PassContext context; /* the remarks of the passes */
    Text nests, schedules, dump, time;
} Build;

/* The one target that the options name, or native; NULL after a diagnostic. */
const Target *build_target(const CommandOptions *options);
/* A target by name; NULL after a diagnostic. */
const Target *build_target_named(const char *name);
/* The graph stays as it is. False after diagnostics; build_free in any case. */
bool build_program(Build *build, const Graph *graph, const Target *target,
                   const CommandOptions *options);
void build_free(Build *build);
/* The layers that the root's kernel computes: "layer1.conv2, bn2, add1". */
const char *build_layers(Arena *arena, const Graph *graph, const Node *root);
/* The root of what the kernel computes; NULL: zeros around an image. */
const Node *build_root(const Build *build, const Kernel *kernel);

/* ---- programs of this machine (host.c) ------------------------------------------------ */

/* A folder for a moment, and the C compiler: the folder goes when the program
 * ends, however it ends. */
typedef struct Host {
    Arena *arena;
    const CommandOptions *options;
    const char *folder;
    TextList cc; /* the compiler's words */
    int pipe, janitor;
} Host;

/* How a program ended. */
typedef struct Outcome {
    bool timed_out;
    int signal; /* that ended it, or 0 */
    int status; /* where signal is 0 */
} Outcome;

/* Whether there is a C compiler at all; no diagnostics. */
bool host_has_cc(const CommandOptions *options);
/* False after a diagnostic; host_close in any case. */
bool host_open(Host *host, const CommandOptions *options);
void host_close(Host *host);
const char *host_path(const Host *host, const char *name);
/* A file of the folder; the text is freed. */
bool host_write(const Host *host, const char *name, Text *text);
/* Builds source to program, both of the folder; flags: NULL or words. */
bool host_build(Host *host, const char *program, const char *source,
                const char *const *flags);
/* Runs a program of the folder, there, with arguments up to a NULL. */
bool host_run(Host *host, const char *program, const char *const *arguments,
              Outcome *outcome);
/* "was ended by signal 11 (Segmentation fault)" */
const char *outcome_show(const Host *host, const Outcome *outcome);

/* ---- C around a network, to be run here (harness.c) ------------------------------------- */

/* net.c, as one file, with calls of CNNC_AFTER(step) where `traced`. */
void harness_network(Text *out, const Program *program, bool traced);
/* A program that reads inputs from the file argv[1] up to its end, sample by
 * sample, and writes the outputs to argv[2]. */
void harness_main(Text *out, const Program *program);
/* A program that measures, `rounds` times: see harness.c. */
void harness_bench(Text *out, const Program *program, int64_t rounds);
/* Its parts: arrays in_0, out_0, ... and workspace_of(); main() up to where
 * the FILEs `from` and `to` are open; a loop over the samples, left open; the
 * call of the network. */
void harness_arrays(Text *out, const Program *program);
void harness_begin(Text *out, const char *name);
/* Before each sample of the input. */
#define SAMPLE_BYTE 1
void harness_read(Text *out, const Program *program);
void harness_call(Text *out, const Program *program, const char *name);

/* ---- what computes a network (engine.c) ----------------------------------------------------- */

typedef struct Engine Engine;

/* By --engine, or else the one of that name; NULL after diagnostics. */
Engine *engine_open(const CommandOptions *options, const Graph *graph,
                    const char *fallback);
/* inputs[i] and outputs[i]: of each sample the port's elements, row-major, in
 * the port's type. False after diagnostics. */
bool engine_run(Engine *engine, int64_t samples, const void *const *inputs,
                void *const *outputs);
const char *engine_name(const Engine *engine); /* "the generated C (...)" */
void engine_close(Engine *engine);             /* NULL is fine */
/* Bytes of one sample of the tensor. */
size_t tensor_bytes(const Tensor *tensor);
void from_double(DType type, const double *in, int64_t count, void *out);
void to_double(DType type, const void *in, int64_t count, double *out);
/* Normal floats, whole numbers from 0 to 255 (or what the type holds). */
void random_values(const Tensor *tensor, Random *random, void *out);

/* ---- inputs from files (input.c) -------------------------------------------------------------- */

/* How images are fitted, as the options say; false after a diagnostic. */
bool input_fit(const CommandOptions *options, CnncFit *fit);
/* The value of the tensor from an image, an array, or an item of an IDX file
 * (images.idx:7); NULL after a diagnostic. */
void *input_read(Arena *arena, const Tensor *tensor, const char *path,
                 const CnncFit *fit);

/* ---- numbers for people (show.c) ---------------------------------------------------- */

/* Rows of cells; a column is as wide as its widest cell. */
typedef struct Table {
    Arena *arena;
    int columns;
    const char *align; /* a letter each: 'l' or 'r' */
    bool cut;          /* at a terminal's edge */
    VEC(const char *) cells;
} Table;

Table table_new(Arena *arena, const char *align);
void table_cell(Table *table, const char *format, ...) PRINTF_LIKE(2, 3);
void table_rule(Table *table); /* a line across, between rows */
void table_print(Text *out, const Table *table);
void table_free(Table *table);
/* "117,600" in the arena; "" for zero. */
const char *show_count(Arena *arena, int64_t count);
/* "4.59 KiB" */
const char *show_bytes(Arena *arena, int64_t bytes);
/* An input's or output's name, or its title as a message shows it. */
const char *show_port(const char *name, const char *title);

#endif
